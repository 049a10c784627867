/** Against a Secret Manager in memory; it judges no IAM. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openCatalogue } from "./catalogue.ts";
import { type GcpBackendOptions, gcpBackend, secretId } from "./gcp-backend.ts";
import { backendContract, found, ref, value } from "./testing/backend-contract.ts";
import { type MemoryShards, memoryShards } from "./testing/memory-shards.ts";
import { type SecretManagerStandIn, startSecretManager } from "./testing/secret-manager.ts";

const keyName = "projects/acme-data/locations/europe-west4/keyRings/main/cryptoKeys/secrets";
const id = "union_acme_demo__key";
let standIn: SecretManagerStandIn;
let shards: MemoryShards;

beforeAll(async () => {
  standIn = await startSecretManager("acme-data");
});
afterAll(() => standIn.close());
beforeEach(() => {
  standIn.secrets.clear();
  standIn.asked.length = 0;
  shards = memoryShards();
});

const opened = (more: Partial<GcpBackendOptions> = {}) =>
  gcpBackend({
    ...{ google: standIn.client, catalogue: openCatalogue(shards), project: "acme-data", now: () => 1_000 },
    ...{ prefix: "union_acme_", region: "europe-west4", keyName },
    ...more,
  });
const states = () => standIn.secrets.get(id)?.versions.map(({ state }) => state);

backendContract(opened);

describe("the backend in Secret Manager", () => {
  it("keeps a value under the plane's key, in its region alone, and only its name in the cluster", async () => {
    await opened().create(ref, value);
    const replica = { location: "europe-west4", customerManagedEncryption: { kmsKeyName: keyName } };
    expect(standIn.secrets.get(id)?.replication).toEqual({ userManaged: { replicas: [replica] } });
    expect(JSON.stringify([...shards.held.values()])).not.toContain(value.toString("base64"));
  });

  it("destroys a value that was replaced, once the new one is the secret's", async () => {
    const backend = opened();
    await backend.create(ref, value);
    const first = await found(backend);
    await backend.update(ref, Buffer.from("new"));
    expect(states()).toEqual(["DESTROYED", "ENABLED"]);
    expect(await backend.read(first)).toBeUndefined();
  });

  it("takes over what an interrupted creation left, which was no secret yet", async () => {
    standIn.secrets.set(id, { name: `projects/123456/secrets/${id}`, replication: {}, versions: [] });
    const backend = opened();
    expect(await backend.find(ref)).toBeUndefined();
    expect(await backend.create(ref, value)).toBe(true);
    expect(Buffer.from((await backend.read(await found(backend))) ?? [])).toEqual(value);
  });

  it("asks for no list, and adds no value twice when the answer is lost", async () => {
    const backend = opened();
    await backend.create(ref, value);
    await backend.list();
    standIn.fail(503, 1);
    await expect(backend.update(ref, value)).rejects.toMatchObject({ name: "BackendError", reason: "unreachable" });
    expect(standIn.asked).toEqual([
      `POST /v1/projects/acme-data/secrets?secretId=${id}`,
      `POST /v1/projects/acme-data/secrets/${id}:addVersion`,
    ]);
  });

  it.each([
    [429, "busy"],
    [403, "unreachable"],
    [500, "unreachable"],
  ])("says that it cannot, on %d: %s, without a value", async (status, reason) => {
    standIn.fail(status, 1);
    const refused = await opened()
      .create(ref, Buffer.from("a-seeded-value"))
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: "BackendError", reason });
    expect(String(refused)).not.toContain("a-seeded-value");
    expect(standIn.secrets.size).toBe(0);
  });
});

describe("the id of a secret", () => {
  const long = { project: "p".repeat(63), domain: "d".repeat(63), name: "n".repeat(253) };

  it("is never another's, whatever scopes and names there are", () => {
    const names = ["a", "_a", "__a", "a_b", "H_a", "n".repeat(253), `n${"n".repeat(251)}m`];
    const scopes = ["", "a", "b", "a-b", "p".repeat(63)];
    const all = scopes.flatMap((project) =>
      scopes.flatMap((domain) => names.map((name) => ({ project, domain, name }))),
    );
    const ids = all.map((each) => secretId("union_acme_", each));
    expect(new Set(ids).size).toBe(all.length);
    expect(ids.filter((each) => !/^union_acme_[\w-]+$/.test(each) || each.length > 255)).toEqual([]);
  });

  it("is readable while it can be, and a hash where it would be too long", () => {
    expect(secretId("union_acme_", { project: "", domain: "", name: "key" })).toBe("union_acme___key");
    expect(secretId("union_acme_", long)).toMatch(/^union_acme_H_[0-9a-f]{64}$/);
  });
});
