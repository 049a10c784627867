/** The trail behind the cloud's front, with an emulator of the test's own: what is asked of IAM, and who is told to have asked. */
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloudTrail } from "@aws-sdk/client-cloudtrail";
import { IAM } from "@aws-sdk/client-iam";
import { STS } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rolesMadeByCustomer } from "../../../verify/checks/iam-15-who-made-roles.ts";
import { attempt } from "../../../verify/collect/attempt.ts";
import { readRoleCreations } from "../../../verify/collect/role-creations.ts";
import { judge } from "../../../verify/runner.ts";
import type { Target } from "../../../verify/target.ts";
import { goodTarget } from "../../../verify/testing/good-plane.ts";
import { type Emulated, startEmulated } from "../../engine/testing/emulated.ts";
import { accounts, awsRegion, names, operatorRole } from "../../hosts.ts";
import type { FrontConfig, Operator } from "../front/config.ts";
import { Emulator } from "../front/emulator.ts";
import { serveFront } from "../front/testing/serve-front.ts";

const customer = { account: accounts.customer, accessKeyId: "AKIACUSTOMER", secretAccessKey: "customer-secret" };
const region = { account: accounts.region, accessKeyId: "AKIAREGION", secretAccessKey: "region-secret" };
// The test's emulator puts both into the customer's account: whose role comes first is there.
const operators = [customer, region];
const trusting = (AWS: string) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS }, Action: "sts:AssumeRole" }],
  });
const trust = trusting(accounts.customer);

let world: Emulated;
let config: FrontConfig;
const closing: (() => void)[] = [];

beforeAll(async () => {
  world = await startEmulated();
  const authority = join(world.state, "authority.pem");
  writeFileSync(authority, "");
  config = {
    ...{ address: "127.0.0.1", port: 0, certificate: authority, key: authority, authority, operators },
    ports: { objects: 1, emulator: Number(new URL(world.endpoint).port), login: 1, judge: 1, registry: 1 },
    ...{ issuerDocuments: world.state, clusterFacts: {}, sessions: join(world.state, "sessions.json") },
    ...{ kept: join(world.state, "front-kept.json"), trail: join(world.state, "trail.jsonl") },
  };
});
afterAll(() => {
  for (const close of closing) close();
  return world?.close();
});

async function startFront() {
  const emulator = new Emulator(config.ports.emulator);
  await emulator.prepare(operators);
  const { httpAgent, close } = await serveFront(config, emulator);
  closing.push(close);
  return (credentials: Operator = customer) => {
    const common = { endpoint: `http://${names.aws}`, requestHandler: { httpAgent }, maxAttempts: 1, credentials };
    return {
      iam: new IAM({ region: awsRegion, ...common }),
      sts: new STS({ region: awsRegion, ...common }),
      trails: new CloudTrail({ region: "us-east-1", ...common }),
    };
  };
}

const made = (iam: IAM, RoleName: string) => iam.createRole({ RoleName, AssumeRolePolicyDocument: trust });

const behind = () =>
  new IAM({ region: awsRegion, endpoint: world.endpoint, credentials: { accessKeyId: "a", secretAccessKey: "b" } });

const byRole = (name: string) => ({
  LookupAttributes: [{ AttributeKey: "ResourceName" as const, AttributeValue: name }],
});

/** A plane whose roles no other test has made. */
function planeOfItsOwn(): Target {
  const [admin, user] = ["admin", "user"].map((kind) => `${kind}-${randomUUID()}`) as [string, string];
  return { ...goodTarget, account: accounts.customer, roles: { admin, user } };
}

async function verdict(clients: { iam: IAM; trails: CloudTrail }, customer: Target) {
  const { admin, user } = customer.roles;
  const fact = await attempt("lookup-events", () => readRoleCreations(clients, [admin, user]));
  return judge(rolesMadeByCustomer, { roleCreations: fact }, { customer });
}

