/** What every backend keeps, asserted alike on each. */
import { describe, expect, it } from "vitest";
import type { SecretBackend, SecretRecord } from "../backend.ts";
import type { SecretRef } from "../secret.ts";

export const ref: SecretRef = { project: "demo", domain: "", name: "key" };
export const value = Buffer.from([0, 1, 2, 0xff]);

export async function found(backend: SecretBackend): Promise<SecretRecord> {
  return (await backend.find(ref)) ?? expect.unreachable("the secret is not there");
}

/** @param opened the test's own, empty, whose clock stands at 1000 */
export function backendContract(opened: () => SecretBackend): void {
  const read = async (backend: SecretBackend, record: SecretRecord) => {
    const bytes = await backend.read(record);
    return bytes && Buffer.from(bytes);
  };

  describe("a backend of secrets", () => {
    it("tells a secret by name, time and version, and its value to who reads it", async () => {
      const backend = opened();
      expect([await backend.find(ref), await backend.list()]).toEqual([undefined, []]);
      expect(await backend.create(ref, value)).toBe(true);
      const record = { ...ref, createdAt: 1_000, version: expect.any(String) };
      expect(await backend.list()).toEqual([record]);
      expect(await found(backend)).toEqual(record);
      expect(await read(backend, await found(backend))).toEqual(value);
    });

    it("creates a name once, changes what is there, and deletes for good", async () => {
      const backend = opened();
      expect([await backend.update(ref, value), await backend.remove(ref)]).toEqual([false, false]);
      await backend.create(ref, value);
      expect(await backend.create(ref, Buffer.from("other"))).toBe(false);
      const first = await found(backend);
      expect(await backend.update(ref, Buffer.from("new"))).toBe(true);
      const second = await found(backend);
      expect([second.version === first.version, second.createdAt]).toEqual([false, 1_000]);
      expect((await read(backend, second))?.toString()).toBe("new");
      expect(await backend.remove(ref)).toBe(true);
      expect([await backend.find(ref), await backend.list(), await read(backend, second)]).toEqual([
        undefined,
        [],
        undefined,
      ]);
    });

    it("gives a secret that is made anew another version than it ever had", async () => {
      const backend = opened();
      const versions = new Set<string>();
      for (const text of ["a", "b", "c"]) {
        await backend.create(ref, Buffer.from(text));
        versions.add((await found(backend)).version);
        await backend.remove(ref);
      }
      expect(versions.size).toBe(3);
    });

    it("keeps scopes apart", async () => {
      const backend = opened();
      const scopes = [ref, { ...ref, domain: "x" }, { ...ref, project: "" }, { ...ref, project: "", domain: "demo" }];
      for (const [at, scope] of scopes.entries()) await backend.create(scope, Buffer.from(`${at}`));
      for (const [at, scope] of scopes.entries()) {
        const record = (await backend.find(scope)) ?? expect.unreachable("the secret is not there");
        expect((await read(backend, record))?.toString()).toBe(`${at}`);
      }
      expect(await backend.list()).toHaveLength(scopes.length);
    });
  });
}
