/** One break in several places: as it was made, with the lists turned round it, and behind a wildcard. Pure. */
import { canonical } from "../evidence/canonical.ts";
import type { Facts } from "../facts.ts";

type Some = Partial<Facts>;

/** How the lists lie about an offender that a sabotage has usually put last. */
export const orders = ["as made", "first", "in the middle"] as const;
export type Order = (typeof orders)[number];

/** Every list of the facts, at every depth, in another order; a single item has no other place. */
export function reorder<T>(value: T, order: Order): T {
  return order === "as made" ? value : (arrange(value, order === "first" ? (list) => list.toReversed() : rotate) as T);
}

function arrange(value: unknown, turn: (list: unknown[]) => unknown[]): unknown {
  if (Array.isArray(value)) return turn(value.map((item) => arrange(item, turn)));
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, arrange(inner, turn)]));
}

function rotate(list: unknown[]): unknown[] {
  const half = Math.floor(list.length / 2);
  return [...list.slice(half), ...list.slice(0, half)];
}

/**
 * What the sabotage gave, given by wildcards instead: an IAM statement that allows a service's every action, an RBAC rule
 * with every verb on everything.
 * @returns undefined when it gave neither
 */
export function widen(good: Some, broken: Some): Some | undefined {
  const known = new Set<string>();
  collectGrants(good, known);
  let widened = 0;
  const wide = replace(broken);
  return widened > 0 ? (wide as Some) : undefined;

  function replace(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(replace);
    if (!isObject(value)) return value;
    if (isGrant(value) && !known.has(canonical(value))) {
      const wider = isStatement(value) ? widenStatement(value) : widenRule(value);
      if (canonical(wider) !== canonical(value)) widened++;
      return wider;
    }
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner)]));
  }
}

type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isStatement = (value: Fields) => value.effect === "Allow" && Array.isArray(value.actions);
const isRule = (value: Fields) =>
  Array.isArray(value.verbs) && (Array.isArray(value.resources) || Array.isArray(value.nonResourceURLs));
const isGrant = (value: Fields) => isStatement(value) || isRule(value);

function collectGrants(value: unknown, into: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) collectGrants(item, into);
  else if (isObject(value)) {
    if (isGrant(value)) into.add(canonical(value));
    else for (const inner of Object.values(value)) collectGrants(inner, into);
  }
}

function widenStatement(statement: Fields): Fields {
  const actions = (statement.actions as string[]).map((action) =>
    action.includes(":") ? `${action.split(":")[0]}:*` : action,
  );
  return { ...statement, actions };
}

function widenRule({ resourceNames: _, ...rule }: Fields): Fields {
  const all = ["*"];
  return { ...rule, verbs: all, ...(rule.resources ? { apiGroups: all, resources: all } : { nonResourceURLs: all }) };
}
