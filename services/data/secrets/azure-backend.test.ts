/** Against a Key Vault in memory; it judges no rights. */
import { beforeEach, describe, expect, it } from "vitest";
import { azureBackend, namesOf } from "./azure-backend.ts";
import { openCatalogue } from "./catalogue.ts";
import { maxValueBytes } from "./secret.ts";
import { backendContract, found, ref, value } from "./testing/backend-contract.ts";
import { keyVault } from "./testing/key-vault.ts";
import { type MemoryShards, memoryShards } from "./testing/memory-shards.ts";

let vault: ReturnType<typeof keyVault>;
let shards: MemoryShards;

beforeEach(() => {
  vault = keyVault("biplane-acme");
  shards = memoryShards();
});

const opened = () =>
  azureBackend({
    ...{ azure: vault.client, catalogue: openCatalogue(shards), now: () => 1_000 },
    ...{ vault: "biplane-acme", prefix: "union--acme--" },
  });
const values = () => [...vault.held.values()].filter((one) => one !== undefined);

backendContract(opened);

describe("the backend in Key Vault", () => {
  it("keeps the value there, tells whose it is, and keeps only its name in the cluster", async () => {
    await opened().create(ref, value);
    expect(values()).toEqual([{ value: value.toString("base64"), tags: { project: "demo", domain: "", name: "key" } }]);
    expect(JSON.stringify([...shards.held.values()])).not.toContain(value.toString("base64"));
  });

  it("keeps the longest value that there may be, and an empty one", async () => {
    const backend = opened();
    for (const bytes of [Buffer.alloc(maxValueBytes, 0xab), Buffer.alloc(0)]) {
      await backend.create(ref, bytes);
      expect(Buffer.from((await backend.read(await found(backend))) ?? "none").equals(bytes)).toBe(true);
      await backend.remove(ref);
    }
    expect(values()).toEqual([]);
  });

  it("deletes a value that was replaced, once the new one is the secret's, and uses no name again", async () => {
    const backend = opened();
    await backend.create(ref, value);
    const first = await found(backend);
    await backend.update(ref, Buffer.from("new"));
    expect(values()).toHaveLength(1);
    expect(await backend.read(first)).toBeUndefined();
    await backend.remove(ref);
    expect(await backend.create(ref, value)).toBe(true);
    expect(vault.held.size).toBe(3);
  });

  it("leaves nothing of a value that lost to another one's creation", async () => {
    const catalogue = openCatalogue(shards);
    const slow = azureBackend({
      ...{ azure: vault.client, vault: "biplane-acme", prefix: "union--acme--" },
      catalogue: { ...catalogue, find: async () => undefined },
    });
    await opened().create(ref, value);
    expect(await slow.create(ref, Buffer.from("late"))).toBe(false);
    expect(values()).toHaveLength(1);
    expect(Buffer.from((await opened().read(await found(opened()))) ?? [])).toEqual(value);
  });

  it.each([
    [429, "busy"],
    [403, "unreachable"],
    [500, "unreachable"],
  ])("says that it cannot, on %d: %s, without a value", async (status, reason) => {
    vault.fail(status, 3);
    const refused = await opened()
      .create(ref, Buffer.from("a-seeded-value"))
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: "BackendError", reason });
    expect(String(refused)).not.toMatch(/a-seeded-value|YS1zZWVkZWQ/);
    expect(await opened().find(ref)).toBeUndefined();
  });
});

it("names of secrets are what a vault takes, whatever they are of", () => {
  const long = { project: "p".repeat(63), domain: "d".repeat(63), name: "n_".repeat(126) };
  for (const name of namesOf(`union--${"o".repeat(63)}--`, long, "0123456789abcdef 4")) {
    expect(name).toMatch(/^[0-9a-zA-Z-]{1,127}$/);
  }
});
