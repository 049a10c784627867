import { expect, test } from "vitest";
import { type Intent, type Journal, typeInUrn } from "./journal.ts";
import { create, read } from "./lifecycle.ts";
import type { ResourceType } from "./resource.ts";
import { type Properties, Secret } from "./values.ts";

const call = { urn: "urn:pulumi:s::p::a:b:Parent$m:index/thing:Thing::n", signal: AbortSignal.timeout(1000) };

/** A service that keeps what it was given by id, and a journal that tells in which order the two were called. */
function world(more: Partial<ResourceType> = {}) {
  const held = new Map<string, Properties>();
  const order: string[] = [];
  const intents: Intent[] = [];
  const type: ResourceType = {
    create: async (inputs) => {
      order.push("create");
      held.set("id-1", inputs);
      return "id-1";
    },
    read: async (id) => {
      const inputs = held.get(id);
      return inputs && { inputs, outputs: {} };
    },
    delete: async () => {},
    find: async ({ name }) => [...held].find(([, inputs]) => inputs.name === name)?.[0],
    ...more,
  };
  const journal: Journal = {
    async record(intent, make) {
      order.push("intent");
      intents.push(intent);
      const made = await make();
      order.push(`made ${made.id}`);
      return made;
    },
  };
  return { type, journal, held, order, intents };
}

test("the intent is written before the create, and the id after it", async () => {
  const { type, journal, order } = world();
  await create(type, { name: "a" }, call, journal);
  expect(order).toEqual(["intent", "create", "made id-1"]);
});

test("what has no name gets a mark that is no other's, and the intent knows it", async () => {
  const { type, journal, held, intents } = world();
  await create(type, { name: "a", tags: { own: "1" } }, call, journal);
  expect(held.get("id-1")).toEqual({ name: "a", tags: { own: "1", "biplane:intent": intents[0]?.id } });
  expect(intents[0]?.inputs).toEqual(held.get("id-1"));
});

test("what has a name, or cannot be looked for, is made as it was asked for", async () => {
  for (const more of [{ named: { property: "name" } }, { find: undefined }]) {
    const { type, journal, held } = world(more);
    await create(type, { name: "a" }, call, journal);
    expect(held.get("id-1")).toEqual({ name: "a" });
  }
});

test("nobody sees the mark: not the state, no refresh, no import", async () => {
  const { type, journal } = world();
  for (const inputs of [{ name: "a" }, { name: "a", tags: { own: "1" } }]) {
    const { id, outputs } = await create(type, inputs, call, journal);
    expect(outputs).toEqual(inputs);
    expect(await read(type, id, inputs, outputs, call)).toMatchObject({ inputs, outputs: inputs });
    expect((await read(type, id, {}, {}, call))?.inputs).toEqual(inputs);
  }
});

test("an object that stood there before is noted, so that it is not taken for ours", async () => {
  const { type, journal, held, intents } = world();
  await create(type, { name: "b" }, call, journal);
  held.set("theirs", { name: "a" });
  await create(type, { name: "a" }, call, journal);
  expect(intents.map(({ before }) => before)).toEqual([undefined, "theirs"]);
});

test("a create that fails is not answered as made", async () => {
  const { type, journal, order } = world({ create: () => Promise.reject(new Error("no")) });
  await expect(create(type, { name: "a" }, call, journal)).rejects.toThrow("no");
  expect(order).toEqual(["intent"]);
});

test("what lives in the state alone is not written down", async () => {
  const { type, journal, order } = world({ read: undefined });
  await create(type, { name: "a", password: new Secret("p") }, call, journal);
  expect(order).toEqual(["create"]);
});

test("the type is the last one in a URN", () => {
  expect(typeInUrn(call.urn)).toBe("m:index/thing:Thing");
});
