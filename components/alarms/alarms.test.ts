import { describe, expect, it } from "vitest";
import { type Recorded, type RecordOptions, recordResources } from "../testing/record-resources.ts";
import { Alarms, type AlarmsArgs } from "./aws.ts";
import { keyEvents, logAlarms } from "./events.ts";
import { databaseAlarms, dimensionOf, natAlarm, targetAlarm } from "./metrics.ts";
import { checkSubscribers } from "./subscribers.ts";
import { renderTopicPolicy } from "./topic.ts";

const account = "111111111111";
const metrics = [
  ...databaseAlarms({ identifier: "region-db" }),
  targetAlarm({ id: "gateway", balancer: "net/gateway/1", targetGroup: "targetgroup/gateway/2" }),
  natAlarm("us-east-2a", "nat-1"),
];

const build = (changes: Partial<AlarmsArgs> = {}, options: RecordOptions = {}): Promise<Recorded> =>
  recordResources(
    () =>
      new Alarms("region-alarms", {
        account,
        subscribers: [{ protocol: "email", endpoint: "ops@example.com" }],
        metrics,
        auditLogGroup: "/biplane/audit/region",
        dataProtection: true,
        tags: { owner: "us" },
        ...changes,
      }),
    options,
  );

const alarmType = "aws:cloudwatch/metricAlarm:MetricAlarm";
const topicArn = "arn:aws:sns:us-east-2:111111111111:region-alarms";

describe("Alarms", () => {
  it("watches the database, the balancers' targets, the NAT gateways and the audit's log", async () => {
    const alarms = (await build()).of(alarmType).map(({ inputs }) => [inputs.metricName, inputs.dimensions]);
    const wanted = [
      ["FreeStorageSpace", { DBInstanceIdentifier: "region-db" }],
      ["CPUUtilization", { DBInstanceIdentifier: "region-db" }],
      ["DatabaseConnections", { DBInstanceIdentifier: "region-db" }],
      ["UnHealthyHostCount", { LoadBalancer: "net/gateway/1", TargetGroup: "targetgroup/gateway/2" }],
      ["ErrorPortAllocation", { NatGatewayId: "nat-1" }],
      ...logAlarms.map(({ id }) => [`region-alarms-${id}`, {}]),
    ];
    expect(alarms).toHaveLength(wanted.length);
    for (const alarm of wanted) expect(alarms).toContainEqual(alarm);
  });

  it("sends each alarm, and its end, to the topic", async () => {
    for (const { inputs } of (await build()).of(alarmType)) {
      expect(inputs).toMatchObject({ alarmActions: [topicArn], okActions: [topicArn], tags: { owner: "us" } });
    }
  });

  it("takes a silent database for a broken one, and a silent error counter for none", async () => {
    const silence = Object.fromEntries(
      (await build()).of(alarmType).map(({ name, inputs }) => [name, inputs.treatMissingData]),
    );
    expect(silence).toMatchObject({
      "region-alarms-database-cpu": "breaching",
      "region-alarms-gateway-unhealthy": "breaching",
      "region-alarms-nat-us-east-2a-ports": "notBreaching",
      "region-alarms-root-use": "notBreaching",
    });
  });

  it("counts use of the root user where CloudTrail writes", async () => {
    const filter = (await build()).one("aws:cloudwatch/logMetricFilter:LogMetricFilter", "region-alarms-root-use");
    expect(filter.inputs).toMatchObject({
      logGroupName: "/biplane/audit/region",
      pattern: expect.stringContaining('$.userIdentity.type = "Root"'),
      metricTransformation: { namespace: "Biplane/Audit", value: "1" },
    });
  });

  it("tells calls apart by patterns that CloudWatch Logs takes whole", () => {
    expect(new Set(logAlarms.map(({ id }) => id)).size).toBe(15);
    expect(logAlarms.filter(({ pattern }) => pattern.length > 1024)).toEqual([]);
  });

  it("leaves the rest to somebody else's alarms where it is told so", async () => {
    const made = await build({ calls: "essential" });
    const filters = made.of("aws:cloudwatch/logMetricFilter:LogMetricFilter").map(({ name }) => name);
    expect(filters.sort()).toEqual(["region-alarms-root-use", "region-alarms-trail-change"]);
  });

  it("tells at once when a key is disabled or is to be deleted", async () => {
    const made = await build();
    const rule = made.one("aws:cloudwatch/eventRule:EventRule").inputs;
    expect(JSON.parse(String(rule.eventPattern))).toEqual(keyEvents.pattern);
    expect(keyEvents.pattern.detail.eventName).toEqual(["DisableKey", "ScheduleKeyDeletion"]);
    expect(made.one("aws:cloudwatch/eventTarget:EventTarget").inputs).toMatchObject({ rule: rule.name, arn: topicArn });
  });

  it("seals the topic, and keeps subscribers' endpoints secret in the state", async () => {
    const made = await build();
    const { kmsMasterKeyId } = made.one("aws:sns/topic:Topic").inputs;
    expect(kmsMasterKeyId).toBe("arn:aws:kms:us-east-2:111111111111:key/region-alarms-key");
    const { endpoint } = made.one("aws:sns/topicSubscription:TopicSubscription").inputs;
    expect(endpoint).toMatchObject({ value: "ops@example.com" });
  });

  it("shows the same resources in a first preview", async () => {
    const names = ({ all }: Recorded) => all.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(await build({}, { preview: true }))).toEqual(names(await build()));
  });
});

