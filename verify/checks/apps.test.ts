import { describe, expect, it } from "vitest";
import type { Facts } from "../facts.ts";
import { runChecks } from "../runner.ts";
import { type Target, type Targets, withLiveProjects } from "../target.ts";
import { collectedFrom, goodFacts, goodTarget, goodTargets } from "../testing/good-plane.ts";
import { checks } from "./index.ts";

const onDemand = { project: "later", domain: "production" };
const serving: Target = { ...goodTarget, servesApps: true, projectsOnDemand: [onDemand] };
const targets: Targets = { ...goodTargets, customer: serving };

function judged(facts: Facts, ids?: string[], of: Targets = targets) {
  const collected = collectedFrom(facts);
  const chosen = checks.filter(({ id, probes }) => (ids === undefined ? !probes : ids.includes(id)));
  return runChecks(chosen, collected, withLiveProjects(of, collected.namespaces));
}
const red = (facts: Facts) =>
  judged(facts).filter(({ verdict: { outcome } }) => !["PASS", "NOT_APPLICABLE"].includes(outcome));

describe("a plane that serves apps", () => {
  it("lets every check pass, with the service of apps among its components", () => {
    const facts = goodFacts({ ...serving, projects: [...serving.projects, onDemand] });
    expect(red(facts).map(({ check, verdict }) => `${check.id}: ${JSON.stringify(verdict)}`)).toEqual([]);
    expect(JSON.stringify(judged(facts, ["POD-05"])[0]?.verdict)).toContain("Apps & Serving (apps)");
    expect(judged(facts, ["APP-01"])[0]?.verdict.outcome).toBe("PASS");
  }, 120_000);

  it("holds the service of apps to its row of the table", () => {
    const facts = goodFacts(serving);
    const role = facts.roles.find(({ metadata }) => metadata?.name === "apps");
    role?.rules?.push({ apiGroups: [""], resources: ["pods"], verbs: ["create"] });
    expect(JSON.stringify(judged(facts, ["RBAC-04"])[0]?.verdict)).toContain("may create core/pods");
  });

  it("is judged by the same table where it serves none: then the service is a stranger", () => {
    const found = judged(goodFacts(serving), ["POD-05", "APP-01"], goodTargets);
    expect(found.map(({ verdict }) => verdict.outcome)).toEqual(["FAIL", "NOT_APPLICABLE"]);
  });

  it("knows an app's pods and its name within the cluster for what they are, and nothing else by these", () => {
    const namespace = "demo-development";
    const pod = (owner: { kind: string; apiVersion: string }) => {
      const facts = goodFacts(serving);
      facts.pods.push({
        metadata: {
          ...{ namespace, name: "app", labels: { "serving.knative.dev/revision": "app-00001" } },
          ownerReferences: [{ ...owner, name: "app", uid: "1" }],
        },
      });
      return judged(facts, ["DEP-02"])[0]?.verdict.outcome;
    };
    expect(pod({ kind: "ReplicaSet", apiVersion: "apps/v1" })).toBe("PASS");
    expect(pod({ kind: "Job", apiVersion: "batch/v1" })).toBe("FAIL");
    const service = (externalName: string) => {
      const facts = goodFacts(serving);
      facts.services.push({ metadata: { namespace, name: "app" }, spec: { type: "ExternalName", externalName } });
      return judged(facts, ["NET-01"])[0]?.verdict.outcome;
    };
    expect(service("kourier-internal.kourier-system.svc.cluster.local")).toBe("PASS");
    expect(service("elsewhere.example.com")).toBe("FAIL");
  });

  it.each(checks.find(({ id }) => id === "APP-01")?.sabotages ?? [])("fails when $name", ({ apply }) => {
    const facts = goodFacts(serving);
    expect(apply(facts, targets)).toBeUndefined();
    expect(judged(facts, ["APP-01"])[0]?.verdict.outcome).toBe("FAIL");
  });
});
