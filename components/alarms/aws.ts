import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../ownership/tags.ts";
import { type CallAlarms, callAlarms, type EventAlarm, keyEvents, type LogAlarm } from "./events.ts";
import type { MetricAlarm } from "./metrics.ts";
import { checkSubscribers, type Subscriber } from "./subscribers.ts";
import { createTopic } from "./topic.ts";

export interface AlarmsArgs {
  account: pulumi.Input<string>;
  /** Who is told. @default nobody: the alarms are seen in the console only */
  subscribers?: Subscriber[];
  /** From `databaseAlarms`, `targetAlarm` and `natAlarm`. */
  metrics: MetricAlarm[];
  /** The audit's log group, in which calls are found. */
  auditLogGroup: pulumi.Input<string>;
  /** Of which calls is told. @default benchmark */
  calls?: CallAlarms;
  dataProtection: boolean;
  tags: Tags;
}

/** Where the counters over the audit's log group are kept. */
const auditMetrics = "Biplane/Audit";

/**
 * Who watches the plane: measures that leave their bounds, keys that are taken away, the root user, the recording itself,
 * and changes of what the account's safety rests on. Proved by cp-continuous-monitoring and n-audit-cloud-trails.
 */
export class Alarms extends pulumi.ComponentResource {
  readonly topicArn: pulumi.Output<string>;

  constructor(name: string, args: AlarmsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:alarms:Alarms", name, {}, opts);
    const { account, metrics, auditLogGroup, subscribers = [], calls = "benchmark", dataProtection, tags } = args;
    checkSubscribers(subscribers);

    const topic = createTopic(name, { account, subscribers, dataProtection, tags }, this);
    const told = { topic, tags, parent: this };
    for (const alarm of metrics) watchMetric(`${name}-${alarm.id}`, alarm, told);
    for (const alarm of callAlarms(calls)) watchLog(`${name}-${alarm.id}`, alarm, auditLogGroup, told);
    watchEvent(`${name}-${keyEvents.id}`, keyEvents, told);

    this.topicArn = topic.arn;
    this.registerOutputs({ topicArn: this.topicArn });
  }
}

interface Told {
  topic: aws.sns.Topic;
  tags: Tags;
  parent: pulumi.Resource;
}

function watchMetric(name: string, { id: _, description, ...measure }: MetricAlarm, { topic, tags, parent }: Told) {
  new aws.cloudwatch.MetricAlarm(
    name,
    {
      ...measure,
      name,
      alarmDescription: description,
      alarmActions: [topic.arn],
      okActions: [topic.arn],
      tags,
    },
    { parent },
  );
}

/** The first match within five minutes is told. */
function watchLog(name: string, alarm: LogAlarm, logGroupName: pulumi.Input<string>, told: Told) {
  const filter = new aws.cloudwatch.LogMetricFilter(
    name,
    {
      name,
      logGroupName,
      pattern: alarm.pattern,
      metricTransformation: { name, namespace: auditMetrics, value: "1" },
    },
    { parent: told.parent },
  );
  const measure: MetricAlarm = {
    id: alarm.id,
    description: alarm.description,
    namespace: auditMetrics,
    metricName: filter.metricTransformation.name,
    dimensions: {},
    statistic: "Sum",
    comparisonOperator: "GreaterThanThreshold",
    threshold: 0,
    period: 300,
    evaluationPeriods: 1,
    treatMissingData: "notBreaching",
  };
  watchMetric(name, measure, told);
}

function watchEvent(name: string, { description, pattern }: EventAlarm, { topic, tags, parent }: Told) {
  const eventPattern = JSON.stringify(pattern);
  const rule = new aws.cloudwatch.EventRule(name, { name, description, eventPattern, tags }, { parent });
  new aws.cloudwatch.EventTarget(name, { rule: rule.name, targetId: "alarms", arn: topic.arn }, { parent });
}
