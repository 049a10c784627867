/** The database's component on the real engine, an emulated account and a real PostgreSQL behind the instance. No planes. */
import { ec2, Provider } from "@pulumi/aws";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Database } from "../../../components/database/aws.ts";
import { startTestPostgres, type TestPostgres } from "../../../services/shared/testing/postgres.ts";
import { destroyStack, refreshStack, type StackRun, upStack } from "../../engine/index.ts";
import { type Emulated, startEmulated } from "../../engine/testing/emulated.ts";
import { databaseExists } from "./database.ts";

let postgres: TestPostgres;
let world: Emulated;
beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await startEmulated({ databaseAdmin: async () => postgres.administratorOf("postgres") });
});
afterAll(async () => {
  await world?.close();
  await postgres?.stop();
});

const account = "222222222222";
const region = "us-east-2";

function run(logRetentionDays = 365, dataProtection = false): StackRun {
  const program = async () => {
    const aws = new Provider("aws", { region });
    const opts = { provider: aws };
    const vpc = new ec2.Vpc("place", { cidrBlock: "10.0.0.0/16" }, opts);
    const subnets = ["a", "b"].map((zone, at) => {
      const args = { vpcId: vpc.id, cidrBlock: `10.0.${at}.0/24`, availabilityZone: `${region}${zone}` };
      return new ec2.Subnet(`place-${zone}`, args, opts);
    });
    const clients = new ec2.SecurityGroup("clients", { name: "clients", description: "x", vpcId: vpc.id }, opts);
    const args = {
      ...{ region, account, vpcId: vpc.id, subnetIds: subnets.map(({ id }) => id) },
      ...{ clientSecurityGroupId: clients.id, logRetentionDays, dataProtection, tags: { team: "ml" } },
    };
    const database = new Database("region-db", args, { providers: [aws] });
    return { arn: database.arn, password: database.connection.owner.password };
  };
  const where = { account: "customer", plane: "customer", providers: world.providers } as const;
  return { stack: "database", program, config: {}, secrets: {}, ...where };
}

test("comes up with its key, groups and real database, stays as it is, and a refresh finds nothing", async () => {
  const first = await upStack(world.sandbox, run());
  expect(first.outputs.arn).toBe(`arn:aws:rds:${region}:${account}:db:region-db`);
  expect(first.secretOutputs).toEqual(["password"]);
  expect(await databaseExists(postgres.administratorOf("postgres"), "biplane")).toBe(true);
  const { create: count } = first.changes;
  expect((await upStack(world.sandbox, run())).changes).toEqual({ same: count });
  expect((await refreshStack(world.sandbox, run())).changes).toEqual({ same: count });
  const [held] = (await (await world.cloud.rds()).describeDBInstances({})).DBInstances ?? [];
  expect(held).toMatchObject({
    ...{ MultiAZ: true, StorageEncrypted: true, PubliclyAccessible: false, BackupRetentionPeriod: 35 },
    ...{ AutoMinorVersionUpgrade: true, EnabledCloudwatchLogsExports: ["postgresql", "upgrade"] },
  });
});

test("logs kept for less time are the one change", async () => {
  expect((await upStack(world.sandbox, run(180))).changes).toMatchObject({ update: 2 });
  const { logGroups = [] } = await (await world.cloud.logs()).describeLogGroups({});
  expect(logGroups.map((group) => [group.logGroupName, group.retentionInDays])).toEqual([
    ["/aws/rds/instance/region-db/postgresql", 180],
    ["/aws/rds/instance/region-db/upgrade", 180],
  ]);
});

const secrets = async () =>
  ((await (await world.cloud.secrets()).listSecrets({})).SecretList ?? []).map(({ Name }) => Name);

test("a change of the instance keeps its one secret", async () => {
  const before = await secrets();
  expect(before).toHaveLength(1);
  for (const dataProtection of [true, false]) {
    expect((await upStack(world.sandbox, run(180, dataProtection))).changes).toHaveProperty("update");
    expect(await secrets()).toEqual(before);
  }
});

test("destroy leaves neither the instance, nor its secret, nor its database", async () => {
  await destroyStack(world.sandbox, run());
  expect((await (await world.cloud.rds()).describeDBInstances({})).DBInstances ?? []).toEqual([]);
  expect(await secrets()).toEqual([]);
  expect((await (await world.cloud.logs()).describeLogGroups({})).logGroups ?? []).toEqual([]);
  expect(await databaseExists(postgres.administratorOf("postgres"), "biplane")).toBe(false);
});
