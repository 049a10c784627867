/** The lag of the export as a measure that the region's alarms watch. */
import { CloudWatchClient, type CloudWatchClientConfig, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";

/** As components/alarms/metrics.ts and the exporter's role name it. */
const place = { Namespace: "Biplane/AuditExport", MetricName: "LagSeconds" } as const;

const patienceMs = 10_000;

export function lagMetric(credentials: NonNullable<CloudWatchClientConfig["credentials"]>, region: string) {
  const cloudwatch = new CloudWatchClient({ credentials });
  return async (lagMs: number): Promise<void> => {
    const { Namespace, MetricName } = place;
    const datum = { MetricName, Unit: "Seconds" as const, Value: lagMs / 1000 };
    const MetricData = [{ ...datum, Dimensions: [{ Name: "Region", Value: region }] }];
    await cloudwatch.send(new PutMetricDataCommand({ Namespace, MetricData }), {
      abortSignal: AbortSignal.timeout(patienceMs),
    });
  };
}
