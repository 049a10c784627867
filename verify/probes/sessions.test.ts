import { describe, expect, it } from "vitest";
import { goodTarget } from "../testing/good-plane.ts";
import { type Place, type Store, useStore } from "./sessions.ts";

type Action = keyof Store;

/** A store of one map; `may` says what somebody may do with a key. */
function storeFor(held: Set<string>, may: (action: Action, key: string) => boolean): Store {
  const call =
    (action: Action) =>
    async ({ bucket, key }: Place) => {
      const name = `${bucket}/${key}`;
      // As real ones: who may not list is not told what is missing.
      if (!may(action, key) || (action === "get" && !held.has(name))) return { allowed: false, told: "AccessDenied" };
      if (action === "put") held.add(name);
      if (action === "delete") held.delete(name);
      return { allowed: true, told: "done" };
    };
  return { put: call("put"), get: call("get"), delete: call("delete") };
}

describe("a task's session in the store", () => {
  const account = { namespace: "demo-development", name: "default" };
  const isOwn = (key: string) => key.startsWith("acme/demo/development/");
  const tryAs = async (may: (action: Action, key: string) => boolean) => {
    const held = new Set<string>();
    const platform = storeFor(held, () => true);
    const found = await useStore(goodTarget, account, storeFor(held, may), platform);
    const allowed = found
      .filter((one) => one.allowed)
      .map(({ bucket, place, action }) => `${bucket} ${place} ${action}`);
    return { allowed, left: [...held] };
  };
  const own = ["put", "get", "delete"].map((action) => `own ${action}`);
  const both = (what: string[]) =>
    ["acme-metadata", "acme-fast-reg"].flatMap((name) => what.map((one) => `${name} ${one}`));

  it("works on its own object, and nothing is left of it or of the neighbour's", async () => {
    expect(await tryAs((_, key) => isOwn(key))).toEqual({ allowed: both(own), left: [] });
  });

  it("is seen to read next door, by an object that is there", async () => {
    const { allowed, left } = await tryAs((action, key) => isOwn(key) || action === "get");
    expect(allowed).toEqual(both([...own, "next door get"]));
    expect(left).toEqual([]);
  });

  it("is not judged where the platform can put nothing there", async () => {
    const nobody = storeFor(new Set(), () => false);
    await expect(useStore(goodTarget, account, nobody, nobody)).rejects.toThrow(
      /cannot put an object into acme-metadata/,
    );
  });
});
