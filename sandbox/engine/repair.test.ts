import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { paths } from "../paths.ts";
import type { Package } from "../providers/machine/resource.ts";
import { type Entry, keepInJournal, readJournal } from "./journal.ts";
import { type StackLayout, stackLayout } from "./layout.ts";
import { closeJournal, repair } from "./repair.ts";

let state: string;
let layout: StackLayout;
let held: Set<string>;
let calls: string[];
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "biplane-repair-"));
  layout = stackLayout(paths({ BIPLANE_STATE: state }), "s");
  [held, calls] = [new Set(), []];
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

/** A service whose objects have their intent's id. */
const packages: Package[] = [
  {
    ...{ name: "m", version: "1", table: "", invokes: {} },
    typeOf: () => ({
      create: async () => "",
      find: async ({ tags }) =>
        [...held].find((id) => JSON.stringify(tags) === JSON.stringify({ "biplane:intent": id })),
      read: async (id) => (held.has(id) ? { inputs: { tags: { "biplane:intent": id } }, outputs: {} } : undefined),
      delete: async (id) => void held.delete(id),
    }),
  },
];
const stack = {
  cancel: async () => void calls.push("cancel"),
  exportStack: async () => ({ version: 3, deployment: { pending_operations: [{}] } }),
  importStack: async ({ deployment }: { deployment: object }) => void calls.push(JSON.stringify(deployment)),
};
const urn = "urn:pulumi:s::p::m:index/thing:Thing::n";
const entry = (id: string): Entry => ({ id, urn, inputs: { tags: { "biplane:intent": id } } });
const settle = async () => void calls.push("settle");

test("with nothing to mend nobody is asked and nothing is waited for", async () => {
  await repair(stack, layout, packages, settle);
  expect(calls).toEqual([]);
  expect(existsSync(join(layout.folder, "journal.jsonl"))).toBe(false);
});

test("what was answered needs no settled moment", async () => {
  held.add("a");
  keepInJournal(layout, [{ ...entry("a"), made: "a" }]);
  await repair(stack, layout, packages, settle);
  expect([...held, ...calls]).toEqual([]);
  expect(readJournal(layout)).toEqual([]);
});

test("a request of the dead that the cloud carries out between two looks leaves nothing", async () => {
  keepInJournal(layout, [entry("a")]);
  await repair(stack, layout, packages, async () => {
    calls.push("settle");
    if (calls.length === 2) held.add("a");
  });
  expect(calls).toEqual(["settle", "settle"]);
  expect([...held, ...readJournal(layout)]).toEqual([]);
});

test("one that is later still is removed when the next operation has ended", async () => {
  keepInJournal(layout, [entry("a"), entry("b")]);
  await repair(stack, layout, packages, settle);
  expect(readJournal(layout)).toEqual([
    { ...entry("a"), late: true },
    { ...entry("b"), late: true },
  ]);
  held.add("a");
  await closeJournal(layout, packages);
  expect([...held, ...readJournal(layout)]).toEqual([]);
});

test("the engine's lock and its pending operations are lifted", async () => {
  mkdirSync(layout.locksFolder, { recursive: true });
  writeFileSync(join(layout.locksFolder, "lock.json"), "{}");
  mkdirSync(dirname(layout.stateFile), { recursive: true });
  const latest = { pending_operations: [{ type: "creating", resource: { urn, type: "m:index/thing:Thing" } }] };
  writeFileSync(layout.stateFile, JSON.stringify({ checkpoint: { latest } }));
  await repair(stack, layout, packages, settle);
  expect(calls).toEqual(["cancel", '{"pending_operations":[]}']);
});
