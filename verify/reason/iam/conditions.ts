/**
 * The Condition element (AWS: "IAM JSON policy elements: Condition operators"). An operator or a key that is not known
 * here answers "maybe": never silently true, never silently false.
 */
import type { Statement } from "../iam-policy.ts";
import { blockOf, parseAddress, within } from "../ip.ts";
import { all, not, some, type Tri, tri } from "../tri.ts";
import {
  type Context,
  filledPattern,
  globMatches,
  isAbsent,
  patternMatches,
  type Reading,
  shield,
  textEquals,
  valuesOf,
  wholeArn,
} from "./glob.ts";

/** Compares one value of the request with one of the policy. */
type Compare = (actual: string, wanted: string, context: Context, reading: Reading) => Tri;

interface Operator {
  compare: Compare;
  /** Written as the opposite: true when no value matches, and when the key is absent. */
  negated: boolean;
}

const exact: Compare = (actual, wanted, context, reading) => textEquals(wanted, actual, context, reading);
const folded: Compare = (actual, wanted, context, reading) => textEquals(wanted, actual, context, reading, true);
const like: Compare = (actual, wanted, context, reading) => patternMatches(wanted, actual, context, reading);
const bool: Compare = (actual, wanted) => tri(actual.toLowerCase() === wanted.toLowerCase());
const binary: Compare = (actual, wanted) => tri(Buffer.from(actual, "base64").equals(Buffer.from(wanted, "base64")));

/** Part by part, so that a wildcard never passes a colon of the first five parts. */
const arn: Compare = (actual, wanted, context, reading) => {
  const found = filledPattern(wanted, context, reading);
  if (typeof found === "string") return found;
  const [left, right] = [arnParts(shield(actual)), arnParts(found.filled)];
  if (wanted === "*") return "yes";
  if (!left) return "no";
  if (right) return partsMatch(right, left);
  // AWS documents that a resource ends so as if with stars, and says nothing of a condition.
  const longer = arnParts(wholeArn(found.filled));
  return longer && partsMatch(longer, left) === "yes" ? "maybe" : "no";
};

function partsMatch(patterns: readonly string[], parts: readonly string[]): Tri {
  return tri(patterns.every((part, at) => globMatches(part, parts[at] ?? "")));
}

function arnParts(text: string): string[] | undefined {
  const parts = text.split(":");
  return parts.length < 6 ? undefined : [...parts.slice(0, 5), parts.slice(5).join(":")];
}

const ip: Compare = (actual, wanted) => {
  const address = parseAddress(actual);
  const block = blockOf(wanted);
  return address && block ? tri(within(address, block)) : "maybe";
};

function ordered(parse: (text: string) => number, holds: (actual: number, wanted: number) => boolean): Compare {
  return (actual, wanted) => {
    const [left, right] = [parse(actual), parse(wanted)];
    return Number.isNaN(left) || Number.isNaN(right) ? "maybe" : tri(holds(left, right));
  };
}

export const numeric = (text: string) => (/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN);

