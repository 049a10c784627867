/** CloudWatch Logs: groups, and counters over what is written to them. */
import type { LogGroupArgs } from "@pulumi/aws/cloudwatch/logGroup.js";
import type { LogMetricFilterArgs } from "@pulumi/aws/cloudwatch/logMetricFilter.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { changeTags, finish, fromTagMap, ifThere, need, type Plain } from "./helpers.ts";

export const logsTypes = (cloud: Cloud): Types => ({
  "aws:cloudwatch/logGroup:LogGroup": define<Plain<LogGroupArgs>>({
    named: { property: "name", max: 512 },
    replaceOn: ["name", "logGroupClass"],
    async create(inputs) {
      const logs = await cloud.logs();
      const logGroupName = need(inputs.name, "the group's name");
      await logs.createLogGroup({ logGroupName, kmsKeyId: inputs.kmsKeyId, tags: inputs.tags });
      return finish(logGroupName, () => retain(cloud, logGroupName, inputs.retentionInDays));
    },
    async read(id) {
      const logs = await cloud.logs();
      const { logGroups = [] } = await logs.describeLogGroups({ logGroupNamePrefix: id });
      const held = logGroups.find(({ logGroupName }) => logGroupName === id);
      if (!held) return undefined;
      const arn = plainArn(need(held.arn, "the group's ARN"));
      const inputs = {
        name: id,
        kmsKeyId: held.kmsKeyId,
        retentionInDays: held.retentionInDays,
        ...fromTagMap((await logs.listTagsForResource({ resourceArn: arn })).tags),
      };
      return { inputs: properties(inputs), outputs: { arn } };
    },
    async update(id, inputs, _call, olds) {
      const logs = await cloud.logs();
      await retain(cloud, id, inputs.retentionInDays);
      if (inputs.kmsKeyId !== olds.kmsKeyId) {
        const { kmsKeyId } = inputs;
        await (kmsKeyId
          ? logs.associateKmsKey({ logGroupName: id, kmsKeyId })
          : logs.disassociateKmsKey({ logGroupName: id }));
      }
      const resourceArn = `arn:aws:logs:${cloud.region}:${cloud.account}:log-group:${id}`;
      await changeTags(olds.tags, inputs.tags, {
        set: (tags) => logs.tagResource({ resourceArn, tags }),
        remove: (tagKeys) => logs.untagResource({ resourceArn, tagKeys }),
      });
    },
    async delete(id, _call, { skipDestroy }) {
      if (skipDestroy !== true) await ifThere((await cloud.logs()).deleteLogGroup({ logGroupName: id }));
    },
    find: async ({ name }) => name,
  }),

  "aws:cloudwatch/logMetricFilter:LogMetricFilter": define<Plain<LogMetricFilterArgs>>({
    named: { property: "name", max: 512 },
    replaceOn: ["name", "logGroupName"],
    async create(inputs) {
      await putFilter(cloud, inputs);
      return need(inputs.name, "the filter's name");
    },
    async read(id, _call, { logGroupName }) {
      const group = typeof logGroupName === "string" ? logGroupName : undefined;
      const request = { logGroupName: group, filterNamePrefix: id };
      const found = await ifThere((await cloud.logs()).describeMetricFilters(request));
      const held = found?.metricFilters?.find(({ filterName }) => filterName === id);
      if (!held) return undefined;
      const [metric] = held.metricTransformations ?? [];
      const { metricName: name, metricNamespace: namespace, metricValue: value } = metric ?? {};
      const metricTransformation = { name, namespace, value };
      const inputs = { name: id, logGroupName: held.logGroupName, pattern: held.filterPattern, metricTransformation };
      return { inputs: properties(inputs), outputs: {} };
    },
    async update(_id, inputs) {
      await putFilter(cloud, inputs);
    },
    async delete(id, _call, { logGroupName }) {
      const request = { logGroupName: String(logGroupName), filterName: id };
      await ifThere((await cloud.logs()).deleteMetricFilter(request));
    },
    find: async ({ name }) => name,
  }),
});

async function retain(cloud: Cloud, logGroupName: string, days: number | undefined): Promise<void> {
  const logs = await cloud.logs();
  if (days) await logs.putRetentionPolicy({ logGroupName, retentionInDays: days });
  else await ifThere(logs.deleteRetentionPolicy({ logGroupName }));
}

async function putFilter(cloud: Cloud, inputs: Plain<LogMetricFilterArgs>): Promise<void> {
  const { name: metricName, namespace: metricNamespace, value: metricValue } = inputs.metricTransformation;
  await (await cloud.logs()).putMetricFilter({
    logGroupName: inputs.logGroupName,
    filterName: inputs.name,
    filterPattern: inputs.pattern,
    metricTransformations: [{ metricName, metricNamespace, metricValue }],
  });
}

/** The service ends it in `:*`, which stands for its streams; the provider leaves that off. */
function plainArn(arn: string): string {
  return arn.replace(/:\*$/, "");
}