test("the roles that an operator makes are told to be that operator's, and pass as the customer's own", async () => {
  const target = planeOfItsOwn();
  const { iam, sts, trails } = (await startFront())();
  for (const name of Object.values(target.roles)) await made(iam, name);
  const { Events = [] } = await trails.lookupEvents(byRole(target.roles.admin));
  const { Role } = await iam.getRole({ RoleName: target.roles.admin });
  const { Role: own } = await iam.getRole({ RoleName: "operator" });
  const { Arn: caller } = await sts.getCallerIdentity({});
  expect(Events).toHaveLength(1);
  expect(JSON.parse(Events[0]?.CloudTrailEvent ?? "")).toMatchObject({
    userIdentity: {
      arn: caller,
      sessionContext: { sessionIssuer: { arn: operatorRole(accounts.customer), principalId: own?.RoleId } },
    },
    requestParameters: { roleName: target.roles.admin },
    responseElements: { role: { roleId: Role?.RoleId, arn: Role?.Arn } },
  });
  expect(await verdict({ iam, trails }, target)).toMatchObject({ outcome: "PASS", inspected: [{}, {}] });
  // The trail outlives the front, and is of one account alone.
  const again = await startFront();
  expect(await verdict(again(), target)).toMatchObject({ outcome: "PASS" });
  expect((await again(region).trails.lookupEvents(byRole(target.roles.admin))).Events).toEqual([]);
});

test("a call that failed is told with its error, a look is not told at all, and pages meet", async () => {
  const { iam, trails } = (await startFront())();
  const RoleName = planeOfItsOwn().roles.user;
  await made(iam, RoleName);
  await expect(made(iam, RoleName)).rejects.toThrow();
  await iam.getRole({ RoleName });
  await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: trust });
  const seen: unknown[] = [];
  let NextToken: string | undefined;
  do {
    const page = await trails.lookupEvents({ ...byRole(RoleName), MaxResults: 2, NextToken });
    seen.push(...(page.Events ?? []).map(({ CloudTrailEvent = "" }) => JSON.parse(CloudTrailEvent)));
    NextToken = page.NextToken;
  } while (NextToken);
  expect(seen).toMatchObject([
    { eventName: "UpdateAssumeRolePolicy", requestParameters: { policyDocument: trust } },
    { eventName: "CreateRole", errorCode: expect.stringMatching(/^EntityAlreadyExists/), responseElements: null },
    { eventName: "CreateRole", responseElements: { role: { roleName: RoleName } } },
  ]);
});

test("no role passes whose maker another account could have been, nor one that came by another way", async () => {
  const target = planeOfItsOwn();
  const { iam, trails } = (await startFront())();
  for (const name of Object.values(target.roles)) await made(iam, name);
  const open = (to: string) => iam.updateAssumeRolePolicy({ RoleName: "operator", PolicyDocument: trusting(to) });
  await open(operatorRole(accounts.region));
  expect(await verdict({ iam, trails }, target)).toMatchObject({ outcome: "FAIL" });
  await open(accounts.customer);
  expect(await verdict({ iam, trails }, target)).toMatchObject({ outcome: "PASS" });

  const RoleName = target.roles.user;
  await iam.deleteRole({ RoleName });
  // Straight into the emulator, so that nothing of it is recorded.
  await made(behind(), RoleName);
  expect(await verdict({ iam, trails }, target)).toEqual({
    outcome: "NOT_EVALUATED",
    reason: expect.stringMatching(/NotTold: no call that made user-\S+ \(\w+\) at /),
  });
});

test("a trail of the region's audit is the emulator's matter as before", async () => {
  const { trails } = (await startFront())(region);
  // It has no such bucket: an answer of the emulator's, and of nobody before it.
  await expect(trails.createTrail({ Name: "audit", S3BucketName: "records" })).rejects.toMatchObject({
    name: "S3BucketDoesNotExistException",
  });
  expect((await trails.describeTrails({})).trailList).toEqual([]);
});