describe("the topic's policy", () => {
  it("lets CloudWatch and EventBridge of this account publish, over TLS, and nobody else", () => {
    const [arrive, tls] = renderTopicPolicy("arn:topic", account).Statement;
    expect(arrive).toMatchObject({
      Principal: { Service: ["cloudwatch.amazonaws.com", "events.amazonaws.com"] },
      Condition: { StringEquals: { "aws:SourceAccount": account } },
    });
    expect(tls).toMatchObject({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } });
  });
});

describe("databaseAlarms", () => {
  it("tells of connections at four fifths of what the class takes", () => {
    const [, , connections] = databaseAlarms({ identifier: "db", maxConnections: 1000 });
    expect(connections).toMatchObject({ metricName: "DatabaseConnections", threshold: 800 });
  });
});

describe("dimensionOf", () => {
  it("is the end of the ARN, as CloudWatch names balancers and their targets", () => {
    const base = "arn:aws:elasticloadbalancing:us-east-2:111111111111";
    expect(dimensionOf(`${base}:loadbalancer/net/gateway/1`)).toBe("net/gateway/1");
    expect(dimensionOf(`${base}:targetgroup/gateway/2`)).toBe("targetgroup/gateway/2");
  });
});

describe("checkSubscribers", () => {
  it("takes mail, https and queues", () => {
    const queue = { protocol: "sqs", endpoint: "arn:aws:sqs:us-east-2:111111111111:alarms" } as const;
    expect(() => checkSubscribers([{ protocol: "https", endpoint: "https://on.call/x" }, queue])).not.toThrow();
  });

  it.each([
    [{ protocol: "email", endpoint: "nobody" } as const, /a mail address/],
    [{ protocol: "https", endpoint: "http://on.call/token" } as const, /an https URL/],
    [{ protocol: "sqs", endpoint: "my-queue" } as const, /SQS queue/],
  ])("refuses %j without showing the endpoint", (subscriber, reason) => {
    expect(() => checkSubscribers([subscriber])).toThrow(reason);
    expect(() => checkSubscribers([subscriber])).not.toThrow(subscriber.endpoint);
  });

  it("refuses the same one twice", () => {
    const one = { protocol: "email", endpoint: "ops@example.com" } as const;
    expect(() => checkSubscribers([one, one])).toThrow(/subscriber 2 .* each once/);
  });
});
