/** The stores' components on the real engine and an emulated account: up, up again, changed, destroyed. No planes. */
import { Provider } from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Alarms } from "../../../components/alarms/aws.ts";
import { auditExportAlarm, databaseAlarms, natAlarm } from "../../../components/alarms/metrics.ts";
import { AuditTrail } from "../../../components/audit/aws.ts";
import { Backups } from "../../../components/backup/aws.ts";
import { defaultSchedule } from "../../../components/backup/plan.ts";
import { createDataKey, DataBuckets } from "../../../components/buckets/aws.ts";
import { TaskLogs } from "../../../components/logs/aws.ts";
import { createImageKey, ImageRepository } from "../../../components/registry/aws.ts";
import { destroyStack, previewStack, refreshStack, type StackRun, upStack } from "../../engine/index.ts";
import { type Emulated, startEmulated } from "../../engine/testing/emulated.ts";

let world: Emulated;
beforeAll(async () => {
  world = await startEmulated();
});
afterAll(() => world?.close());

const account = "222222222222";
const region = "us-east-2";
const role = (name: string) => `arn:aws:iam::${account}:role/${name}`;

interface Changes {
  tags?: Record<string, string>;
  retentionDays?: number;
  consoleOrigin?: string;
}

type Build = (common: typeof base, opts: pulumi.ComponentResourceOptions, changes: Changes) => void;

const base = { account, region, dataProtection: false };

/** One stack a concern, so that a failure names it. */
const concerns: Record<string, Build> = {
  backups(common, opts, { tags = {}, retentionDays = 35 }) {
    const resources = [`arn:aws:rds:${region}:${account}:db:region`];
    const schedule = { ...defaultSchedule, retentionDays };
    const args = { ...common, copyRegion: "us-west-2", resources, roleArn: role("backup"), schedule, tags };
    new Backups("backups", args, opts);
  },
  buckets(common, opts, { tags = {}, consoleOrigin = "https://one.test" }) {
    const key = createDataKey("data-key", { ...common, roles: [role("admin"), role("user")], tags }, opts);
    const accessLogs = { account, retentionDays: 365 };
    new DataBuckets(
      "data",
      { ...common, prefix: "acme-main", org: "acme", consoleOrigin, key, accessLogs, tags },
      opts,
    );
  },
  registry(common, opts, { tags = {} }) {
    const key = createImageKey("image-key", { ...common, tags }, opts);
    new ImageRepository("images", { ...common, repository: "union/tasks", key, tags }, opts);
  },
  logs(common, opts, { tags = {} }) {
    const place = { org: "acme", cluster: "main", clusterName: "acme-main", shipper: "fluent-bit" as const };
    const providerArn = pulumi.output(`arn:aws:iam::${account}:oidc-provider/oidc.test/id`);
    const issuer = { issuer: pulumi.output("oidc.test/id"), providerArn };
    new TaskLogs("logs", { ...common, ...place, issuer, tags }, opts);
  },
  watch(common, opts, { tags = {} }) {
    const roleArn = role("audit-trail");
    const dataBuckets = ["arn:aws:s3:::acme-main-metadata"];
    const exporterRoleArn = role("audit-export");
    const trail = { ...common, bucket: "acme-main-audit", roleArn, exporterRoleArn, dataBuckets, tags };
    const audit = new AuditTrail("audit", trail, opts);
    const metrics = [...databaseAlarms({ identifier: "region" }), natAlarm("a", "nat-1"), auditExportAlarm(region)];
    const subscribers = [{ protocol: "https", endpoint: "https://on.call.test/secret-token" } as const];
    new Alarms("alarms", { ...common, subscribers, metrics, auditLogGroup: audit.logGroup, tags }, opts);
  },
};

function run(concern: string, changes: Changes = {}): StackRun {
  const program = async () => {
    const build = concerns[concern];
    build?.(base, { providers: [new Provider("aws", { region })] }, changes);
    return {};
  };
  const where = { account: "customer", plane: "customer", providers: world.providers } as const;
  return { stack: concern, program, config: {}, secrets: {}, ...where };
}

/** `operation name path` of each change that the engine plans. */
async function planned(stackRun: StackRun): Promise<string[]> {
  const seen: string[] = [];
  const onEvent = ({ resourcePreEvent }: EngineEvent) => {
    const { op = "same", urn = "", detailedDiff } = resourcePreEvent?.metadata ?? {};
    if (op !== "same") seen.push([op, bareName(urn), ...Object.keys(detailedDiff ?? {})].join(" "));
  };
  await previewStack(world.sandbox, { ...stackRun, onEvent });
  return seen.sort();
}

/** Type and logical name, without the components around it. */
function bareName(urn: string): string {
  const [types = "", name = ""] = urn.split("::").slice(-2);
  return `${types.split("$").at(-1)} ${name}`;
}

