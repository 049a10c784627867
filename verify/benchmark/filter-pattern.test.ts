import { describe, expect, it } from "vitest";
import { parseFilter } from "./filter-pattern.ts";

const event = { eventName: "DeleteTrail", code: 3, userIdentity: { type: "Root" } };

describe("a filter pattern", () => {
  it.each([
    '{ $.eventName = "DeleteTrail" }',
    "{$.eventName=DeleteTrail}",
    '{ ($.eventName = "Other") || ($.eventName = "Delete*") }',
    '{ $.eventName = "Other" && $.code = 3 || $.userIdentity.type = "Root" }',
    '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType NOT EXISTS }',
    '{ $.eventName != "Other" }',
    "{ $.code = 3 && $.userIdentity EXISTS }",
  ])("%s catches it", (pattern) => expect(parseFilter(pattern)?.(event)).toBe(true));

  it.each([
    '{ $.eventName = "DeleteTrai" }',
    '{ $.eventName = "deletetrail" }',
    '{ $.eventName = "Delete.rail" }',
    '{ ($.eventName = "Other" || $.code = 3) && $.userIdentity.type = "IAMUser" }',
    '{ $.missing != "Other" }',
    "{ $.userIdentity.type NOT EXISTS }",
  ])("%s does not", (pattern) => expect(parseFilter(pattern)?.(event)).toBe(false));

  it.each([
    "DeleteTrail",
    "",
    "{ }",
    "{ $.eventName = }",
    '{ ($.eventName = "DeleteTrail" }',
    '{ $.eventName = "DeleteTrail" ) }',
    "{ $.eventName = %Delete% }",
    '{ $.eventName = "DeleteTrail" $.code = 3 }',
    "{ $.code > 2 }",
    '{ $.list[0] = "a" }',
    '{ $.eventName = "DeleteTrail',
  ])("%s is nothing that could be relied on", (pattern) => expect(parseFilter(pattern)).toBeUndefined());
});
