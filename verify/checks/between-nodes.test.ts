import { describe, expect, it } from "vitest";
import type { AnyCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { judge } from "../runner.ts";
import type { Targets } from "../target.ts";
import { goodAzureByocFacts, goodAzureByocTargets } from "../testing/good-azure-byoc.ts";
import { goodByocFacts, goodByocTarget } from "../testing/good-byoc.ts";
import { goodGoogleByocFacts, goodGoogleByocTargets } from "../testing/good-google-byoc.ts";
import { collectedFrom, goodTargets } from "../testing/good-plane.ts";
import { networkEncryptsBetweenNodes } from "./tls-07-between-nodes.ts";
import { googleEncryptsBetweenNodes } from "./tls-27-google-between-nodes.ts";
import { azureEncryptsBetweenNodes } from "./tls-47-azure-between-nodes.ts";

const aws = { ...goodTargets, customer: goodByocTarget };
const planes: [string, AnyCheck, Targets, () => Facts][] = [
  ["AWS", networkEncryptsBetweenNodes, aws, goodByocFacts],
  ["Google Cloud", googleEncryptsBetweenNodes, goodGoogleByocTargets, goodGoogleByocFacts],
  ["Azure", azureEncryptsBetweenNodes, goodAzureByocTargets, goodAzureByocFacts],
];

function serving(targets: Targets, servesApps: boolean): Targets {
  const { customer, google, azure } = targets;
  return {
    ...targets,
    ...(customer ? { customer: { ...customer, servesApps } } : {}),
    ...(google ? { google: { ...google, servesApps } } : {}),
    ...(azure ? { azure: { ...azure, servesApps } } : {}),
  };
}

describe.each(planes)("between nodes on %s", (_, check, targets, good) => {
  it("is of no concern where no apps are served", () => {
    expect(judge(check, collectedFrom(good()), serving(targets, true)).outcome).toBe("PASS");
    expect(judge(check, collectedFrom(good()), serving(targets, false)).outcome).toBe("NOT_APPLICABLE");
  });

  it("is not evaluated where no node is the cloud's own, whatever the account tells", () => {
    const facts = good();
    facts.nodes = [
      { metadata: { name: "local" }, spec: {} },
      { metadata: { name: "other" }, spec: { providerID: "k3s://other" } },
    ];
    expect(judge(check, collectedFrom(facts), targets)).toEqual({
      outcome: "NOT_EVALUATED",
      reason: "nothing was there to inspect",
    });
  });
});

describe("TLS-07", () => {
  const bad = (facts: Facts) => {
    const verdict = judge(networkEncryptsBetweenNodes, collectedFrom(facts), aws);
    return verdict.outcome === "FAIL" ? verdict.findings.filter(({ ok }) => !ok) : [];
  };

  it("names each node whose type does not encrypt, with the type, and no other", () => {
    const facts = goodByocFacts();
    facts.instances = [
      { id: "i-0b", type: "t3.large", encryptsInTransit: false },
      { id: "i-0a", type: "m7i.xlarge", encryptsInTransit: true },
      // No node of the cluster's.
      { id: "i-0c", type: "m5.large", encryptsInTransit: false },
    ];
    expect(bad(facts)).toMatchObject([{ subject: "Node/i-0b", evidence: expect.stringContaining("t3.large") }]);
  });

  it("does not take an instance of another account for one that encrypts", () => {
    const facts = goodByocFacts();
    facts.instances = facts.instances.filter(({ id }) => id !== "i-0a");
    expect(bad(facts)).toMatchObject([
      { subject: "Node/i-0a", evidence: expect.stringContaining("none of the account") },
    ]);
  });
});

it("TLS-27 and TLS-47 look at pods on their nodes' networks where apps are, and nowhere else", () => {
  for (const [, check, targets, good] of planes.slice(1)) {
    const facts = good();
    const onNode = { spec: { containers: [], hostNetwork: true } };
    facts.pods.push({ metadata: { namespace: "kube-system", name: "agent" }, ...onNode });
    expect(judge(check, collectedFrom(facts), targets).outcome).toBe("PASS");
    facts.pods.unshift({ metadata: { namespace: "kourier-system", name: "door" }, ...onNode });
    expect(JSON.stringify(judge(check, collectedFrom(facts), targets))).toContain("Pod/kourier-system/door");
  }
});
