import { expect, test } from "vitest";
import { check, create, diff, read } from "./lifecycle.ts";
import { InitFailure, type ResourceType } from "./resource.ts";
import { Secret, unknownValue } from "./values.ts";

const seed = new Uint8Array([7]);
const call = { urn: "urn:pulumi:s::p::t:m:T::n", signal: AbortSignal.timeout(1000) };

/** A service that keeps one object and writes its size in its own way. */
function service(type: Partial<ResourceType> = {}): ResourceType {
  return {
    named: { property: "name" },
    required: ["size"],
    documents: ["policy"],
    replaceOn: ["name"],
    secrets: ["token"],
    create: async (inputs) => String(inputs.name),
    update: async () => {},
    read: async (id) => ({ inputs: { name: id, size: "1" }, outputs: { arn: `arn:${id}`, token: "t" } }),
    delete: async () => {},
    ...type,
  };
}

test("an unnamed object gets a name, and keeps it as long as it is not replaced", () => {
  const first = check(service(), "thing", {}, { size: 1 }, seed).inputs;
  expect(first.name).toMatch(/^thing-[0-9a-f]{7}$/);
  expect(check(service(), "thing", first, { size: 2 }, new Uint8Array([8])).inputs.name).toBe(first.name);
});

test("a name that the program gave and gives no more makes place for an automatic one", () => {
  expect(check(service(), "thing", { name: "mine" }, { size: 1 }, seed).inputs.name).toMatch(/^thing-/);
});

test("a missing input is named", () => {
  expect(check(service(), "thing", {}, {}, seed).failures).toEqual([
    { property: "size", reason: "Missing required property 'size'" },
  ]);
});

test("a document given as an object becomes text; one with unknown parts is unknown", () => {
  expect(check(service(), "thing", {}, { size: 1, policy: { a: [1] } }, seed).inputs.policy).toBe('{"a":[1]}');
  expect(check(service(), "thing", {}, { size: 1, policy: { a: unknownValue } }, seed).inputs.policy).toBe(
    unknownValue,
  );
});

test("an object whose name is fixed is removed before it is replaced", () => {
  const olds = { name: "a", zone: "x" };
  const type = service({ replaceOn: ["zone"] });
  expect(diff(type, olds, { name: "a", zone: "y" })).toMatchObject({ replace: true, deleteBeforeReplace: true });
  expect(diff(type, olds, { name: "b", zone: "y" })).toMatchObject({ replace: true, deleteBeforeReplace: false });
});

test("a type that cannot change in place is replaced at any change", () => {
  expect(diff(service({ update: undefined }), { size: 1 }, { size: 2 }).replace).toBe(true);
});

test("outputs hold inputs, what the service adds, and every secret as a secret", async () => {
  const inputs = { name: "a", size: "1000m", password: new Secret("p") };
  expect(await create(service(), inputs, call)).toMatchObject({
    id: "a",
    outputs: { name: "a", size: "1", arn: "arn:a", password: new Secret("p"), token: new Secret("t") },
  });
});

test("an object that was made but did not become ready is kept, with the reasons", async () => {
  const type = service({
    create: async () => {
      throw new InitFailure("a", ["no image"]);
    },
  });
  expect(await create(type, { name: "a", size: 1 }, call)).toMatchObject({ id: "a", failed: ["no image"] });
});

test("what is half made at the deadline is still read, so that it is not forgotten", async () => {
  const type = service({
    create: async () => {
      throw new InitFailure("a", ["too slow"]);
    },
    read: async (id, { signal }) => {
      signal.throwIfAborted();
      return { inputs: { name: id }, outputs: { arn: "arn:a" } };
    },
  });
  const late = { ...call, signal: AbortSignal.abort() };
  expect(await create(type, { name: "a" }, late)).toMatchObject({ outputs: { arn: "arn:a" }, failed: ["too slow"] });
});

test("a refresh of an unchanged object changes nothing; a gone one is gone", async () => {
  const made = await create(service(), { name: "a", size: "1000m" }, call);
  const inputs = { name: "a", size: "1000m" };
  expect((await read(service(), "a", inputs, made.outputs, call))?.inputs).toEqual(inputs);
  expect(await read(service({ read: async () => undefined }), "a", inputs, made.outputs, call)).toBeUndefined();
});

test("an import takes the service's own view as inputs, without what only says nothing", async () => {
  const inputs = { name: "a", size: "1", rotation: false, tags: {}, password: new Secret("p") };
  const type = service({ read: async () => ({ inputs, outputs: {} }) });
  const imported = await read(type, "a", {}, {}, call);
  expect(imported?.inputs).toEqual({ name: "a", size: "1", password: new Secret("p") });
});
