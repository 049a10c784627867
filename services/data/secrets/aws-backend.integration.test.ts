/** Against an emulated Secrets Manager of the test's own; no planes needed. It judges no policies. */
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Emulated, startEmulated } from "../../../sandbox/engine/testing/emulated.ts";
import { accounts } from "../../../sandbox/hosts.ts";
import { awsBackend } from "./aws-backend.ts";
import type { SecretBackend } from "./backend.ts";
import { openCatalogue } from "./catalogue.ts";
import { backendContract, found, ref, value } from "./testing/backend-contract.ts";
import { type MemoryShards, memoryShards } from "./testing/memory-shards.ts";

const id = "union/acme/demo/_/key";
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

backendContract(() => backend);

describe("the backend in AWS Secrets Manager", () => {
  it("keeps a value there, under the plane's key and policy, and only its name in the cluster", async () => {
    expect(await backend.create(ref, value)).toBe(true);
    const described = await secrets.describeSecret({ SecretId: id });
    expect([described.KmsKeyId, described.ARN?.split(":")[4]]).toEqual([keyArn, accounts.customer]);
    const { ResourcePolicy = "{}" } = await secrets.getResourcePolicy({ SecretId: id });
    expect(JSON.parse(ResourcePolicy)).toEqual(JSON.parse(resourcePolicy));
    expect(JSON.stringify([...shards.held.values()])).not.toContain(value.toString("base64"));
  });

  it("leaves nothing of a secret that is deleted", async () => {
    await backend.create(ref, value);
    await backend.remove(ref);
    await expect(secrets.describeSecret({ SecretId: id })).rejects.toThrow(/can't find/);
  });

  it("takes over what an interrupted creation left, which was no secret yet", async () => {
    await secrets.createSecret({ Name: id, SecretString: "left" });
    expect(await backend.find(ref)).toBeUndefined();
    expect(await backend.create(ref, value)).toBe(true);
    expect(Buffer.from((await backend.read(await found(backend))) ?? [])).toEqual(value);
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
