/** Against an emulated Secrets Manager of the test's own; no planes needed. It judges no policies. */
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Emulated, startEmulated } from "../../../sandbox/engine/testing/emulated.ts";
import { accounts } from "../../../sandbox/hosts.ts";
import { awsBackend } from "./aws-backend.ts";
import type { SecretBackend } from "./backend.ts";
import { openCatalogue } from "./catalogue.ts";
import { type MemoryShards, memoryShards } from "./testing/memory-shards.ts";

const ref = { project: "demo", domain: "", name: "key" };
const id = "union/acme/demo/_/key";
const value = Buffer.from([0, 1, 2, 0xff]);
const resourcePolicy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Deny", Principal: "*", Action: "secretsmanager:GetSecretValue", Resource: "*" }],
});
let world: Emulated;
let secrets: Awaited<ReturnType<Emulated["cloud"]["secrets"]>>;
let keyArn: string;
let shards: MemoryShards;
let backend: SecretBackend;

beforeAll(async () => {
  world = await startEmulated();
  secrets = await world.cloud.secrets();
  const { KeyMetadata } = await (await world.cloud.kms()).createKey({});
  keyArn = KeyMetadata?.Arn ?? "";
});
afterAll(() => world?.close());

beforeEach(async () => {
  shards = memoryShards();
  backend = opened(secrets);
  for (const { ARN } of (await secrets.listSecrets({})).SecretList ?? []) {
    await secrets.deleteSecret({ SecretId: ARN, ForceDeleteWithoutRecovery: true });
  }
});

function opened(client: SecretsManagerClient): SecretBackend {
  return awsBackend({
    client,
    catalogue: openCatalogue(shards),
    prefix: "union/acme/",
    keyArn,
    resourcePolicy,
    now: () => 1_000,
  });
}

async function found() {
  const record = await backend.find(ref);
  if (!record) throw new Error("the secret is not there");
  return record;
}

describe("the backend in AWS Secrets Manager", () => {
  it("keeps a value there, under the plane's key and policy, and only its name in the cluster", async () => {
    expect(await backend.create(ref, value)).toBe(true);
    const described = await secrets.describeSecret({ SecretId: id });
    expect([described.KmsKeyId, described.ARN?.split(":")[4]]).toEqual([keyArn, accounts.customer]);
    const { ResourcePolicy = "{}" } = await secrets.getResourcePolicy({ SecretId: id });
    expect(JSON.parse(ResourcePolicy)).toEqual(JSON.parse(resourcePolicy));
    expect(await backend.list()).toEqual([{ ...ref, createdAt: 1_000, version: expect.any(String) }]);
    expect(Buffer.from((await backend.read(await found())) ?? [])).toEqual(value);
    expect(JSON.stringify([...shards.held.values()])).not.toContain(value.toString("base64"));
  });

  it("creates a name once, changes what is there, and deletes for good", async () => {
    expect(await backend.update(ref, value)).toBe(false);
    expect(await backend.remove(ref)).toBe(false);
    await backend.create(ref, value);
    expect(await backend.create(ref, Buffer.from("other"))).toBe(false);
    const first = await found();
    expect(await backend.update(ref, Buffer.from("new"))).toBe(true);
    const second = await found();
    expect(second.version).not.toBe(first.version);
    expect(Buffer.from((await backend.read(second)) ?? []).toString()).toBe("new");
    expect(await backend.remove(ref)).toBe(true);
    expect([await backend.list(), await backend.read(second)]).toEqual([[], undefined]);
    await expect(secrets.describeSecret({ SecretId: id })).rejects.toThrow(/can't find/);
    expect(await backend.create(ref, value)).toBe(true);
  });

  it("takes over what an interrupted creation left, which was no secret yet", async () => {
    await secrets.createSecret({ Name: id, SecretString: "left" });
    expect(await backend.find(ref)).toBeUndefined();
    expect(await backend.create(ref, value)).toBe(true);
    expect(Buffer.from((await backend.read(await found())) ?? [])).toEqual(value);
  });

  it("says that the cloud cannot be reached, without a value", async () => {
    const lost = { region: "us-east-2", endpoint: "http://127.0.0.1:9", maxAttempts: 1 };
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const nowhere = opened(new SecretsManagerClient({ ...lost, credentials }));
    const refused = await nowhere.create(ref, Buffer.from("a-seeded-value")).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: "BackendError", reason: "unreachable" });
    expect(String(refused)).not.toContain("a-seeded-value");
  });
});
