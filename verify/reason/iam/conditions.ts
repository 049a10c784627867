/**
 * The Condition element (AWS: "IAM JSON policy elements: Condition operators"). An operator or a key that is not known
 * here answers "maybe": never silently true, never silently false.
 */
import type { Statement } from "../iam-policy.ts";
import { all, not, some, type Tri, tri } from "../tri.ts";
import { type Context, patternMatches } from "./glob.ts";

/** Compares one value of the request with one of the policy. */
type Compare = (actual: string, wanted: string, context: Context) => Tri;

interface Operator {
  compare: Compare;
  /** Written as the opposite: true when no value matches, and when the key is absent. */
  negated: boolean;
}

const exact: Compare = (actual, wanted, context) => patternMatches(wanted, actual, context, false);
const like: Compare = (actual, wanted, context) => patternMatches(wanted, actual, context);
const folded: Compare = (actual, wanted, context) => exact(actual.toLowerCase(), wanted.toLowerCase(), context);
const bool: Compare = (actual, wanted) => tri(actual.toLowerCase() === wanted.toLowerCase());

/** Part by part, so that a wildcard never passes a colon of the first five parts. */
const arn: Compare = (actual, wanted, context) => {
  const [left, right] = [arnParts(actual), arnParts(wanted)];
  if (!left || !right) return wanted === "*" ? "yes" : "no";
  return all(right.map((part, at) => like(left[at] ?? "", part, context)));
};

function arnParts(text: string): string[] | undefined {
  const parts = text.split(":");
  return parts.length < 6 ? undefined : [...parts.slice(0, 5), parts.slice(5).join(":")];
}

function ordered(parse: (text: string) => number, holds: (actual: number, wanted: number) => boolean): Compare {
  return (actual, wanted) => {
    const [left, right] = [parse(actual), parse(wanted)];
    return Number.isNaN(left) || Number.isNaN(right) ? "maybe" : tri(holds(left, right));
  };
}

const date = (text: string) => (/^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text));
const orders = {
  Equals: (a: number, b: number) => a === b,
  LessThan: (a: number, b: number) => a < b,
  LessThanEquals: (a: number, b: number) => a <= b,
  GreaterThan: (a: number, b: number) => a > b,
  GreaterThanEquals: (a: number, b: number) => a >= b,
};

const operators = new Map<string, Operator>(
  [
    ["StringEquals", "StringNotEquals", exact],
    ["StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", folded],
    ["StringLike", "StringNotLike", like],
    ["ArnEquals", "ArnNotEquals", arn],
    ["ArnLike", "ArnNotLike", arn],
    ["Bool", "", bool],
    ["NumericEquals", "NumericNotEquals", ordered(Number, orders.Equals)],
    ["DateEquals", "DateNotEquals", ordered(date, orders.Equals)],
    ...Object.entries(orders)
      .filter(([name]) => name !== "Equals")
      .flatMap(([name, holds]): [string, string, Compare][] => [
        [`Numeric${name}`, "", ordered(Number, holds)],
        [`Date${name}`, "", ordered(date, holds)],
      ]),
  ].flatMap(([plain, opposite, compare]): [string, Operator][] => {
    const named = (name: unknown, negated: boolean): [string, Operator] => [
      String(name).toLowerCase(),
      { compare: compare as Compare, negated },
    ];
    return [named(plain, false), ...(opposite ? [named(opposite, true)] : [])];
  }),
);

export interface ConditionResult {
  holds: Tri;
  /** `Operator key` of what could not be decided. */
  undecided: string[];
}

/** Every operator and every key must hold. */
export function conditionsHold(conditions: Statement["conditions"], context: Context): ConditionResult {
  const results = Object.entries(conditions).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, wanted]) => ({
      name: `${operator} ${key}`,
      holds: keyHolds(operator, key.toLowerCase(), wanted, context),
    })),
  );
  return {
    holds: all(results.map(({ holds }) => holds)),
    undecided: results.filter(({ holds }) => holds === "maybe").map(({ name }) => name),
  };
}

function keyHolds(written: string, key: string, wanted: readonly string[], context: Context): Tri {
  const [, set = "", name = ""] = /^(?:(ForAnyValue|ForAllValues):)?(.*)$/i.exec(written) ?? [];
  const [, base = "", ifExists] = /^(.*?)(IfExists)?$/i.exec(name.toLowerCase()) ?? [];
  const actual = context[key];
  if (base === "null") {
    if (actual === undefined) return "maybe";
    return some(wanted.map((value) => tri((value.toLowerCase() === "true") === (actual === null))));
  }
  const operator = operators.get(base);
  if (!operator || actual === undefined) return "maybe";
  if (actual === null || actual.length === 0) return ofAbsent(set.toLowerCase(), Boolean(ifExists), operator);
  return ofValues(set.toLowerCase(), operator, actual, wanted, context);
}

/** AWS documents IfExists as true, and answers ForAnyValue with it as false: that pair is left undecided. */
function ofAbsent(set: string, ifExists: boolean, { negated }: Operator): Tri {
  if (set === "foranyvalue") return ifExists ? "maybe" : "no";
  return tri(set === "forallvalues" || ifExists || negated);
}

function ofValues(
  set: string,
  { compare, negated }: Operator,
  actual: readonly string[],
  wanted: readonly string[],
  context: Context,
): Tri {
  const matches = actual.map((value) => some(wanted.map((one) => compare(value, one, context))));
  const each = negated ? matches.map(not) : matches;
  if (set === "foranyvalue") return some(each);
  if (set === "forallvalues") return all(each);
  return negated ? all(each) : some(each);
}
