/** CloudWatch alarms. Nothing is measured here, so none ever rings. */
import type { MetricAlarm as Held } from "@aws-sdk/client-cloudwatch";
import type { MetricAlarmArgs } from "@pulumi/aws/cloudwatch/metricAlarm.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { changeTags, fromTags, need, type Plain, toTags } from "./helpers.ts";

type Args = Plain<MetricAlarmArgs>;

export const alarmTypes = (cloud: Cloud): Types => ({
  "aws:cloudwatch/metricAlarm:MetricAlarm": define<Args>({
    named: { property: "name", max: 255 },
    replaceOn: ["name"],
    async create(inputs) {
      await put(cloud, inputs, toTags(inputs.tags));
      return need(inputs.name, "the alarm's name");
    },
    async read(id) {
      const alarms = await cloud.alarms();
      const held = (await alarms.describeAlarms({ AlarmNames: [id] })).MetricAlarms?.[0];
      if (!held) return undefined;
      const tags = fromTags((await alarms.listTagsForResource({ ResourceARN: held.AlarmArn })).Tags);
      return { inputs: properties({ ...described(held), ...tags }), outputs: properties({ arn: held.AlarmArn }) };
    },
    async update(id, inputs, _call, olds) {
      await put(cloud, inputs, []);
      const alarms = await cloud.alarms();
      const ResourceARN = `arn:aws:cloudwatch:${cloud.region}:${cloud.account}:alarm:${id}`;
      await changeTags(olds.tags, inputs.tags, {
        set: (tags) => alarms.tagResource({ ResourceARN, Tags: toTags(tags) }),
        remove: (TagKeys) => alarms.untagResource({ ResourceARN, TagKeys }),
      });
    },
    async delete(id) {
      await (await cloud.alarms()).deleteAlarms({ AlarmNames: [id] });
    },
    find: async ({ name }) => name,
  }),
});

async function put(cloud: Cloud, inputs: Args, Tags: ReturnType<typeof toTags>): Promise<void> {
  await (await cloud.alarms()).putMetricAlarm({
    AlarmName: inputs.name,
    AlarmDescription: inputs.alarmDescription,
    Namespace: inputs.namespace,
    MetricName: inputs.metricName,
    Dimensions: Object.entries(inputs.dimensions ?? {}).map(([Name, Value]) => ({ Name, Value })),
    Statistic: inputs.statistic as "Sum" | undefined,
    ComparisonOperator: inputs.comparisonOperator as "GreaterThanThreshold",
    Threshold: inputs.threshold,
    Period: inputs.period,
    EvaluationPeriods: inputs.evaluationPeriods,
    TreatMissingData: inputs.treatMissingData,
    AlarmActions: arns(inputs.alarmActions),
    OKActions: arns(inputs.okActions),
    ...(Tags.length > 0 ? { Tags } : {}),
  });
}

function described(held: Held): object {
  const dimensions = (held.Dimensions ?? []).map(({ Name = "", Value }) => [Name, Value] as const);
  return {
    name: held.AlarmName,
    alarmDescription: held.AlarmDescription,
    namespace: held.Namespace,
    metricName: held.MetricName,
    ...(dimensions.length > 0 ? { dimensions: Object.fromEntries(dimensions) } : {}),
    statistic: held.Statistic,
    comparisonOperator: held.ComparisonOperator,
    threshold: held.Threshold,
    period: held.Period,
    evaluationPeriods: held.EvaluationPeriods,
    treatMissingData: held.TreatMissingData,
    alarmActions: held.AlarmActions,
    okActions: held.OKActions,
  };
}

/** A topic may be given whole; here it is its ARN. */
function arns(actions: Args["alarmActions"]): string[] {
  return (actions ?? []).map(String);
}
