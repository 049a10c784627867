import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { Filter_Function as Is, ListRequestSchema } from "../../../gen/flyteidl2/common/list_pb.js";
import { runShape } from "./fields.ts";
import { planList } from "./listing.ts";

const where = (field: string, is: Is, ...values: string[]) => ({ filters: [{ field, function: is, values }] });

describe("a list", () => {
  it.each([
    ["an unknown field", where("colour", Is.EQUAL, "red"), /^filter is "colour"; allowed: name, phase/],
    ["a field of JavaScript", where("constructor", Is.EQUAL, "x"), /^filter is "constructor"/],
    ["an unknown sort", { sortBy: { key: "created_at; drop table" } }, /^sort_by is "created_at; drop table"; allowed/],
    ["two sorts", { sortByFields: [{ key: "name" }, { key: "phase" }] }, /^sort_by_fields is 2; allowed: one field/],
    [
      "a wrong number",
      where("phase", Is.EQUAL, "soon"),
      /^value of filter phase is "soon"; allowed: a whole number or one of/,
    ],
    ["a wrong time", where("created_at", Is.LESS_THAN, "soon"), /^value of filter created_at is "soon"/],
    ["no value", where("name", Is.EQUAL), /^values of filter name is \[\]; allowed: one value/],
    ["a function that does not fit", where("phase", Is.CONTAINS, "5"), /^function of filter phase is "CONTAINS"/],
    ["a raw filter", { rawFilters: ["x"] }, /^raw_filters/],
    ["a token of nobody", { token: "bm8" }, /^token is "bm8"; allowed: the token of the page before/],
  ])("refuses %s, and says what is allowed", (_, request, message) => {
    expect(() => planList(create(ListRequestSchema, request), runShape)).toThrow(message);
  });
});
