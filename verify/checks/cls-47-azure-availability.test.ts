import { describe, expect, it } from "vitest";
import { clusterId } from "../collect/azure/places.ts";
import { goodAzureByocFacts, goodAzureByocTarget } from "../testing/good-azure-byoc.ts";
import { goodControlPlane } from "../testing/good-region.ts";
import { give } from "./azure-questions.ts";
import { azureVendorKeepsItAvailable as check } from "./cls-47-azure-availability.ts";

const target = goodAzureByocTarget;
const bad = (facts = goodAzureByocFacts(), azure = target) =>
  check
    .evaluate(facts, { azure, controlPlane: goodControlPlane })
    .filter(({ ok }) => !ok)
    .map(({ evidence }) => evidence);

describe("CLS-47", () => {
  it("asks for no way to new versions of the cluster where the vendor may write it", () => {
    const facts = goodAzureByocFacts();
    expect(bad(facts)).toEqual([]);
    facts.azureCluster.upgrades.cluster = "none";
    expect(bad(facts)).toEqual([expect.stringContaining("no newer version comes")]);
    const actions = ["Microsoft.ContainerService/managedClusters/write"];
    give(facts, target.management?.principalId, clusterId(target), { actions });
    expect(bad(facts)).toEqual([]);
  });

  it("knows an identity by both of its ids", () => {
    const facts = goodAzureByocFacts();
    for (const one of facts.azureIdentities) one.principalId = "another";
    expect(bad(facts)).toEqual(["does not exist"]);
  });

  it("is of the customer's concern where the vendor only looks, or has no identity", () => {
    const level = "read-only" as const;
    const looks = { ...target, ...(target.management ? { management: { ...target.management, level } } : {}) };
    expect(check.notApplicable?.({ azure: looks, controlPlane: goodControlPlane })).toContain("look only");
    const { management: _, ...none } = target;
    expect(bad(goodAzureByocFacts(), none)).toEqual(["the target names no management identity"]);
  });
});
