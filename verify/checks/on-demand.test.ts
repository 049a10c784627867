import { describe, expect, it } from "vitest";
import type { Facts } from "../facts.ts";
import { enforcedLevel } from "../reason/pod-exceptions.ts";
import { runChecks } from "../runner.ts";
import { type Target, type Targets, withLiveProjects } from "../target.ts";
import { collectedFrom, goodFacts, goodTarget, goodTargets } from "../testing/good-plane.ts";
import { checks } from "./index.ts";

const later = { project: "later", domain: "production" };
const declared: Target = { ...goodTarget, projectsOnDemand: [later] };
const targets: Targets = { ...goodTargets, customer: declared };
const withMade = (): Facts => goodFacts({ ...declared, projects: [...declared.projects, later] });

/** As `verify` judges: by what the live list says. */
function judged(facts: Facts, ids?: string[]) {
  const collected = collectedFrom(facts);
  // What was tried was tried in the good plane's own namespaces.
  const chosen = checks.filter(({ id, probes }) => (ids === undefined ? !probes : ids.includes(id)));
  return runChecks(chosen, collected, withLiveProjects(targets, collected.namespaces));
}
const red = (facts: Facts, ids?: string[]) =>
  judged(facts, ids)
    .filter(({ verdict: { outcome } }) => !["PASS", "NOT_APPLICABLE"].includes(outcome))
    .map(({ check, verdict }) => {
      const wrong = verdict.outcome === "FAIL" ? verdict.findings.filter(({ ok }) => !ok) : [verdict];
      return `${check.id}: ${JSON.stringify(wrong)}`;
    });

describe("a project-domain on demand", () => {
  it("lets every check pass before its namespace is made, and after", () => {
    expect(red(goodFacts(declared))).toEqual([]);
    expect(red(withMade())).toEqual([]);
  }, 120_000);

  it("is looked at once its namespace is there", () => {
    const namespace = "later-production";
    const of = (name: "NS-03" | "NS-01") => judged(withMade(), [name])[0]?.verdict;
    expect(JSON.stringify(of("NS-01"))).toContain(namespace);
    expect(JSON.stringify(of("NS-03"))).toContain(`RoleBinding/${namespace}/executor`);
  });

  it.each<[string, string, (facts: Facts) => void]>([
    ["no rights of the platform's", "RBAC-04", (f) => drop(f, "roleBindings")],
    ["no network policy", "NS-04", (f) => drop(f, "networkPolicies")],
    ["no quota", "NS-02", (f) => drop(f, "resourceQuotas")],
    ["no level of Pod Security, and not one pod", "POD-01", (f) => archive(f, "without its level")],
  ])("fails when it has %s", (_, id, spoil) => {
    const facts = withMade();
    spoil(facts);
    expect(red(facts, [id])).toHaveLength(1);
  });

  it("holds to the level though its project is archived, and it has not one pod", () => {
    const facts = withMade();
    archive(facts);
    expect(red(facts, ["POD-01"])).toEqual([]);
    expect(JSON.stringify(judged(facts, ["POD-01"])[0]?.verdict)).toContain("restricted, 0 pods");
  });

  it("is none of ours where another's namespace has its name", () => {
    const facts = goodFacts(declared);
    facts.namespaces.push({ metadata: { name: "later-production", labels: {} } });
    expect(withLiveProjects(targets, collectedFrom(facts).namespaces)).toEqual(targets);
    expect(red(facts, ["NS-01", "NS-03", "RBAC-04", "POD-01"])).toEqual([]);
  });

  it("counts as there where the list of namespaces could not be read", () => {
    const unread = { read: false as const, reason: "403 Forbidden", request: "list v1 Namespace" };
    expect(withLiveProjects(targets, unread).customer?.projects).toEqual([...declared.projects, later]);
  });
});

describe("the sync's account", () => {
  it("holds its rows of the table: a verb more is a finding, and so is its role in other hands", () => {
    const more = withMade();
    const rule = more.clusterRoles.find(({ metadata }) => metadata?.name === "union-sync")?.rules?.[0];
    rule?.verbs.push("delete");
    expect(red(more, ["RBAC-04"])[0]).toContain('delete core/namespaces \\"later-production\\" everywhere');
    const others = withMade();
    const binding = others.clusterRoleBindings.find(({ metadata }) => metadata?.name === "union-sync");
    binding?.subjects?.push({ kind: "ServiceAccount", name: "executor", namespace: "union" });
    expect(red(others, ["RBAC-04"])[0]).toContain("ServiceAccount/union/executor");
  });

  it("has no place in a plane without projects on demand", () => {
    const facts = withMade();
    const none: Targets = { ...goodTargets, customer: goodTarget };
    const verdict = runChecks(
      checks.filter(({ id }) => id === "RBAC-04"),
      collectedFrom(facts),
      none,
    )[0]?.verdict;
    expect(JSON.stringify(verdict)).toContain("ServiceAccount/union/sync");
    expect(verdict?.outcome).toBe("FAIL");
  });
});

function drop(facts: Facts, name: "roleBindings" | "networkPolicies" | "resourceQuotas") {
  const kept = facts[name].filter(({ metadata }) => metadata?.namespace !== "later-production");
  Object.assign(facts, { [name]: kept });
}

function archive(facts: Facts, how?: "without its level") {
  facts.pods = facts.pods.filter(({ metadata }) => metadata?.namespace !== "later-production");
  const labels = facts.namespaces.find(({ metadata }) => metadata?.name === "later-production")?.metadata?.labels;
  if (how && labels) delete labels[enforcedLevel];
}
