/** EventBridge: rules on events, and who is told. Nothing happens here that would be an event. */
import type { EventRuleArgs } from "@pulumi/aws/cloudwatch/eventRule.js";
import type { EventTargetArgs } from "@pulumi/aws/cloudwatch/eventTarget.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { changeTags, fromTags, ifThere, need, type Plain, toTags } from "./helpers.ts";

export const eventTypes = (cloud: Cloud): Types => ({
  "aws:cloudwatch/eventRule:EventRule": define<Plain<EventRuleArgs>>({
    named: { property: "name", max: 64 },
    documents: ["eventPattern"],
    replaceOn: ["name"],
    async create(inputs) {
      const { name: Name, description: Description, eventPattern: EventPattern } = inputs;
      await (await cloud.events()).putRule({ Name, Description, EventPattern, Tags: toTags(inputs.tags) });
      return need(Name, "the rule's name");
    },
    async read(id) {
      const events = await cloud.events();
      const held = await ifThere(events.describeRule({ Name: id }));
      if (!held) return undefined;
      const tags = fromTags((await events.listTagsForResource({ ResourceARN: held.Arn })).Tags);
      const inputs = { name: id, description: held.Description, eventPattern: held.EventPattern, ...tags };
      return { inputs: properties(inputs), outputs: properties({ arn: held.Arn }) };
    },
    async update(id, { description: Description, eventPattern: EventPattern, tags }, _call, olds) {
      const events = await cloud.events();
      const { RuleArn: ResourceARN } = await events.putRule({ Name: id, Description, EventPattern });
      await changeTags(olds.tags, tags, {
        set: (changed) => events.tagResource({ ResourceARN, Tags: toTags(changed) }),
        remove: (TagKeys) => events.untagResource({ ResourceARN, TagKeys }),
      });
    },
    async delete(id) {
      await ifThere((await cloud.events()).deleteRule({ Name: id }));
    },
    find: async ({ name }) => name,
  }),

  "aws:cloudwatch/eventTarget:EventTarget": define<Plain<EventTargetArgs>>({
    replaceOn: ["rule", "targetId"],
    async create({ rule: Rule, targetId, arn: Arn }) {
      const Id = need(targetId, "the target's id");
      await (await cloud.events()).putTargets({ Rule, Targets: [{ Id, Arn }] });
      return `${Rule}-${Id}`;
    },
    async read(_id, _call, { rule, targetId }) {
      const found = await ifThere((await cloud.events()).listTargetsByRule({ Rule: String(rule) }));
      const held = found?.Targets?.find(({ Id }) => Id === targetId);
      return held && { inputs: properties({ rule, targetId, arn: held.Arn }), outputs: {} };
    },
    async update(_id, { rule: Rule, targetId, arn: Arn }) {
      await (await cloud.events()).putTargets({ Rule, Targets: [{ Id: targetId, Arn }] });
    },
    async delete(_id, _call, { rule, targetId }) {
      await ifThere((await cloud.events()).removeTargets({ Rule: String(rule), Ids: [String(targetId)] }));
    },
  }),
});
