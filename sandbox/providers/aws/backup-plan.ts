/** A backup plan's document, in Pulumi's words and in the service's. */
import type { BackupPlanInput, BackupRule, BackupRuleInput } from "@aws-sdk/client-backup";
import type { PlanArgs } from "@pulumi/aws/backup/plan.js";
import { need, type Plain } from "./helpers.ts";

export function toPlan({ name, rules }: Plain<PlanArgs>): BackupPlanInput {
  return {
    BackupPlanName: need(name, "the plan's name"),
    Rules: rules.map(
      (rule): BackupRuleInput => ({
        RuleName: rule.ruleName,
        TargetBackupVaultName: rule.targetVaultName,
        ScheduleExpression: rule.schedule,
        ScheduleExpressionTimezone: rule.scheduleExpressionTimezone,
        StartWindowMinutes: rule.startWindow,
        CompletionWindowMinutes: rule.completionWindow,
        EnableContinuousBackup: rule.enableContinuousBackup,
        RecoveryPointTags: rule.recoveryPointTags,
        Lifecycle: rule.lifecycle && { DeleteAfterDays: rule.lifecycle.deleteAfter },
        CopyActions: rule.copyActions?.map(({ destinationVaultArn, lifecycle }) => ({
          DestinationBackupVaultArn: destinationVaultArn,
          Lifecycle: lifecycle && { DeleteAfterDays: lifecycle.deleteAfter },
        })),
      }),
    ),
  };
}

export function fromRule(rule: BackupRule): object {
  return {
    ruleName: rule.RuleName,
    targetVaultName: rule.TargetBackupVaultName,
    schedule: rule.ScheduleExpression,
    scheduleExpressionTimezone: rule.ScheduleExpressionTimezone,
    startWindow: rule.StartWindowMinutes,
    completionWindow: rule.CompletionWindowMinutes,
    enableContinuousBackup: rule.EnableContinuousBackup,
    recoveryPointTags: rule.RecoveryPointTags,
    lifecycle: rule.Lifecycle && { deleteAfter: rule.Lifecycle.DeleteAfterDays },
    copyActions: rule.CopyActions?.map(({ DestinationBackupVaultArn, Lifecycle }) => ({
      destinationVaultArn: DestinationBackupVaultArn,
      lifecycle: Lifecycle && { deleteAfter: Lifecycle.DeleteAfterDays },
    })),
  };
}
