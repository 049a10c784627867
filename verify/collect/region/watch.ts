/** Who watches a region, what is kept of it, and what happens by itself: alarms, the trail of calls, backup plans, schedules. */
import {
  BackupClient,
  type BackupRule,
  GetBackupPlanCommand,
  GetBackupSelectionCommand,
  paginateListBackupPlans,
  paginateListBackupSelections,
} from "@aws-sdk/client-backup";
import { CloudTrailClient, DescribeTrailsCommand, GetTrailStatusCommand } from "@aws-sdk/client-cloudtrail";
import { CloudWatchClient, paginateDescribeAlarms } from "@aws-sdk/client-cloudwatch";
import { GetScheduleCommand, paginateListSchedules, SchedulerClient } from "@aws-sdk/client-scheduler";
import type { AlarmFact, BackupPlanFact, ScheduleFact, TrailFact } from "../../facts-region.ts";
import type { clientConfig } from "../aws-clients.ts";

type Config = ReturnType<typeof clientConfig>;

export async function readAlarms(config: Config): Promise<AlarmFact[]> {
  const client = new CloudWatchClient(config);
  const found: AlarmFact[] = [];
  for await (const page of paginateDescribeAlarms({ client }, { AlarmTypes: ["MetricAlarm"] })) {
    for (const alarm of page.MetricAlarms ?? []) {
      found.push({
        name: alarm.AlarmName ?? "",
        namespace: alarm.Namespace ?? "",
        metric: alarm.MetricName ?? "",
        dimensions: Object.fromEntries((alarm.Dimensions ?? []).map(({ Name = "", Value = "" }) => [Name, Value])),
        enabled: alarm.ActionsEnabled === true,
        actions: alarm.AlarmActions ?? [],
      });
    }
  }
  return found;
}

/** All trails that record this region, also one that another region made. The answer has one page. */
export async function readTrails(config: Config): Promise<TrailFact[]> {
  const client = new CloudTrailClient(config);
  const { trailList = [] } = await client.send(new DescribeTrailsCommand({ includeShadowTrails: true }));
  return Promise.all(
    trailList.map(async (trail) => {
      const arn = trail.TrailARN ?? "";
      const status = await client.send(new GetTrailStatusCommand({ Name: arn }));
      return {
        arn,
        logging: status.IsLogging === true,
        allRegions: trail.IsMultiRegionTrail === true,
        validated: trail.LogFileValidationEnabled === true,
        ...(trail.KmsKeyId ? { keyArn: trail.KmsKeyId } : {}),
        ...(trail.CloudWatchLogsLogGroupArn ? { logGroup: trail.CloudWatchLogsLogGroupArn } : {}),
      };
    }),
  );
}

export async function readBackupPlans(config: Config): Promise<BackupPlanFact[]> {
  const client = new BackupClient(config);
  const ids: string[] = [];
  for await (const page of paginateListBackupPlans({ client }, {}))
    ids.push(...(page.BackupPlansList ?? []).map(({ BackupPlanId = "" }) => BackupPlanId));
  return Promise.all(ids.map((id) => readPlan(client, id)));
}

async function readPlan(client: BackupClient, BackupPlanId: string): Promise<BackupPlanFact> {
  const { BackupPlan: plan } = await client.send(new GetBackupPlanCommand({ BackupPlanId }));
  const resources: string[] = [];
  for await (const page of paginateListBackupSelections({ client }, { BackupPlanId })) {
    for (const { SelectionId } of page.BackupSelectionsList ?? []) {
      const { BackupSelection } = await client.send(new GetBackupSelectionCommand({ BackupPlanId, SelectionId }));
      resources.push(...(BackupSelection?.Resources ?? []));
    }
  }
  return { name: plan?.BackupPlanName ?? "", rules: (plan?.Rules ?? []).map(describeRule), resources };
}

function describeRule(rule: BackupRule): BackupPlanFact["rules"][number] {
  const { RuleName, TargetBackupVaultName, ScheduleExpression, Lifecycle, CopyActions = [] } = rule;
  return {
    name: RuleName ?? "",
    vault: TargetBackupVaultName ?? "",
    schedule: ScheduleExpression ?? "",
    ...(Lifecycle?.DeleteAfterDays ? { deleteAfterDays: Lifecycle.DeleteAfterDays } : {}),
    copies: CopyActions.map(({ DestinationBackupVaultArn }) => DestinationBackupVaultArn ?? ""),
  };
}

/** Of every group of schedules. What a schedule asks for is told of each by itself only. */
export async function readSchedules(config: Config): Promise<ScheduleFact[]> {
  const client = new SchedulerClient(config);
  const found: { Name: string; GroupName: string }[] = [];
  for await (const page of paginateListSchedules({ client }, {}))
    found.push(...(page.Schedules ?? []).map(({ Name = "", GroupName = "default" }) => ({ Name, GroupName })));
  return Promise.all(
    found.map(async (which) => {
      const held = await client.send(new GetScheduleCommand(which));
      return {
        arn: held.Arn ?? "",
        expression: held.ScheduleExpression ?? "",
        enabled: held.State === "ENABLED",
        ...(held.EndDate ? { until: held.EndDate.toISOString() } : {}),
        target: held.Target?.Arn ?? "",
        roleArn: held.Target?.RoleArn ?? "",
        input: held.Target?.Input ?? "",
      };
    }),
  );
}
