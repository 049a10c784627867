import { expect, test } from "vitest";
import type { Package, ResourceType } from "../providers/machine/resource.ts";
import type { Properties } from "../providers/machine/values.ts";
import type { Entry } from "./journal.ts";
import type { StateResource } from "./layout.ts";
import { lateOnes, removeLeftovers } from "./leftovers.ts";

const token = "m:index/thing:Thing";
const urn = `urn:pulumi:s::p::${token}::n`;

/** A service with these objects; unnamed unless `more` says so, and found by all of the inputs. */
function service(objects: Record<string, Properties>, more: Partial<ResourceType> = {}, configured = false) {
  const held = new Map(Object.entries(objects));
  const removed: string[] = [];
  const type: ResourceType = {
    create: async () => "new",
    read: async (id) => {
      const inputs = held.get(id);
      return inputs && { inputs, outputs: {} };
    },
    delete: async (id) => {
      held.delete(id);
      removed.push(id);
    },
    find: async (inputs) => [...held].find(([, own]) => JSON.stringify(own) === JSON.stringify(inputs))?.[0],
    ...more,
  };
  const pkg: Package = { name: "m", version: "1", table: "", invokes: {}, typeOf: () => type };
  return { packages: [configured ? { ...pkg, configure: async () => {} } : pkg], removed };
}

const marked = (id: string, name = "a") => ({ name, tags: { "biplane:intent": id } });
const entry = (id: string, more: Partial<Entry> = {}): Entry => ({ id, urn, inputs: marked(id), ...more });
const recorded = (...ids: string[]) => ({ resources: ids.map((id): StateResource => ({ urn, type: token, id })) });

test("what the state knows stays, answered or found", async () => {
  const { packages, removed } = service({ "id-1": marked("1"), "id-2": marked("2") });
  await removeLeftovers([entry("1", { made: "id-1" }), entry("2")], recorded("id-1", "id-2"), packages);
  expect(removed).toEqual([]);
});

test("what the state does not know goes, the last one first", async () => {
  const { packages, removed } = service({ "id-1": marked("1"), "id-2": marked("2"), "id-3": marked("3") });
  await removeLeftovers([entry("1", { made: "id-1" }), entry("2")], undefined, packages);
  expect(removed).toEqual(["id-2", "id-1"]);
});

test("an object that is to be replaced, and is removed already, does not stand for its successor", async () => {
  const { packages, removed } = service({ a: { name: "a" } });
  const resources = [{ urn, type: token, id: "a", pendingReplacement: true }];
  await removeLeftovers([entry("1", { inputs: { name: "a" } })], { resources }, packages);
  expect(removed).toEqual(["a"]);
});

test("what stood there before the create stays", async () => {
  const { packages, removed } = service({ theirs: { name: "a" } });
  await removeLeftovers([entry("1", { inputs: { name: "a" }, before: "theirs" })], undefined, packages);
  expect(removed).toEqual([]);
});

test("what was looked for in vain is told; what was found or answered is not", async () => {
  const { packages } = service({ "id-1": marked("1"), "id-2": marked("2") });
  const entries = [entry("1"), entry("2"), entry("3", { made: "gone" }), entry("4"), entry("5")];
  expect(await removeLeftovers(entries, recorded("id-2"), packages)).toEqual([entry("4"), entry("5")]);
});

test("what is late is taken for ours by its mark alone", async () => {
  const late = lateOnes([entry("1")], service({}).packages);
  const theirs = service({ theirs: { name: "a" } }, { find: async () => "theirs" });
  expect(await removeLeftovers(late, undefined, theirs.packages)).toEqual(late);
  expect(theirs.removed).toEqual([]);
  const ours = service({ "id-1": marked("1") });
  expect(await removeLeftovers(late, undefined, ours.packages)).toEqual([]);
  expect(ours.removed).toEqual(["id-1"]);
});

test("what has a name is never late: another object could bear it by then", () => {
  expect(lateOnes([entry("1")], service({}, { named: { property: "name" } }).packages)).toEqual([]);
});

test("of a type that takes over what exists, a second create tells the id", async () => {
  const { packages, removed } = service({ new: { name: "a" } }, { find: undefined });
  await removeLeftovers([entry("1")], undefined, packages);
  expect(removed).toEqual(["new"]);
});

test("what the service will not have, or has refused already, does not exist", async () => {
  const refused = Object.assign(new Error("no such bucket"), { $fault: "client" });
  const { packages, removed } = service({}, { find: undefined, create: () => Promise.reject(refused) });
  expect(await removeLeftovers([entry("1")], undefined, packages)).toEqual([]);
  const again = service({ new: { name: "a" } }, { find: undefined });
  await removeLeftovers([entry("1", { failed: true })], undefined, again.packages);
  expect([...removed, ...again.removed]).toEqual([]);
});

test("a package that the engine has yet to configure is left alone", async () => {
  const { packages, removed } = service({ "id-1": marked("1") }, {}, true);
  expect(await removeLeftovers([entry("1")], undefined, packages)).toEqual([]);
  expect(removed).toEqual([]);
});

test("what cannot be removed is named, with the reason and the way out", async () => {
  const { packages } = service({ "id-1": marked("1") }, { delete: () => Promise.reject(new Error("it is in use")) });
  await expect(removeLeftovers([entry("1")], undefined, packages)).rejects.toThrow(
    `${urn} was being made when the last update ended, and what is left of it cannot be removed: it is in use. Remove`,
  );
});
