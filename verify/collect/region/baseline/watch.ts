import { CloudWatchLogsClient, paginateDescribeMetricFilters } from "@aws-sdk/client-cloudwatch-logs";
import { paginateListSubscriptions, SNSClient } from "@aws-sdk/client-sns";
import type { BaselineFacts, LogFilterFact } from "../../../facts-baseline.ts";
import type { clientConfig } from "../../aws-clients.ts";

type Config = ReturnType<typeof clientConfig>;

/** Of every log group of the region. */
export async function readLogFilters(config: Config): Promise<BaselineFacts["regionLogFilters"]> {
  const client = new CloudWatchLogsClient(config);
  const filters: LogFilterFact[] = [];
  for await (const page of paginateDescribeMetricFilters({ client }, {})) {
    for (const { filterName, logGroupName, filterPattern, metricTransformations = [] } of page.metricFilters ?? []) {
      filters.push({
        ...{ name: filterName ?? "", group: logGroupName ?? "", pattern: filterPattern ?? "" },
        metrics: metricTransformations.map(({ metricNamespace: namespace = "", metricName: name = "" }) => ({
          namespace,
          name,
        })),
      });
    }
  }
  return { region: config.region, filters };
}

/** Who has not said yes yet has no ARN, and is told nothing. */
export async function readSubscribed(config: Config): Promise<BaselineFacts["regionSubscribed"]> {
  const client = new SNSClient(config);
  const topics = new Set<string>();
  for await (const page of paginateListSubscriptions({ client }, {})) {
    for (const { TopicArn, SubscriptionArn } of page.Subscriptions ?? [])
      if (TopicArn && SubscriptionArn?.startsWith("arn:")) topics.add(TopicArn);
  }
  return { topics: [...topics] };
}
