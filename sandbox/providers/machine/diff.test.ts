import fc from "fast-check";
import { expect, test } from "vitest";
import { diffInputs } from "./diff.ts";
import { Secret, unknownValue } from "./values.ts";

const paths = (changes: ReturnType<typeof diffInputs>) => changes.map(({ path, kind }) => `${kind} ${path}`);

test("equal inputs differ nowhere", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (inputs) => {
      const value = JSON.parse(JSON.stringify(inputs));
      expect(diffInputs(value, JSON.parse(JSON.stringify(value)))).toEqual([]);
    }),
  );
});

test("each change is named by its path, with the kind of change", () => {
  const olds = { spec: { containers: [{ image: "a", name: "x" }] }, tags: { "a.b": "1", gone: "2" }, same: true };
  const news = { spec: { containers: [{ image: "b", name: "x" }, { name: "y" }] }, tags: { "a.b": "3" }, same: true };
  expect(paths(diffInputs(olds, news))).toEqual([
    "update spec.containers[0].image",
    "add spec.containers[1]",
    'update tags["a.b"]',
    "delete tags.gone",
  ]);
});

test("a change under a path that cannot change in place replaces, one beside it does not", () => {
  const olds = { spec: { selector: { app: "a" }, replicas: 1 } };
  const news = { spec: { selector: { app: "b" }, replicas: 2 } };
  const changes = diffInputs(olds, news, ["spec.selector"]);
  expect(changes.map(({ path, replace }) => [path, replace])).toEqual([
    ["spec.selector.app", true],
    ["spec.replicas", false],
  ]);
});

test("a parent that goes takes the path that cannot change with it", () => {
  expect(diffInputs({ spec: { selector: 1 } }, {}, ["spec.selector"])[0]?.replace).toBe(true);
});

test("any one step stands for the star", () => {
  const changes = diffInputs({ list: [{ a: 1, b: 1 }] }, { list: [{ a: 2, b: 2 }] }, ["list.*.a"]);
  expect(changes.map(({ path, replace }) => [path, replace])).toEqual([
    ["list[0].a", true],
    ["list[0].b", false],
  ]);
});

test("a value that a preview cannot know is a change; a secret of the same content is none", () => {
  expect(paths(diffInputs({ arn: "x" }, { arn: unknownValue }))).toEqual(["update arn"]);
  expect(diffInputs({ password: "x" }, { password: new Secret("x") })).toEqual([]);
});
