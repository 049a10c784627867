import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePolicy } from "../iam-policy.ts";
import { evaluate, type PolicySet } from "./evaluate.ts";
import { type Context, globMatches } from "./glob.ts";

const account = "222222222222";
const role = `arn:aws:iam::${account}:role/r`;
const session = `arn:aws:sts::${account}:assumed-role/r/s`;
const object = "arn:aws:s3:::b/k";

const policy = (...Statement: object[]) => parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement }));
const ask = (policies: PolicySet, context: Context) =>
  evaluate(
    {
      caller: { arn: role, kind: "role", sessionArn: session },
      action: "s3:GetObject",
      resource: object,
      context,
      resourceAccount: account,
    },
    policies,
  );

describe("against a slow and simple reading of the rules", () => {
  const glob = fc.string({ unit: fc.constantFrom("a", "b", ":", "/", "*", "?"), maxLength: 8 });
  const text = fc.string({ unit: fc.constantFrom("a", "b", ":", "/"), maxLength: 8 });

  it("globs match what the regular expression matches", () => {
    fc.assert(
      fc.property(glob, text, (pattern, subject) => {
        expect(globMatches(pattern, subject)).toBe(slowGlob(pattern, subject));
      }),
      {
        numRuns: 3000,
      },
    );
  });

  const value = fc.constantFrom("x", "y");
  const condition = fc.option(
    fc.record({
      operator: fc.constantFrom("StringEquals", "StringNotEquals", "StringEqualsIfExists"),
      key: fc.constantFrom("k1", "k2"),
      value,
    }),
    { nil: undefined },
  );
  const statement = fc.record({
    effect: fc.constantFrom("Allow" as const, "Deny" as const),
    action: fc.constantFrom("s3:Get*", "s3:*", "iam:*"),
    resource: fc.constantFrom("*", "arn:aws:s3:::b/*", "arn:aws:s3:::c/*"),
    principal: fc.constantFrom("*", role, session, `arn:aws:iam::${account}:root`, "arn:aws:iam::9:root"),
    condition,
  });
  const statements = fc.array(statement, { maxLength: 4 });
  const world = fc.record({
    identity: statements,
    boundary: fc.option(statements, { nil: undefined }),
    ceiling: fc.option(statements, { nil: undefined }),
    resource: statements,
  });
  const context = fc.record({ k1: fc.option(value, { nil: null }), k2: fc.option(value, { nil: null }) });

  it("every decision with known values is the reference's", () => {
    fc.assert(
      fc.property(world, context, (given, known) => {
        const verdict = ask(policiesOf(given), {
          k1: known.k1 === null ? null : [known.k1],
          k2: known.k2 === null ? null : [known.k2],
        });
        expect(verdict.decision).toBe(slowDecision(given, known) ? "allowed" : "denied");
      }),
      { numRuns: 3000 },
    );
  });

  it("an unknown value is undecided only where its values would differ", () => {
    fc.assert(
      fc.property(world, context, (given, known) => {
        const verdict = ask(policiesOf(given), { k1: known.k1 === null ? null : [known.k1] });
        const worlds = ["x", "y", null].map((k2) => slowDecision(given, { ...known, k2 }));
        if (verdict.decision !== "undecided") {
          expect(new Set(worlds)).toEqual(new Set([verdict.decision === "allowed"]));
        }
      }),
      { numRuns: 3000 },
    );
  });
});

interface Given {
  identity: readonly Simple[];
  boundary?: readonly Simple[];
  ceiling?: readonly Simple[];
  resource: readonly Simple[];
}

function policiesOf({ identity, boundary, ceiling, resource }: Given): PolicySet {
  const document = (list: readonly Simple[], withPrincipal = false) =>
    policy(...list.map((one) => written(one, withPrincipal)));
  return {
    identity: [document(identity)],
    boundary: boundary && document(boundary),
    ceilings: ceiling ? [[document(ceiling)]] : [],
    resource: document(resource, true),
  };
}

interface Simple {
  effect: "Allow" | "Deny";
  action: string;
  resource: string;
  principal: string;
  condition: { operator: string; key: string; value: string } | undefined;
}

function written({ effect, action, resource, principal, condition }: Simple, withPrincipal: boolean) {
  return {
    Effect: effect,
    Action: action,
    Resource: resource,
    ...(withPrincipal ? { Principal: principal === "*" ? "*" : { AWS: principal } } : {}),
    ...(condition ? { Condition: { [condition.operator]: { [condition.key]: condition.value } } } : {}),
  };
}

function slowGlob(pattern: string, subject: string): boolean {
  const source = pattern.replace(/[.*+?^${}()|[\]\\/]/g, (c) => (c === "*" ? ".*" : c === "?" ? "." : `\\${c}`));
  return new RegExp(`^${source}$`).test(subject);
}

type Known = Record<"k1" | "k2", string | null>;

/** The documented flow for a role in its own account, read top down. */
function slowDecision(given: Given, known: Known): boolean {
  const applies = (one: Simple) => {
    if (!slowGlob(one.action, "s3:GetObject") || !slowGlob(one.resource, object)) return false;
    if (!one.condition) return true;
    const actual = known[one.condition.key as "k1" | "k2"];
    if (actual === null) return one.condition.operator !== "StringEquals";
    return one.condition.operator === "StringNotEquals"
      ? actual !== one.condition.value
      : actual === one.condition.value;
  };
  const about = given.resource.filter(({ principal }) =>
    ["*", role, session, `arn:aws:iam::${account}:root`].includes(principal),
  );
  const everybody = [...given.identity, ...(given.boundary ?? []), ...(given.ceiling ?? []), ...about].filter(applies);
  if (everybody.some(({ effect }) => effect === "Deny")) return false;
  const allows = (list: readonly Simple[]) => list.some((one) => one.effect === "Allow" && applies(one));
  if (given.ceiling && !allows(given.ceiling)) return false;
  if (allows(about.filter(({ principal }) => principal === "*" || principal === session))) return true;
  const within = !given.boundary || allows(given.boundary);
  return within && (allows(given.identity) || allows(about.filter(({ principal }) => principal === role)));
}