/** Seconds since 1970, or a form of ISO 8601; without a zone it is UTC, wherever this runs. */
export function date(text: string): number {
  // Four digits are also a year of ISO 8601.
  if (/^(\d{1,3}|\d{5,})$/.test(text)) return Number(text) * 1000;
  if (!/^\d{4}-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?$/.test(text)) return Number.NaN;
  return Date.parse(/T\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text) ? `${text}Z` : text);
}

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
    ["BinaryEquals", "", binary],
    ["IpAddress", "NotIpAddress", ip],
    ["NumericEquals", "NumericNotEquals", ordered(numeric, orders.Equals)],
    ["DateEquals", "DateNotEquals", ordered(date, orders.Equals)],
    ...Object.entries(orders)
      .filter(([name]) => name !== "Equals")
      .flatMap(([name, holds]): [string, string, Compare][] => [
        [`Numeric${name}`, "", ordered(numeric, holds)],
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
  /** Those among them that no value of the request would decide here. */
  notUnderstood: string[];
}

/** Every operator and every key must hold. */
export function conditionsHold(
  conditions: Statement["conditions"],
  context: Context,
  reading: Reading = {},
): ConditionResult {
  const results = Object.entries(conditions).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, wanted]) => {
      const actual = valuesOf(context, key.toLowerCase());
      return { operator, key, actual, wanted, holds: keyHolds(operator, actual, wanted, context, reading) };
    }),
  );
  const open = results.filter(({ holds }) => holds === "maybe");
  const name = ({ operator, key }: (typeof open)[number]) => `${operator} ${key}`;
  const hasUnknown = ({ actual, wanted }: (typeof open)[number]) =>
    actual === undefined || wanted.some((one) => filledPattern(one, context, reading) === "maybe");
  return {
    holds: all(results.map(({ holds }) => holds)),
    undecided: open.map(name),
    notUnderstood: open.filter((one) => !hasUnknown(one) || !understands(one.operator)).map(name),
  };
}

function partsOf(written: string): { set: string; base: string; ifExists: boolean } {
  const [, set = "", base = "", ifExists] =
    /^(?:(foranyvalue|forallvalues):)?(.*?)(ifexists)?$/.exec(written.toLowerCase()) ?? [];
  return { set, base, ifExists: ifExists !== undefined };
}

export function understands(written: string): boolean {
  const { base } = partsOf(written);
  return base === "null" || operators.has(base);
}

const takesVariables = (base: string) => /^(string|arn)/.test(base);

function keyHolds(
  written: string,
  actual: readonly string[] | null | undefined,
  wanted: readonly string[],
  context: Context,
  reading: Reading,
): Tri {
  const { set, base, ifExists } = partsOf(written);
  const empty = actual?.every((value) => value === "") ?? true;
  if (base === "null") {
    // Nobody says whether a value that is empty is one, nor what a set or IfExists would mean here.
    if (actual === undefined || set !== "" || ifExists || (actual !== null && empty)) return "maybe";
    return some(wanted.map((value) => isNull(value, actual)));
  }
  const operator = operators.get(base);
  if (!operator || actual === undefined) return "maybe";
  if (actual === null || actual.length === 0) return ofAbsent(set, ifExists, operator);
  // AWS takes an empty text under a set operator for a set without values.
  if (set !== "" && empty) return tri(set === "forallvalues");
  const matches = actual.map((value) => some(wanted.map((one) => operator.compare(value, one, context, reading))));
  const holds = ofValues(set, operator.negated, matches);
  const hangsOnAbsent = takesVariables(base) && wanted.some((one) => isAbsent(one, context, reading));
  // AWS: a variable without value makes the statement invalid, so it never makes a negated operator true.
  if (holds === "yes" && operator.negated && hangsOnAbsent) return "maybe";
  // AWS: a key with several values needs a set operator; what one without says where they differ is not documented.
  return set === "" && new Set(matches).size > 1 ? "maybe" : holds;
}

function isNull(wanted: string, actual: readonly string[] | null): Tri {
  const word = wanted.toLowerCase();
  return word === "true" || word === "false" ? tri((word === "true") === (actual === null)) : "maybe";
}

/** AWS documents IfExists as true, and answers ForAnyValue with it as false: that pair is left undecided. */
function ofAbsent(set: string, ifExists: boolean, { negated }: Operator): Tri {
  if (set === "foranyvalue") return ifExists ? "maybe" : "no";
  return tri(set === "forallvalues" || ifExists || negated);
}

/** @param matches of each value of the request, whether the policy has it */
function ofValues(set: string, negated: boolean, matches: readonly Tri[]): Tri {
  const each = negated ? matches.map(not) : matches;
  if (set === "foranyvalue") return some(each);
  if (set === "forallvalues") return all(each);
  return negated ? all(each) : some(each);
}
