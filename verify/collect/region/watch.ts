/** Who watches a region, and what is kept of it: alarms, the trail of calls, backup plans. */
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
import type { AlarmFact, BackupPlanFact, TrailFact } from "../../facts-region.ts";
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