describe.each(Object.keys(concerns))("%s", (concern) => {
  test("come up, stay as they are, and a refresh finds nothing that differs", async () => {
    const first = await upStack(world.sandbox, run(concern));
    expect(Object.keys(first.changes)).toEqual(["create"]);
    const { create: count } = first.changes;
    expect((await upStack(world.sandbox, run(concern))).changes).toEqual({ same: count });
    expect((await refreshStack(world.sandbox, run(concern))).changes).toEqual({ same: count });
    expect(await planned(run(concern))).toEqual([]);
  });

  test("take a new tag in place, on everything that bears tags, and nothing else changes", async () => {
    const next = run(concern, { tags: { team: "ml" } });
    const plan = await planned(next);
    expect(plan.length).toBeGreaterThan(0);
    for (const change of plan) expect(change).toMatch(/^update \S+ \S+ (tags|rules\[0\].recoveryPointTags)/);
    await upStack(world.sandbox, next);
    expect(await planned(next)).toEqual([]);
    expect((await refreshStack(world.sandbox, next)).changes).not.toHaveProperty("update");
  });
});

test("a longer retention is the plan's one change, and AWS Backup then says so", async () => {
  const next = run("backups", { tags: { team: "ml" }, retentionDays: 60 });
  expect(await planned(next)).toEqual(["update aws:backup/plan:Plan backups rules[0].lifecycle.deleteAfter"]);
  await upStack(world.sandbox, next);
  const backup = await world.cloud.backup();
  const [plan] = (await backup.listBackupPlans({})).BackupPlansList ?? [];
  const held = await backup.getBackupPlan({ BackupPlanId: plan?.BackupPlanId });
  expect(held.BackupPlan?.Rules?.[0]).toMatchObject({
    Lifecycle: { DeleteAfterDays: 60 },
    EnableContinuousBackup: false,
    CopyActions: [{ DestinationBackupVaultArn: `arn:aws:backup:us-west-2:${account}:backup-vault:backups-copy` }],
  });
  const copies = await (await world.cloud.backup("us-west-2")).describeBackupVault({ BackupVaultName: "backups-copy" });
  expect(copies).toMatchObject({ Locked: true, MinRetentionDays: 7 });
  expect(copies.EncryptionKeyArn).toContain(":us-west-2:");
});

test("another console's origin is the one change of the buckets", async () => {
  const next = run("buckets", { tags: { team: "ml" }, consoleOrigin: "https://two.test" });
  const cors = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration";
  expect(await planned(next)).toEqual(
    ["data-fast-reg", "data-metadata"].map((name) => `update ${cors} ${name} corsRules[0].allowedOrigins[0]`),
  );
});

test("the trail records, and its files cannot be removed by a plain delete", async () => {
  expect(await (await world.cloud.trails()).getTrailStatus({ Name: "audit" })).toMatchObject({ IsLogging: true });
  const s3 = await world.cloud.s3();
  const Bucket = "acme-main-audit";
  // The emulator takes each Deny to hold whatever its condition says, TLS or not.
  await s3.deleteBucketPolicy({ Bucket });
  const { VersionId } = await s3.putObject({ Bucket, Key: "AWSLogs/1", Body: "a record" });
  await expect(s3.deleteObject({ Bucket, Key: "AWSLogs/1", VersionId })).rejects.toThrow(/Access ?Denied/);
});

test("destroy leaves nothing, a locked bucket with records neither", async () => {
  for (const concern of Object.keys(concerns)) await destroyStack(world.sandbox, run(concern));
  expect((await (await world.cloud.s3()).listBuckets({})).Buckets ?? []).toEqual([]);
  expect((await (await world.cloud.alarms()).describeAlarms({})).MetricAlarms ?? []).toEqual([]);
  expect((await (await world.cloud.logs()).describeLogGroups({})).logGroups ?? []).toEqual([]);
  expect((await (await world.cloud.sns()).listTopics({})).Topics ?? []).toEqual([]);
  expect((await (await world.cloud.trails()).listTrails({})).Trails ?? []).toEqual([]);
  expect((await (await world.cloud.ecr()).describeRepositories({})).repositories ?? []).toEqual([]);
  for (const place of [region, "us-west-2"]) {
    const backup = await world.cloud.backup(place);
    expect((await backup.listBackupVaults({})).BackupVaultList ?? []).toEqual([]);
    expect((await backup.listBackupPlans({})).BackupPlansList ?? []).toEqual([]);
    const kms = await world.cloud.kms(place);
    const keys = (await kms.listKeys({})).Keys ?? [];
    const states = await Promise.all(keys.map(({ KeyId }) => kms.describeKey({ KeyId })));
    expect(new Set(states.map(({ KeyMetadata }) => KeyMetadata?.KeyState))).toEqual(new Set(["PendingDeletion"]));
  }
});
