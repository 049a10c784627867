import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { LiteralSchema } from "../../../gen/flyteidl2/core/literals_pb.js";
import { NamedLiteralSchema } from "../../../gen/flyteidl2/task/common_pb.js";
import { inputsHash } from "./inputs-hash.ts";

const literal = (name: string, hash: string) =>
  create(NamedLiteralSchema, { name, value: create(LiteralSchema, { hash }) });
const a = literal("a", "1");
const b = literal("b", "2");

it("is the same in whatever order inputs come", () => {
  expect(inputsHash({ literals: [a, b] }, [])).toBe(inputsHash({ literals: [b, a] }, []));
});

it("changes with a value and with a name", () => {
  const first = inputsHash({ literals: [a] }, []);
  expect(inputsHash({ literals: [literal("a", "other")] }, [])).not.toBe(first);
  expect(inputsHash({ literals: [literal("c", "1")] }, [])).not.toBe(first);
});

it("does not look at inputs that the task excludes from caching", () => {
  expect(inputsHash({ literals: [a, b] }, ["b"])).toBe(inputsHash({ literals: [a, literal("b", "other")] }, ["b"]));
  expect(inputsHash({ literals: [a, b] }, ["b"])).toBe(inputsHash({ literals: [a] }, []));
});
