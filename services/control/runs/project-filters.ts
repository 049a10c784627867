/** The one list whose filters are text: `eq(state, 0)`, several joined by "+". */
import { create } from "@bufbuild/protobuf";
import { type Filter, Filter_Function, FilterSchema } from "../../../gen/flyteidl2/common/list_pb.js";
import { invalid } from "../../shared/errors.ts";

const functions: Record<string, Filter_Function> = {
  eq: Filter_Function.EQUAL,
  ne: Filter_Function.NOT_EQUAL,
  gt: Filter_Function.GREATER_THAN,
  gte: Filter_Function.GREATER_THAN_OR_EQUAL,
  lt: Filter_Function.LESS_THAN,
  lte: Filter_Function.LESS_THAN_OR_EQUAL,
  contains: Filter_Function.CONTAINS,
  value_in: Filter_Function.VALUE_IN,
};

/** @example parseProjectFilters("contains(name, demo)+eq(state, 0)") */
export function parseProjectFilters(text: string): Filter[] {
  if (text.trim() === "") return [];
  // A "+" within a value is no separator: what follows one is another function.
  return text.split(/\+(?=\w+\()/).map((part) => {
    const [, name = "", field = "", value = ""] = /^\s*(\w+)\(\s*([\w.]+)\s*,\s*(.*?)\s*\)\s*$/.exec(part) ?? [];
    const is = functions[name];
    if (is === undefined) {
      throw invalid({
        subject: "filters",
        value: part,
        allowed: `function(field, value), of ${Object.keys(functions).join(", ")}`,
      });
    }
    const values = is === Filter_Function.VALUE_IN ? value.split(";") : [value];
    return create(FilterSchema, { function: is, field, values });
  });
}
