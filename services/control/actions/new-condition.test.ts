import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { SimpleType } from "../../../gen/flyteidl2/core/types_pb.js";
import { ConditionActionSchema, ConditionPromptType } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import { planCondition } from "./new-condition.ts";
import { simple } from "./testing/conditions.ts";

const now = new Date("2026-01-01T00:00:00Z");
type Condition = Exclude<MessageInitShape<typeof ConditionActionSchema>, { $typeName: string }>;
const plan = (more: Condition = {}) => {
  const asked = {
    name: "go",
    prompt: "Go on?",
    promptType: ConditionPromptType.MARKDOWN,
    type: simple(SimpleType.FLOAT),
  };
  return planCondition(create(ConditionActionSchema, { ...asked, ...more }), now);
};

describe("a condition that a task asks", () => {
  it("waits from the first, with its name, and what is shown to whoever is to answer", () => {
    const { detail = new Uint8Array(), ...planned } = plan();
    expect(planned).toMatchObject({ phase: ActionPhase.PAUSED, shortName: "go", outputUri: "", cacheKey: "" });
    expect(planned.dueAt).toBeUndefined();
    expect(fromBinary(ConditionActionSchema, detail)).toMatchObject({
      ...{ name: "go", prompt: "Go on?", promptType: ConditionPromptType.MARKDOWN, type: simple(SimpleType.FLOAT) },
    });
  });

  it("keeps of its type what the answer needs, and nothing that came with it", () => {
    const type = { ...simple(SimpleType.STRING), metadata: { secret: "x" }, annotation: { annotations: { a: "b" } } };
    const { detail = new Uint8Array() } = plan({ type });
    const kept = fromBinary(ConditionActionSchema, detail).type;
    expect(kept).toEqual({ $typeName: "flyteidl2.core.LiteralType", ...simple(SimpleType.STRING) });
  });

  it.each([
    [90, 500_000_000, "2026-01-01T00:01:30.500Z"],
    [0, 0, undefined],
    [-5, 0, undefined],
    [315_360_000, 0, "2035-12-30T00:00:00.000Z"],
  ])("with a time of %i seconds and %i nanoseconds ends at %s", (seconds, nanos, at) => {
    expect(plan({ timeout: { seconds: BigInt(seconds), nanos } }).dueAt?.toISOString()).toBe(at);
  });

  it.each<[string, Condition, RegExp]>([
    ["no name", { name: "" }, /condition.name is ""; allowed: 1 to 255 characters/],
    ["no type", { type: {} }, /condition.type is "NONE"; allowed: BOOLEAN, INTEGER, FLOAT or STRING/],
    ["a type that nobody can answer", { type: simple(SimpleType.DATETIME) }, /condition.type is "DATETIME"/],
    [
      "a prompt of a book",
      { prompt: "x".repeat(4097) },
      /condition.prompt is "4097 characters"; allowed: at most 4096/,
    ],
    ["a description too long", { description: "x".repeat(2049) }, /condition.description is "2049 characters"/],
    ["a webhook", { webhook: { url: "https://example.com" } }, /condition.webhook is "set"; allowed: none/],
    ["a time of centuries", { timeout: { seconds: 315_360_001n, nanos: 0 } }, /condition.timeout is "315360001 s"/],
    ["an absurd time", { timeout: { seconds: 9_223_372_036_854_775_807n, nanos: 0 } }, /allowed: 3650 days/],
  ])("is refused with %s", (_, more, message) => {
    expect(() => plan(more)).toThrow(message);
  });
});
