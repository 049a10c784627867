import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { clouds } from "../check.ts";
import { findClaim, ledger } from "../claims/ledger.ts";
import { documentedCommands } from "../documented/commands.ts";
import type { Collected, FactName, Facts } from "../facts.ts";
import { claimsOf, judges } from "../parity.ts";
import { judge } from "../runner.ts";
import { goodAzureFacts, goodAzureTargets } from "../testing/good-azure.ts";
import { goodAzureByocFacts, goodAzureByocTargets } from "../testing/good-azure-byoc.ts";
import { goodByocFacts, goodByocTarget } from "../testing/good-byoc.ts";
import { goodGoogleFacts, goodGoogleTargets } from "../testing/good-google.ts";
import { goodGoogleByocFacts, goodGoogleByocTargets } from "../testing/good-google-byoc.ts";
import { collectedFrom, factNames, goodFacts, goodTarget, goodTargets } from "../testing/good-plane.ts";
import { goodControlPlane } from "../testing/good-region.ts";
import { checks } from "./index.ts";

const planes = [
  { model: "self-managed", targets: goodTargets, facts: goodFacts },
  { model: "byoc", targets: { ...goodTargets, customer: goodByocTarget }, facts: goodByocFacts },
] as const;
const googleByoc = { model: "Google Cloud BYOC", targets: goodGoogleByocTargets, facts: goodGoogleByocFacts } as const;
const google = { model: "Google Cloud", targets: goodGoogleTargets, facts: goodGoogleFacts } as const;

const azure = { model: "Azure", targets: goodAzureTargets, facts: () => goodAzureFacts() } as const;
const azureByoc = { model: "Azure BYOC", targets: goodAzureByocTargets, facts: goodAzureByocFacts } as const;

const checkout = join(import.meta.dirname, "../..");
const known = new Set(ledger.claims.map(({ id }) => id));
const groups = new Set(documentedCommands.map(({ group }) => group));

describe.each(checks.map((check) => [check.id, check] as const))("%s", (_id, check) => {
  const all = check.plane === "control" ? planes : [...planes, google, googleByoc, azure, azureByoc];
  const own = all.filter(({ targets }) => !check.notApplicable?.(targets));
  const others = (check.clouds.includes("aws") ? planes : []).filter(({ targets }) => check.notApplicable?.(targets));

  it.each(own)("passes on a good $model plane, and every sabotage of that plane turns it red", ({ targets, facts }) => {
    const verdict = judge(check, collectedFrom(facts()), targets);
    expect(verdict).toMatchObject({ outcome: "PASS" });
    if (verdict.outcome !== "PASS") return;
    expect(verdict.sabotages).toEqual(check.sabotages.map(({ name }) => ({ name, red: true })));
  });

  it("applies to one plane at least, and says why not to the other", () => {
    expect(own.length).toBeGreaterThan(0);
    for (const { targets, facts, model } of others) {
      const verdict = judge(check, collectedFrom(facts()), targets);
      expect(verdict).toEqual({ outcome: "NOT_APPLICABLE", evidence: expect.stringMatching(/.{15}/) });
      const lost = claimsOf(check).filter((id) => findClaim(id)?.models.join() === model);
      expect(lost, `claims of ${model} only, on a check that does not apply there`).toEqual([]);
    }
  });

  it.each(own)("cannot pass on a $model plane when a fact it needs was refused or is empty", ({ targets, facts }) => {
    const good = facts();
    for (const name of check.needs) {
      expect(judge(check, emptied(good, name), targets).outcome, `${name} empty`).not.toBe("PASS");
      expect(judge(check, refused(good, name), targets)).toEqual({
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

  /** Of parts that different facts decide; the ledger counts such a claim only where every part passed. */
  const inParts = ["enc-in-transit-everywhere"];

  it.each(clouds)("decides each claim on %s in one place, but for those in parts", (cloud) => {
    const claims = checks.filter((check) => judges(check, cloud)).flatMap(claimsOf);
    const twice = claims.filter((claim, index) => claims.indexOf(claim) !== index);
    expect(twice.filter((claim) => !inParts.includes(claim))).toEqual([]);
  });
});

function refused(facts: Facts, name: FactName): Collected {
  return { ...collectedFrom(facts), [name]: { read: false, reason: "403 Forbidden", request: `read ${name}` } };
}

/** Empty as a list is; an account without roles is what an empty IAM is. */
function emptied(facts: Facts, name: FactName): Collected {
  const collected = collectedFrom(facts);
  if (name === "iam" || name === "regionIam")
    return { ...collected, [name]: { read: true, value: { ...facts[name], roles: [] }, request: `read ${name}` } };
  if (!Array.isArray(facts[name])) return { ...collected, [name]: { read: false, reason: "404", request: "read it" } };
  return { ...collected, [name]: { read: true, value: [], request: `read ${name}` } };
}

it("the good plane holds every fact", () => {
  expect(factNames.length).toBe(111);
});
