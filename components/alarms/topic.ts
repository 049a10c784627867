import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { EncryptionKey } from "../encryption/aws.ts";
import { publishersOf } from "../encryption/key-statements.ts";
import type { Tags } from "../ownership/tags.ts";
import type { Subscriber } from "./subscribers.ts";

export interface TopicArgs {
  account: pulumi.Input<string>;
  subscribers: Subscriber[];
  dataProtection: boolean;
  tags: Tags;
}

const publishers = ["cloudwatch.amazonaws.com", "events.amazonaws.com"];

/** @returns the topic that alarms are sent to: sealed, and open to CloudWatch and EventBridge of this account only */
export function createTopic(name: string, args: TopicArgs, parent: pulumi.Resource): aws.sns.Topic {
  const { account, subscribers, dataProtection, tags } = args;
  const key = new EncryptionKey(
    `${name}-key`,
    {
      description: "Alarms on their way",
      account,
      statements: pulumi.output(account).apply((id) => publishersOf(id, publishers)),
      dataProtection,
      tags,
    },
    { parent },
  );
  const topic = new aws.sns.Topic(name, { name, kmsMasterKeyId: key.arn, tags }, { parent });
  const policy = pulumi.all([topic.arn, account]).apply(([arn, id]) => JSON.stringify(renderTopicPolicy(arn, id)));
  new aws.sns.TopicPolicy(name, { arn: topic.arn, policy }, { parent });
  for (const [at, { protocol, endpoint }] of subscribers.entries()) {
    new aws.sns.TopicSubscription(
      `${name}-${at + 1}`,
      // An endpoint may hold a token.
      { topic: topic.arn, protocol, endpoint: pulumi.secret(endpoint) },
      { parent },
    );
  }
  return topic;
}

export function renderTopicPolicy(topicArn: string, account: string) {
  return {
    Version: "2012-10-17" as const,
    Statement: [
      {
        Sid: "AlarmsArrive",
        Effect: "Allow",
        Principal: { Service: publishers },
        Action: "sns:Publish",
        Resource: topicArn,
        Condition: { StringEquals: { "aws:SourceAccount": account } },
      },
      {
        Sid: "TlsOnly",
        Effect: "Deny",
        Principal: "*",
        Action: "sns:Publish",
        Resource: topicArn,
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  };
}
