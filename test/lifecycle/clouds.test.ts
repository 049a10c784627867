/** What was decided at this commit of customers in each cloud, held side by side: the same promise has the same result. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Cloud, clouds } from "../../verify/check.ts";
import { checks } from "../../verify/checks/index.ts";
import { anyModel, currentCommit, readEvidence } from "../../verify/claims/evidence.ts";
import { ledger } from "../../verify/claims/ledger.ts";
import { cellsOf, readParityWaivers } from "../../verify/parity.ts";
import { evidenceFor } from "../support/evidence.ts";
import { checkout, here } from "../support/paths.ts";

const { proves } = evidenceFor(
  "lifecycle/clouds",
  () => anyModel,
  () => clouds,
);
const ofPlanes = checks.filter(({ plane }) => plane === "compute");
/** Of customers' planes alone: a region is the same one for customers of every cloud. */
const cells = cellsOf(ofPlanes, readParityWaivers());
/** Promises of both models, since planes of BYOC run here in one cloud alone, that checks of planes decide in all three. */
const ofAll = ledger.claims
  .filter(({ id, models }) => {
    const decided = cells.filter(({ claim, by }) => claim === id && by.length > 0);
    return models.length === 2 && decided.length === clouds.length;
  })
  .map(({ id }) => id);

const probing = new Set(ofPlanes.filter(({ probes }) => probes).map(({ id }) => id));
const known = new Set(ofPlanes.map(({ id }) => id));
const kept = readEvidence(join(here.cache, "evidence"), currentCommit(checkout));
const evidence = kept.filter(({ by }) => known.has(by));
const wasTried = (cloud: Cloud) => evidence.some((one) => one.cloud === cloud && probing.has(one.by));

/** Claim → result, the worst where several decided. */
function resultsOn(cloud: Cloud): Map<string, string> {
  const found = new Map<string, string>();
  for (const { claim, result } of evidence.filter((one) => one.cloud === cloud && ofAll.includes(one.claim)))
    if (result !== "not-evaluated" && (!found.has(claim) || result === "fail")) found.set(claim, result);
  return new Map([...found].sort(([a], [b]) => a.localeCompare(b)));
}

/** What the runs in that cloud put off, each with its reason in a list of gaps that somebody accepted. */
const putOffOn = (cloud: Cloud) =>
  new Map(
    kept.filter((one) => one.by === "accepted gap" && one.cloud === cloud).map(({ claim, reason }) => [claim, reason]),
  );

/** What differs, by claim; `-`: not decided. */
function differences(results: Record<Cloud, Map<string, string>>): string[] {
  return ofAll.flatMap((claim) => {
    const told = clouds.map((cloud) => results[cloud].get(claim) ?? "-");
    const excused = clouds.every(
      (cloud, at) => told[at] === "pass" || (told[at] === "-" && putOffOn(cloud).has(claim)),
    );
    return excused ? [] : [`${claim}: ${clouds.map((cloud, at) => `${cloud} ${told[at]}`).join(", ")}`];
  });
}

describe("customers in three clouds", () => {
  it("have the same guarantees: what is decided of one is decided of each, with the same result", ({ skip }) => {
    skip(!clouds.every(wasTried), "not tried in each cloud at this commit");
    proves(
      ["multicloud-same-guarantees"],
      "one result turned round in one cloud, and one left out, are found by the same comparison",
    );
    expect(readParityWaivers()).toEqual([]);
    const results = { aws: resultsOn("aws"), gcp: resultsOn("gcp"), azure: resultsOn("azure") };
    for (const cloud of clouds) expect(results[cloud].size, cloud).toBeGreaterThan(50);
    expect(differences(results)).toEqual([]);
    for (const cloud of clouds)
      for (const [claim, reason] of putOffOn(cloud))
        if (ofAll.includes(claim)) process.stdout.write(`not compared on ${cloud}: ${claim}, ${reason}\n`);
    const open = new Set(clouds.flatMap((cloud) => [...putOffOn(cloud).keys()]));
    const one = [...results.gcp.keys()].find((claim) => !open.has(claim)) ?? "";
    const turned = { ...results, gcp: new Map(results.gcp).set(one, "fail") };
    const without = { ...results, azure: new Map([...results.azure].filter(([claim]) => claim !== one)) };
    expect(differences(turned)).toEqual([`${one}: aws pass, gcp fail, azure pass`]);
    expect(differences(without)).toEqual([`${one}: aws pass, gcp pass, azure -`]);
  });
});
