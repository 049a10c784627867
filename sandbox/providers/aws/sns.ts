/** SNS: topics, who may publish to them, and who is told. No message ever leaves the emulator. */
import type { TopicArgs } from "@pulumi/aws/sns/topic.js";
import type { TopicPolicyArgs } from "@pulumi/aws/sns/topicPolicy.js";
import type { TopicSubscriptionArgs } from "@pulumi/aws/sns/topicSubscription.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { changeTags, fromTags, ifThere, need, type Plain, toTags } from "./helpers.ts";

export const snsTypes = (cloud: Cloud): Types => ({
  "aws:sns/topic:Topic": define<Plain<TopicArgs>>({
    named: { property: "name", max: 256 },
    replaceOn: ["name"],
    async create({ name: Name, kmsMasterKeyId, tags }) {
      const Attributes = kmsMasterKeyId ? { KmsMasterKeyId: kmsMasterKeyId } : undefined;
      const { TopicArn } = await (await cloud.sns()).createTopic({ Name, Attributes, Tags: toTags(tags) });
      return need(TopicArn, "the topic's ARN");
    },
    async read(id) {
      const sns = await cloud.sns();
      const held = await ifThere(sns.getTopicAttributes({ TopicArn: id }));
      if (!held) return undefined;
      const tags = fromTags((await sns.listTagsForResource({ ResourceArn: id })).Tags);
      const inputs = { name: id.split(":").at(-1), kmsMasterKeyId: held.Attributes?.KmsMasterKeyId, ...tags };
      return { inputs: properties(inputs), outputs: { arn: id } };
    },
    async update(id, { kmsMasterKeyId: AttributeValue = "", tags }, _call, olds) {
      const sns = await cloud.sns();
      await sns.setTopicAttributes({ TopicArn: id, AttributeName: "KmsMasterKeyId", AttributeValue });
      await changeTags(olds.tags, tags, {
        set: (changed) => sns.tagResource({ ResourceArn: id, Tags: toTags(changed) }),
        remove: (TagKeys) => sns.untagResource({ ResourceArn: id, TagKeys }),
      });
    },
    async delete(id) {
      await ifThere((await cloud.sns()).deleteTopic({ TopicArn: id }));
    },
    find: async ({ name }) => `arn:aws:sns:${cloud.region}:${cloud.account}:${name}`,
  }),

  "aws:sns/topicPolicy:TopicPolicy": define<Plain<TopicPolicyArgs>>({
    documents: ["policy"],
    replaceOn: ["arn"],
    async create({ arn, policy }) {
      await setPolicy(cloud, arn, String(policy));
      return arn;
    },
    async read(id) {
      const held = await ifThere((await cloud.sns()).getTopicAttributes({ TopicArn: id }));
      return held && { inputs: properties({ arn: id, policy: held.Attributes?.Policy }), outputs: {} };
    },
    async update(id, { policy }) {
      await setPolicy(cloud, id, String(policy));
    },
    // A topic always has a policy; without ours it is the one that lets its owner in.
    async delete(id) {
      const Statement = [{ Effect: "Allow", Principal: { AWS: cloud.account }, Action: "sns:Publish", Resource: id }];
      await ifThere(setPolicy(cloud, id, JSON.stringify({ Version: "2012-10-17", Statement })));
    },
  }),

  "aws:sns/topicSubscription:TopicSubscription": define<Plain<TopicSubscriptionArgs>>({
    async create({ topic, protocol: Protocol, endpoint: Endpoint }) {
      const request = { TopicArn: String(topic), Protocol, Endpoint, ReturnSubscriptionArn: true };
      return need((await (await cloud.sns()).subscribe(request)).SubscriptionArn, "the subscription's ARN");
    },
    async read(id) {
      const held = await ifThere((await cloud.sns()).getSubscriptionAttributes({ SubscriptionArn: id }));
      if (!held) return undefined;
      const { TopicArn: topic, Protocol: protocol, Endpoint: endpoint } = held.Attributes ?? {};
      return { inputs: properties({ topic, protocol, endpoint }), outputs: { arn: id } };
    },
    async delete(id) {
      await ifThere((await cloud.sns()).unsubscribe({ SubscriptionArn: id }));
    },
  }),
});

async function setPolicy(cloud: Cloud, TopicArn: string, AttributeValue: string): Promise<void> {
  await (await cloud.sns()).setTopicAttributes({ TopicArn, AttributeName: "Policy", AttributeValue });
}
