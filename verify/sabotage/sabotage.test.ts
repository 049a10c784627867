import type { V1PolicyRule } from "@kubernetes/client-node";
import { beforeAll, describe, expect, it } from "vitest";
import { defineCheck } from "../check.ts";
import { checks } from "../checks/index.ts";
import { fail, pass } from "../outcome.ts";
import { goodAzureFacts, goodAzureTargets } from "../testing/good-azure.ts";
import { goodByocFacts, goodByocTarget } from "../testing/good-byoc.ts";
import { goodGoogleFacts, goodGoogleTargets } from "../testing/good-google.ts";
import { collectedFrom, factNames, goodFacts, goodTargets } from "../testing/good-plane.ts";
import { denialMatrix } from "./denials.ts";
import { expectedFrom, proofsOnTheGoodPlane } from "./expected.ts";
import { expected, listed } from "./listed.ts";
import { isWhole, killRate, type Proof, proveAll } from "./prove.ts";
import { onRicherPlanes } from "./richer.ts";
import { reorder, widen } from "./variants.ts";

const snapshot = () => ({ collected: collectedFrom(goodFacts()), targets: goodTargets });

describe("every check, on the good plane", () => {
  let proofs: Proof[];
  beforeAll(() => {
    proofs = proofsOnTheGoodPlane();
  }, 120_000);

  it("is turned red by each of its sabotages: offender first, in the middle, last, and behind a wildcard", () => {
    const survivors = proofs.flatMap(({ check, breaks }) =>
      breaks.flatMap(({ sabotage, variants }) =>
        variants.filter(({ red }) => !red).map(({ variant }) => `${check}: ${sabotage}, ${variant}`),
      ),
    );
    expect(survivors).toEqual([]);
    const { killed, tried } = killRate(proofs);
    expect(killed).toBe(tried);
    expect(tried).toBeGreaterThan(500);
    expect(proofs.filter(({ ordered }) => ordered.length > 0)).toEqual([]);
    expect(proofs.flatMap(({ breaks }) => breaks.filter(({ variants }) => variants.length > 3)).length).toBeGreaterThan(
      20,
    );
  });

  it("is broken at least once, and none is left out", () => {
    expect(proofs.map(({ check }) => check).sort()).toEqual(checks.map(({ id }) => id).sort());
    expect(proofs.filter((proof) => !isWhole(proof) || proof.skipped)).toEqual([]);
  });

  it("brings the finding, and turns the other checks, that the list says (node verify/sabotage/expected.ts)", () => {
    expect(expectedFrom(proofs)).toEqual(expected);
  });
});

it("names for richer planes sabotages that there are, and of each no check that turns on the good plane already", () => {
  const known = new Set(checks.map(({ id }) => id));
  for (const [check, breaks] of Object.entries(onRicherPlanes))
    for (const [sabotage, turned] of Object.entries(breaks)) {
      const { alsoTurns } = expected[check]?.[sabotage] ?? expect.unreachable(`${check}: ${sabotage}`);
      expect(turned.filter((id) => !known.has(id) || alsoTurns.includes(id))).toEqual([]);
      expect(listed[check]?.[sabotage]).toEqual([...alsoTurns, ...turned]);
    }
});

describe("a proof", () => {
  const base = {
    ...({ title: "test", severity: "low", claims: ["ns-per-project"], documented: [], fix: "none" } as const),
    needs: ["namespaces"] as const,
  };
  const sabotage = {
    name: "one namespace more",
    apply: ({ namespaces }: { namespaces: object[] }) => {
      namespaces.push({ metadata: { name: "stranger" } });
      return undefined;
    },
  };
  const counting = (id: string, at: (names: (string | undefined)[]) => boolean) =>
    defineCheck({
      ...{ ...base, id },
      evaluate: ({ namespaces }) =>
        at(namespaces.map(({ metadata }) => metadata?.name)) ? [fail("x", "a stranger")] : [pass("x", "none")],
      sabotages: [sabotage],
    });
  const whole = counting("T-01", (names) => names.includes("stranger"));

  it("does not accept a check that sees the offender in one place only", () => {
    const [proof] = proveAll([counting("T-02", (names) => names.at(-1) === "stranger")], snapshot(), [], {});
    expect(proof?.breaks[0]?.variants).toEqual([
      { variant: "as made", red: true },
      { variant: "first", red: false },
      { variant: "in the middle", red: false },
    ]);
    expect(proof && isWhole(proof)).toBe(false);
  });

  it("does not accept that another check turns, unless that is listed", () => {
    const other = counting("T-03", (names) => names.length > 2);
    const [proof] = proveAll([whole], snapshot(), [whole, other], {});
    expect(proof?.breaks[0]).toMatchObject({ finding: "x: a stranger", flips: ["T-03"], unlisted: ["T-03"] });
    expect(proof && isWhole(proof)).toBe(false);
    const [allowed] = proveAll([whole], snapshot(), [whole, other], { "T-01": { "one namespace more": ["T-03"] } });
    expect(allowed && isWhole(allowed)).toBe(true);
  });

  it("says that nothing is proven where the check does not pass", () => {
    const [proof] = proveAll([counting("T-04", () => true)], snapshot(), [], {});
    expect(proof).toMatchObject({ skipped: "it is FAIL on this snapshot", breaks: [] });
  });
});

describe("a variant", () => {
  it("has its lists in another order at every depth", () => {
    expect(reorder({ a: [1, 2, [3, 4]] }, "first")).toEqual({ a: [[4, 3], 2, 1] });
    expect(reorder({ a: [1, 2, 3] }, "in the middle")).toEqual({ a: [2, 3, 1] });
  });

  it("gives by wildcards what the sabotage gave, and nothing else", () => {
    const rule = { verbs: ["get"], resources: ["secrets"], apiGroups: [""] };
    const known = { verbs: ["list"], resources: ["pods"], apiGroups: [""] };
    const roles = (...rules: V1PolicyRule[]) => ({ roles: [{ metadata: { name: "r" }, rules }] });
    const every = { verbs: ["*"], resources: ["*"], apiGroups: ["*"] };
    expect(widen(roles(known), roles(known, rule))).toEqual(roles(known, every));
    expect(widen(roles(known), roles())).toBeUndefined();
  });
});

describe("the denial matrix", { timeout: 60_000 }, () => {
  it("lets no check pass on a request that was refused, timed out, was cut off or came back empty", () => {
    const google = { collected: collectedFrom(goodGoogleFacts()), targets: goodGoogleTargets };
    const azure = { collected: collectedFrom(goodAzureFacts()), targets: goodAzureTargets };
    // The plane that keeps measures and serves apps, too.
    const byoc = { collected: collectedFrom(goodByocFacts()), targets: { ...goodTargets, customer: goodByocTarget } };
    const matrix = [snapshot(), byoc, google, azure].flatMap((plane) => denialMatrix(checks, plane));
    expect(new Set(matrix.map(({ fact }) => fact))).toEqual(new Set(factNames));
    expect(matrix.length).toBeGreaterThan(factNames.length * 5);
    const read = new Set(matrix.filter(({ checks: readers }) => readers > 0).map(({ fact }) => fact));
    expect(factNames.filter((name) => !read.has(name))).toEqual([]);
    expect(matrix.filter(({ passed }) => passed.length > 0)).toEqual([]);
  });
});
