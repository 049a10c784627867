import { describe, expect, it } from "vitest";
import type { Collected, Facts } from "../../facts.ts";
import { collectedFrom, goodFacts, goodTarget } from "../../testing/good-plane.ts";
import { pathsOf, renderPaths } from "./index.ts";
import { crossings } from "./namespaces.ts";

const names = ["union", "demo-development"];

function statesOf(change: (facts: Facts) => void = () => undefined) {
  const facts = goodFacts();
  for (const { metadata, spec } of facts.pods) {
    if (metadata?.namespace === "union")
      for (const one of spec?.containers ?? []) one.ports = [{ containerPort: 8080 }];
  }
  change(facts);
  const found = crossings(facts, names);
  return { found, states: Object.fromEntries(found.map(({ from, to, state }) => [`${from} → ${to}`, state])) };
}

const allow = (port: number) => (facts: Facts) => {
  const [task, platform] = [
    { matchLabels: { "kubernetes.io/metadata.name": "demo-development" } },
    { matchLabels: { "kubernetes.io/metadata.name": "union" } },
  ];
  facts.networkPolicies.push(
    {
      metadata: { namespace: "union", name: "in" },
      spec: {
        podSelector: {},
        policyTypes: ["Ingress"],
        ingress: [{ _from: [{ namespaceSelector: task }], ports: [{ port }] }],
      },
    },
    {
      metadata: { namespace: "demo-development", name: "out" },
      spec: { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [{ namespaceSelector: platform }] }] },
    },
  );
};

describe("which namespaces reach which", () => {
  it("is none where everything is denied, after every pair of pods was asked about", () => {
    const { found, states } = statesOf();
    expect(states).toEqual({
      "union → union": "closed",
      "union → demo-development": "closed",
      "demo-development → union": "closed",
      // Its one pod has no other to speak to.
      "demo-development → demo-development": "no pods",
    });
    expect(found.find(({ from, to }) => from === "demo-development" && to === "union")?.asked).toBe(
      // Their one port, the one that a policy names, and any other.
      3 * goodFacts().pods.filter(({ metadata }) => metadata?.namespace === "union").length,
    );
  });

  it("does not take who is let in for everybody", () => {
    const { states } = statesOf((facts) => {
      allow(8080)(facts);
      const [rule] = facts.networkPolicies.find(({ metadata }) => metadata?.name === "in")?.spec?.ingress ?? [];
      const elsewhere = { matchLabels: { "kubernetes.io/metadata.name": "elsewhere" } };
      if (rule) rule._from = [{ namespaceSelector: elsewhere }];
    });
    expect(states).toMatchObject({ "demo-development → union": "closed" });
  });

  it("has a witness where both sides allow it, one way", () => {
    const { found, states } = statesOf(allow(8080));
    expect(states).toMatchObject({ "demo-development → union": "open", "union → demo-development": "closed" });
    const open = found.find(({ state }) => state === "open");
    expect(open?.witness).toMatchObject({ from: "demo-development/r1-a0-0-x", to: "union/executor-x", port: 8080 });
    expect(open?.witness?.because.join()).toMatch(/out egress\[0\].*in ingress\[0\]/);
  });

  it("sees also a port that no container names, and the first of a range", () => {
    expect(statesOf(allow(9)).states).toMatchObject({ "demo-development → union": "open" });
    const range = (facts: Facts) => {
      allow(7_000)(facts);
      const [rule] = facts.networkPolicies.find(({ metadata }) => metadata?.name === "in")?.spec?.ingress ?? [];
      for (const port of rule?.ports ?? []) port.endPort = 7_010;
    };
    expect(statesOf(range).states).toMatchObject({ "demo-development → union": "open" });
  });

  it("is open where nothing is denied", () => {
    const { states } = statesOf((facts) => {
      facts.networkPolicies = [];
    });
    expect(states).toMatchObject({ "union → demo-development": "open", "demo-development → union": "open" });
  });

  it("is refused for more pods than can be asked about", () => {
    const many = (facts: Facts) => {
      const [pod] = facts.pods;
      facts.pods = Array.from({ length: 401 }, (_, at) => ({ ...pod, metadata: { ...pod?.metadata, name: `p${at}` } }));
    };
    expect(() => statesOf(many)).toThrow(/401 pods run in union, demo-development, more than 400/);
  });
});

describe("all paths together", { timeout: 60_000 }, () => {
  const paths = (change: (collected: Collected) => void) => {
    const collected = collectedFrom(goodFacts());
    change(collected);
    return pathsOf(collected, goodTarget, true);
  };
  const refused = { read: false as const, reason: "403 Forbidden", request: "list" };

  it("leave undecided what a refused request would have told, and nothing else", () => {
    const noPods = paths((collected) => {
      collected.pods = refused;
    });
    expect(noPods.namespaces).toEqual({ decided: false, reason: "pods: 403 Forbidden" });
    expect(Object.values(noPods.roles).map(({ decided }) => decided)).toEqual([false, false]);
    expect(noPods.buckets.decided).toBe(true);
    expect(renderPaths(noPods)).toContain("not decided: pods: 403 Forbidden");
  });

  it("say nothing of namespaces where policies of another API were not read", () => {
    const { namespaces, roles } = paths((collected) => {
      const { customResourceDefinitions: known } = collected;
      if (known.read)
        known.value.push({
          metadata: { name: "ciliumnetworkpolicies.cilium.io" },
          spec: {
            group: "cilium.io",
            scope: "Namespaced",
            names: { kind: "CiliumNetworkPolicy", plural: "p" },
            versions: [],
          },
        });
    });
    expect(namespaces).toEqual({
      decided: false,
      reason: expect.stringMatching(/^the cluster knows ciliumnetworkpolicies/),
    });
    expect(Object.values(roles).every(({ decided }) => decided)).toBe(true);
  });
});
