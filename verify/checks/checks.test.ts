import { describe, expect, it } from "vitest";
import { ledger } from "../claims/ledger.ts";
import { documentedCommands } from "../documented/commands.ts";
import type { Collected, FactName } from "../facts.ts";
import { judge } from "../runner.ts";
import { collectedFrom, factNames, goodFacts, goodTarget } from "../testing/good-plane.ts";
import { checks } from "./index.ts";

const known = new Set(ledger.claims.map(({ id }) => id));
const groups = new Set(documentedCommands.map(({ group }) => group));

describe.each(checks.map((check) => [check.id, check] as const))("%s", (_id, check) => {
  it("passes on a good plane, and every sabotage of that plane turns it red", () => {
    const verdict = judge(check, collectedFrom(goodFacts()), goodTarget);
    expect(verdict).toMatchObject({ outcome: "PASS" });
    if (verdict.outcome !== "PASS") return;
    expect(verdict.sabotages).toEqual(check.sabotages.map(({ name }) => ({ name, red: true })));
  });

  it("cannot pass when a fact it needs was refused or is empty", () => {
    for (const name of check.needs) {
      for (const broken of [refused(name), emptied(name)]) {
        expect(judge(check, broken, goodTarget).outcome, `${name} broken`).not.toBe("PASS");
      }
      expect(judge(check, refused(name), goodTarget)).toEqual({
        outcome: "NOT_EVALUATED",
        reason: `${name} could not be read: 403 Forbidden (read ${name})`,
      });
    }
  });

  it("proves claims of the ledger, and stands beside documented commands that exist", () => {
    expect(check.claims.length).toBeGreaterThan(0);
    expect(check.claims.filter((claim) => !known.has(claim))).toEqual([]);
    expect(check.documented.filter((group) => !groups.has(group))).toEqual([]);
  });
});

describe("the registry of checks", () => {
  it("gives each check an id of its own", () => {
    const ids = checks.map(({ id }) => id);
    expect([...new Set(ids)]).toEqual(ids);
  });

  it("decides each claim in one place", () => {
    const claims = checks.flatMap(({ claims }) => claims);
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
  if (name === "iam")
    return { ...collected, iam: { ...collected.iam, value: { ...facts.iam, roles: [] } } as Collected["iam"] };
  if (name === "cluster") return { ...collected, cluster: { read: false, reason: "404", request: "read cluster" } };
  return { ...collected, [name]: { read: true, value: [], request: `read ${name}` } };
}

it("the good plane holds every fact", () => {
  expect(factNames.length).toBe(17);
});
