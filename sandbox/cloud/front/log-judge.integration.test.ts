/** CloudWatch Logs through the front, by sessions of roles as the kit writes them; with an emulator of the test's own. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { renderAdminPolicy } from "../../../components/identity/aws-policies.ts";
import { renderNarrowPolicy } from "../../../components/identity/narrow-roles.ts";
import { cloudWatchLogs } from "../../../services/data/logs/cloudwatch-logs.ts";
import { type Emulated, startEmulated } from "../../engine/testing/emulated.ts";
import { accounts, awsRegion, names } from "../../hosts.ts";
import { ensureAuthority } from "../../pki.ts";
import { Emulator } from "./emulator.ts";
import { serveFront } from "./testing/serve-front.ts";

const operator = { account: accounts.customer, accessKeyId: "AKIACUSTOMER", secretAccessKey: "customer-secret" };
const logGroupName = "/biplane/acme/main";
const logStreamName = "demo-development_r1-a0-0_u/main/0.log";
const scope = { region: awsRegion, account: accounts.customer, logGroup: logGroupName, cluster: "main" };
const buckets = { metadata: "m", fastRegistration: "f" };
const roles: Record<string, object> = {
  shipper: renderNarrowPolicy("log-shipper", { ...scope, shipper: "telegraf" }) ?? {},
  narrow: renderNarrowPolicy("log-shipper", { ...scope, shipper: "fluent-bit" }) ?? {},
  admin: renderAdminPolicy({ ...scope, buckets, secretPrefix: "union/acme" }),
};
const closing: (() => unknown)[] = [];
let world: Emulated;
let clientOf: (role: string, secretAccessKey?: string, sessionToken?: string) => CloudWatchLogs;

beforeAll(async () => {
  world = await startEmulated();
  const iam = await world.cloud.iam();
  for (const [role, policy] of Object.entries(roles)) {
    await iam.createRole({ RoleName: role, AssumeRolePolicyDocument: "{}" });
    await iam.putRolePolicy({ RoleName: role, PolicyName: role, PolicyDocument: JSON.stringify(policy) });
  }
  for (const name of [logGroupName, "/biplane/globex/main"]) {
    await (await world.cloud.logs()).createLogGroup({ logGroupName: name });
  }
  const sessions = join(world.state, "sessions.json");
  const held = [...Object.keys(roles), "executor"].map((who) => {
    const role = who === "executor" ? "admin" : who;
    const userId = `AROAADMIN:${who === "admin" ? "log-provider" : who}`;
    const session = { secretAccessKey: `secret-of-${who}`, sessionToken: `token-of-${who}`, role, userId };
    return [`ASIA${who.toUpperCase()}`, { ...session, expiresAt: Date.now() + 3_600_000 }];
  });
  writeFileSync(sessions, JSON.stringify(held));
  const emulator = new Emulator(Number(new URL(world.endpoint).port));
  await emulator.prepare([operator]);
  const { certificate, key } = await ensureAuthority(world.sandbox.paths);
  const front = await serveFront(
    {
      ...{ address: "127.0.0.1", port: 0, certificate, key, operators: [operator], clusterFacts: {}, sessions },
      ...{
        authority: certificate,
        issuerDocuments: world.state,
        kept: join(world.state, "kept-by-front.json"),
        trail: join(world.state, "trail.jsonl"),
      },
      ports: { objects: 1, emulator: Number(new URL(world.endpoint).port), login: 1, judge: 1, registry: 1 },
    },
    emulator,
  );
  closing.push(front.close);
  const { httpAgent } = front;
  clientOf = (role, secretAccessKey = `secret-of-${role}`, sessionToken = `token-of-${role}`) =>
    new CloudWatchLogs({
      ...{ region: awsRegion, endpoint: `http://${names.aws}`, requestHandler: { httpAgent }, maxAttempts: 1 },
      credentials: { accessKeyId: `ASIA${role.toUpperCase()}`, secretAccessKey, sessionToken },
    });
});
afterAll(async () => {
  for (const close of closing) close();
  await world?.close();
});

const event = { timestamp: Date.now(), message: `${new Date().toISOString()} stdout F said` };

test("the shipper makes a stream and puts events, and the log provider reads them", async () => {
  const shipper = clientOf("shipper");
  const { logGroups = [] } = await shipper.describeLogGroups({ logGroupNamePrefix: logGroupName });
  expect(logGroups.map((group) => group.logGroupName)).toEqual([logGroupName]);
  await shipper.describeLogStreams({ logGroupName, logStreamNamePrefix: logStreamName });
  await shipper.createLogStream({ logGroupName, logStreamName });
  await shipper.putLogEvents({ logGroupName, logStreamName, logEvents: [event] });
  const store = cloudWatchLogs({ client: clientOf("admin"), logGroupName });
  const { signal } = new AbortController();
  const streams = await store.streams({ namespace: "demo-development", pod: "r1-a0-0" }, signal);
  expect(streams.map(({ name }) => name)).toEqual([logStreamName]);
  for await (const { events } of store.pages(logStreamName, undefined, signal)) {
    expect(events).toMatchObject([{ text: event.message }]);
    break;
  }
});

test("neither does the other's work, nor anything in another group", async () => {
  const [shipper, narrow, admin] = ["shipper", "narrow", "admin"].map((role) => clientOf(role));
  const refused = /is not authorized: logs:/;
  await expect(shipper?.getLogEvents({ logGroupName, logStreamName })).rejects.toThrow(refused);
  // The admin role's, in the session of a service that reads no logs.
  await expect(clientOf("executor").getLogEvents({ logGroupName, logStreamName })).rejects.toThrow(refused);
  await expect(shipper?.filterLogEvents({ logGroupName })).rejects.toThrow(refused);
  await expect(narrow?.describeLogGroups({})).rejects.toThrow(refused);
  await expect(admin?.putLogEvents({ logGroupName, logStreamName, logEvents: [event] })).rejects.toThrow(refused);
  const elsewhere = { logGroupName: "/biplane/globex/main", logStreamName };
  await expect(admin?.describeLogStreams(elsewhere)).rejects.toThrow(refused);
  await expect(shipper?.createLogStream(elsewhere)).rejects.toThrow(refused);
  await expect(shipper?.deleteLogGroup({ logGroupName })).rejects.toThrow(/is not authorized/);
});

test("nobody is let in by another's name: neither without the secret, nor the token, nor a session", async () => {
  const ask = (client: CloudWatchLogs) => client.describeLogStreams({ logGroupName });
  await expect(ask(clientOf("admin", "guessed"))).rejects.toThrow(/signature/i);
  await expect(ask(clientOf("admin", undefined, "another"))).rejects.toThrow(/is not authorized/);
  await expect(ask(clientOf("stranger"))).rejects.toThrow(/No session has this key/);
  await expect(ask(clientOf("admin"))).resolves.toBeDefined();
});
