import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AnyCheck } from "../check.ts";
import { ledger } from "../claims/ledger.ts";
import { documentedCommands } from "../documented/commands.ts";
import type { Collected, FactName } from "../facts.ts";
import { judge } from "../runner.ts";
import { collectedFrom, factNames, goodFacts, goodTarget, goodTargets } from "../testing/good-plane.ts";
import { goodControlPlane } from "../testing/good-region.ts";
import { checks } from "./index.ts";

const checkout = join(import.meta.dirname, "../..");
const claimsOf = ({ claims, supersedes }: AnyCheck) => [...claims, ...Object.keys(supersedes ?? {})];
const known = new Set(ledger.claims.map(({ id }) => id));
const groups = new Set(documentedCommands.map(({ group }) => group));

describe.each(checks.map((check) => [check.id, check] as const))("%s", (_id, check) => {
  it("passes on a good plane, and every sabotage of that plane turns it red", () => {
    const verdict = judge(check, collectedFrom(goodFacts()), goodTargets);
    expect(verdict).toMatchObject({ outcome: "PASS" });
    if (verdict.outcome !== "PASS") return;
    expect(verdict.sabotages).toEqual(check.sabotages.map(({ name }) => ({ name, red: true })));
  });

  it("cannot pass when a fact it needs was refused or is empty", () => {
    for (const name of check.needs) {
      for (const broken of [refused(name), emptied(name)]) {
        expect(judge(check, broken, goodTargets).outcome, `${name} broken`).not.toBe("PASS");
      }
      expect(judge(check, refused(name), goodTargets)).toEqual({
        outcome: "NOT_EVALUATED",
        reason: `${name} could not be read: 403 Forbidden (read ${name})`,
      });
    }
  });

  it("proves claims of the ledger, and stands beside documented commands that exist", () => {
    const claims = claimsOf(check);
    expect(claims.length).toBeGreaterThan(0);
    expect(claims.filter((claim) => !known.has(claim))).toEqual([]);
    expect(check.documented.filter((group) => !groups.has(group))).toEqual([]);
  });

  it("outdoes a claim only by a decision record that names it", () => {
    for (const [claim, record] of Object.entries(check.supersedes ?? {})) {
      expect(record).toMatch(/^docs\/decisions\//);
      expect(readFileSync(join(checkout, record), "utf8")).toContain(`\`${claim}\``);
    }
  });

  it("does not apply to a target without its plane", () => {
    const others = check.plane === "compute" ? { controlPlane: goodControlPlane } : { customer: goodTarget };
    expect(judge(check, collectedFrom(goodFacts()), others).outcome).toBe("NOT_APPLICABLE");
  });
});

describe("the registry of checks", () => {
  it("gives each check an id of its own", () => {
    const ids = checks.map(({ id }) => id);
    expect([...new Set(ids)]).toEqual(ids);
  });

  it("decides each claim in one place", () => {
    const claims = checks.flatMap(claimsOf);
    expect(claims.filter((claim, index) => claims.indexOf(claim) !== index)).toEqual([]);
  });
});

function refused(name: FactName): Collected {
  const collected = collectedFrom(goodFacts());
  return { ...collected, [name]: { read: false, reason: "403 Forbidden", request: `read ${name}` } };
}

/** Empty as a list is; an account without roles is what an empty IAM is. */
function emptied(name: FactName): Collected {
  const facts = goodFacts();
  const collected = collectedFrom(facts);
  if (name === "iam" || name === "regionIam")
    return { ...collected, [name]: { read: true, value: { ...facts[name], roles: [] }, request: `read ${name}` } };
  if (!Array.isArray(facts[name])) return { ...collected, [name]: { read: false, reason: "404", request: "read it" } };
  return { ...collected, [name]: { read: true, value: [], request: `read ${name}` } };
}

it("the good plane holds every fact", () => {
  expect(factNames.length).toBe(41);
});
