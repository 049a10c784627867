import { expect, it } from "vitest";
import type { Entry, Kept } from "./kept.ts";
import { keptType } from "./kept-type.ts";

it("asks once for what only the API tells of an object, and keeps it over updates and a killed create", async () => {
  const entries = new Map<string, Entry>();
  const kept: Kept = {
    get: (path) => entries.get(path),
    add: (path, entry) => entries.set(path, entry),
    change: (path, entry) => entries.set(path, entry),
    remove: (path) => entries.delete(path),
    under: () => [],
  };
  let asked = 0;
  const { create, update, read } = keptType(kept, {
    pathOf: () => "a",
    entryOf: (inputs) => ({ type: "t", inputs, outputs: { id: "of the table", email: "e" } }),
    answered: async () => ({ id: String(++asked) }),
    stays: false,
  });
  const call = { urn: "", signal: new AbortController().signal };
  const seen = async () => (await read?.("a", call, {}))?.outputs;
  await create({ name: "x" }, call);
  expect(await seen()).toEqual({ id: "1", email: "e" });
  await create({ name: "x" }, call);
  await update?.("a", { name: "y" }, call, {});
  expect([await seen(), asked, entries.get("a")?.inputs]).toEqual([{ id: "1", email: "e" }, 1, { name: "y" }]);
});
