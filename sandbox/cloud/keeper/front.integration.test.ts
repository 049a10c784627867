/** The keeper behind the cloud's front, as in a local run: an emulator of the test's own, no planes needed. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { EKS } from "@aws-sdk/client-eks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Emulated, startEmulated } from "../../engine/testing/emulated.ts";
import { accounts, awsRegion, names } from "../../hosts.ts";
import type { FrontConfig } from "../front/config.ts";
import { Emulator } from "../front/emulator.ts";
import { serveFront } from "../front/testing/serve-front.ts";

let world: Emulated;
let config: FrontConfig;
const closing: (() => void)[] = [];

const operators = [
  { account: accounts.region, accessKeyId: "AKIAREGION", secretAccessKey: "region-secret" },
  { account: accounts.customer, accessKeyId: "AKIACUSTOMER", secretAccessKey: "customer-secret" },
];

beforeAll(async () => {
  world = await startEmulated();
  const authority = join(world.state, "authority.pem");
  writeFileSync(authority, "");
  config = {
    address: "127.0.0.1",
    port: 0,
    certificate: authority,
    key: authority,
    authority,
    operators,
    ports: { objects: 1, emulator: Number(new URL(world.endpoint).port), login: 1, judge: 1, registry: 1 },
    issuerDocuments: world.state,
    clusterFacts: {},
    sessions: join(world.state, "sessions.json"),
    kept: join(world.state, "front-kept.json"),
    trail: join(world.state, "trail.jsonl"),
  };
});
afterAll(() => {
  for (const close of closing) close();
  return world?.close();
});

/** Starts a front and answers clients that reach it by the cloud's own name, which signatures cover. */
async function startFront() {
  const emulator = new Emulator(config.ports.emulator);
  await emulator.prepare(operators);
  const { httpAgent, close } = await serveFront(config, emulator);
  closing.push(close);
  return (credentials: { accessKeyId: string; secretAccessKey: string }) =>
    new EKS({ region: awsRegion, endpoint: `http://${names.aws}`, credentials, requestHandler: { httpAgent } });
}

test("what an operator configures is kept before the emulator, for its account, and outlives the front", async () => {
  const client = await startFront();
  const [region, customer] = operators.map(client);
  const clusterName = "fronted";
  const vpc = { subnetIds: ["subnet-1"] };
  await customer?.createCluster({
    name: clusterName,
    roleArn: "arn:aws:iam::222222222222:role/x",
    resourcesVpcConfig: vpc,
  });
  await customer?.createAddon({ clusterName, addonName: "coredns", addonVersion: "v1.12.4-eksbuild.1" });
  // The test's emulator puts every caller into one account; what is kept is apart all the same.
  expect((await region?.listAddons({ clusterName }))?.addons).toEqual([]);
  // Not the emulator's doing: asked directly, it knows of none.
  expect((await (await world.cloud.eks()).listAddons({ clusterName })).addons).toEqual([]);

  const again = (await startFront())({ accessKeyId: "AKIACUSTOMER", secretAccessKey: "customer-secret" });
  expect((await again.listAddons({ clusterName })).addons).toEqual(["coredns"]);
});

test("nothing is kept for a caller whose signature is not genuine, or who is no operator", async () => {
  const client = await startFront();
  const forged = client({ accessKeyId: "AKIACUSTOMER", secretAccessKey: "guess" });
  await expect(forged.listAddons({ clusterName: "fronted" })).rejects.toMatchObject({ name: "SignatureDoesNotMatch" });
  const session = client({ accessKeyId: "ASIASESSION", secretAccessKey: "any" });
  await expect(session.listAddons({ clusterName: "fronted" })).rejects.toMatchObject({ name: "AccessDenied" });
});
