import { describe, expect, it } from "vitest";
import { type Recorded, type RecordOptions, recordResources } from "../testing/record-resources.ts";
import { AuditTrail, type AuditTrailArgs } from "./aws.ts";
import { checkRetention, defaultRetention } from "./plan.ts";
import { trailDelivery } from "./trail-policy.ts";

const account = "111111111111";

const build = (changes: Partial<AuditTrailArgs> = {}, options: RecordOptions = {}): Promise<Recorded> =>
  recordResources(
    () =>
      new AuditTrail("acme-audit", {
        account,
        region: "us-east-2",
        bucket: "biplane-acme-main-audit",
        roleArn: "arn:role/audit-trail",
        dataProtection: true,
        tags: { owner: "us" },
        ...changes,
      }),
    options,
  );

const trailType = "aws:cloudtrail/trail:Trail";

describe("AuditTrail", () => {
  it("records all regions, signs its files, seals them and begins at once", async () => {
    expect((await build()).one(trailType).inputs).toMatchObject({
      s3BucketName: "biplane-acme-main-audit",
      isMultiRegionTrail: true,
      includeGlobalServiceEvents: true,
      enableLogFileValidation: true,
      enableLogging: true,
      kmsKeyId: "arn:aws:kms:us-east-2:111111111111:key/acme-audit-key",
      cloudWatchLogsGroupArn: "arn:aws:logs:us-east-2:111111111111:log-group:/biplane/audit/acme-audit:*",
      cloudWatchLogsRoleArn: "arn:role/audit-trail",
    });
  });

  it("records what happens to objects only in the buckets that are named", async () => {
    const selectors = async (changes: Partial<AuditTrailArgs>) =>
      (await build(changes)).one(trailType).inputs.eventSelectors;
    const all = { readWriteType: "All", includeManagementEvents: true };
    expect(await selectors({})).toEqual([{ ...all, dataResources: [] }]);
    expect(await selectors({ dataBuckets: ["arn:aws:s3:::data"] })).toEqual([
      { ...all, dataResources: [{ type: "AWS::S3::Object", values: ["arn:aws:s3:::data/"] }] },
    ]);
  });

  it("keeps its records from being removed or rewritten before their time", async () => {
    const made = await build();
    expect(made.one("aws:s3/bucket:Bucket").inputs).toMatchObject({ objectLockEnabled: true, forceDestroy: false });
    const lock = made.one("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration").inputs;
    expect(lock.rule).toEqual({ defaultRetention: { mode: "GOVERNANCE", days: 365 } });
    const { rules } = made.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").inputs;
    expect(rules).toMatchObject([{ filter: { prefix: "AWSLogs/" }, expiration: { days: 730 } }]);
  });

  it("takes audit records from one role, each once, and keeps them as long as the trail's", async () => {
    const made = await build({ exporterRoleArn: "arn:role/audit-export" });
    const { rules } = made.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").inputs;
    const [trail, records] = rules as { id: string; filter: object }[];
    expect(records).toEqual({ ...trail, id: "retention-records", filter: { prefix: "records/" } });
    const policy = JSON.parse(String(made.one("aws:s3/bucketPolicy:BucketPolicy").inputs.policy)) as {
      Statement: { Sid: string; Resource: string; Condition: object }[];
    };
    const denied = policy.Statement.filter(({ Sid }) => ["OnlyExporterAdds", "EachRecordOnce"].includes(Sid));
    expect(denied.map(({ Resource, Condition }) => [Resource.replace(/^.*:/, ""), Condition])).toEqual([
      ["biplane-acme-main-audit/records/*", { ArnNotEquals: { "aws:PrincipalArn": "arn:role/audit-export" } }],
      ["biplane-acme-main-audit/records/*", { Null: { "s3:if-none-match": "true" } }],
    ]);
    expect(JSON.stringify((await build()).all)).not.toContain("records/");
  });

  it("begins only when the bucket is closed and lets CloudTrail in", async () => {
    const policy = "aws:s3/bucketPolicy:BucketPolicy";
    const made = await build({}, { slow: [policy] });
    expect(made.one(policy).ended).toBeLessThan(made.one(trailType).begun);
  });

  it("shows the same resources in a first preview, under stable names", async () => {
    const names = ({ all }: Recorded) => all.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(await build({}, { preview: true }))).toEqual(names(await build()));
    expect([...new Set((await build()).all.map(({ name }) => name))].sort()).toEqual(["acme-audit", "acme-audit-key"]);
  });
});

describe("trailDelivery", () => {
  const statements = trailDelivery("arn:aws:s3:::records", { account, region: "us-east-2", trail: "acme-audit" });

  it("admits one trail of this account, to add files under the account's own prefix", () => {
    const arn = "arn:aws:cloudtrail:us-east-2:111111111111:trail/acme-audit";
    for (const { Principal, Condition } of statements) {
      expect(Principal).toEqual({ Service: "cloudtrail.amazonaws.com" });
      expect(Condition?.StringEquals?.["aws:SourceArn"]).toBe(arn);
    }
    expect(statements.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      ["s3:GetBucketAcl", "arn:aws:s3:::records"],
      ["s3:PutObject", "arn:aws:s3:::records/AWSLogs/111111111111/*"],
    ]);
  });
});

describe("checkRetention", () => {
  it("takes the defaults", () => {
    expect(() => checkRetention(defaultRetention)).not.toThrow();
  });

  it.each([
    [{ lockDays: 0 }, /the audit's lock is 0/],
    [{ lockDays: 730 }, /above the lock's 730/],
    [{ keepDays: 400.5 }, /the audit's retention is 400.5/],
    [{ logDays: 366 }, /the audit's searchable days is 366; allowed: 1, 3/],
  ])("refuses %j", (changes, reason) => {
    expect(() => checkRetention({ ...defaultRetention, ...changes })).toThrow(reason);
  });
});
