import { describe, expect, it } from "vitest";
import { evaluateCondition, type Value } from "./cel.ts";

const told: Record<string, Value> = {
  "resource.name": "projects/_/buckets/acme-metadata/objects/acme/demo/x",
  "resource.type": "storage.googleapis.com/Object",
  "request.time": { time: Date.parse("2026-11-26T12:00:00Z") },
};
const evaluate = (expression: string) =>
  evaluateCondition(expression, (name) => (name === "absent" ? null : told[name]));

describe("a condition", () => {
  it.each<[string, boolean]>([
    ['resource.name.startsWith("projects/_/buckets/acme-metadata")', true],
    ["resource.name.startsWith('projects/_/buckets/acme-other')", false],
    ['resource.name.endsWith("/x") && resource.type == "storage.googleapis.com/Object"', true],
    ['resource.name.contains("globex") || resource.type != "storage.googleapis.com/Bucket"', true],
    ['!resource.name.contains("demo")', false],
    ['!(resource.name.contains("demo") && false)', true],
    ['resource.type in ["a", "storage.googleapis.com/Object"]', true],
    ['resource.type in ["a"]', false],
    ['request.time < timestamp("2026-11-26T12:00:01Z")', true],
    ['request.time >= timestamp("2026-11-26T12:00:01Z")', false],
    ['"a\\"b".contains("\\"")', true],
    ["1 < 2 && 2 <= 2 && 3 > 2 && 2 >= 2 && 1 == 1", true],
    ["api.getAttribute('resource.type', '').endsWith('/Object')", true],
    ["api.getAttribute('absent', 'x') == 'x'", true],
    ["true || false && false", true],
    ["(true || false) && false", false],
  ])("%s is %s", (expression, value) => expect(evaluate(expression)).toEqual({ value }));

  it.each([
    ["resource.matchTag('a', 'b')", "matchTag()"],
    ["resource.name.extract('objects/{name}/') == 'acme'", "extract()"],
    ["request.time.getHours('UTC') < 9", "getHours()"],
    ["api.getAttribute('absent', []).hasOnly(['a'])", "hasOnly()"],
    ["api.getAttribute('absent') == ''", "api.getAttribute()"],
    ["api.other('absent', '') == ''", "api.other()"],
    ['duration("1h") == duration("1h")', "duration()"],
    ["timestamp('never') < request.time", "timestamp()"],
  ])("%s is not understood, and says what of it", (expression, open) => {
    expect(evaluate(expression)).toEqual({ open, understood: false });
  });

  it.each([
    "",
    "resource.name",
    "true &&",
    "true true",
    "'a' < 1",
    "1 && true",
    "!1",
    "a ? b : c",
    "'\\n' == 'x'",
    "1 in 2",
    "(",
  ])("%j is no condition that is understood", (expression) =>
    expect(evaluate(expression)).toMatchObject({ understood: false }),
  );

  it("hangs on what nobody told, unless the rest decides it alone", () => {
    expect(evaluate("destination.port == 22")).toEqual({ open: "destination.port", understood: true });
    expect(evaluate("!(destination.ip.startsWith('10.'))")).toEqual({ open: "destination.ip", understood: true });
    expect(evaluate("api.getAttribute('x', '') == ''")).toEqual({ open: "x", understood: true });
    expect(evaluate("absent == ''")).toEqual({ open: "absent", understood: true });
    expect(evaluate("destination.port == 22 || true")).toEqual({ value: true });
    expect(evaluate("false && destination.port == 22")).toEqual({ value: false });
    expect(evaluate("destination.port == 22 && true")).toMatchObject({ open: "destination.port" });
    expect(evaluate("resource.matchTag('a', 'b') && false")).toEqual({ value: false });
  });
});
