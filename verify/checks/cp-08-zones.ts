import type { V1Deployment, V1PodDisruptionBudget } from "@kubernetes/client-node";
import { defineRegionCheck } from "../check.ts";
import { subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";

const leastZones = 2;
const zoneLabel = "topology.kubernetes.io/zone";
export const overManyZones = defineRegionCheck({
  id: "CP-08",
  title: "Database, nodes, balancers and services stand in two zones or more",
  severity: "high",
  claims: ["cp-multi-az"],
  documented: [],
  fix: "Give the region at least two zones and two replicas a service.",
  needs: [
    "regionDatabases",
    "regionSubnets",
    "regionCluster",
    "regionBalancers",
    "regionNodeZones",
    "regionDeployments",
    "regionBudgets",
  ],
  evaluate(facts, { namespace }) {
    const { regionDatabases, regionSubnets, regionCluster, regionBalancers, regionNodeZones } = facts;
    const services = facts.regionDeployments.filter(({ metadata }) => metadata?.namespace === namespace);
    const zonesOf = (ids: string[]) => regionSubnets.filter(({ id }) => ids.includes(id)).map(({ zone }) => zone);
    return [
      ...regionDatabases.flatMap(({ arn, multiAz, subnetIds }) => [
        multiAz ? pass(arn, "has a standby in another zone") : fail(arn, "has no standby"),
        judgeZones(`subnets of ${arn}`, zonesOf(subnetIds)),
      ]),
      judgeZones("node groups", zonesOf(regionCluster.nodeGroups.flatMap(({ subnetIds }) => subnetIds))),
      judgeZones(
        "nodes",
        regionNodeZones.map(({ zone }) => zone),
      ),
      ...regionBalancers.map(({ arn, zones }) => judgeZones(arn, zones)),
      ...(services.length > 0 ? [] : [fail(`Namespace/${namespace}`, "has no service")]),
      ...services.map((deployment) => judgeDeployment(deployment, facts.regionBudgets)),
    ];
  },
  sabotages: [
    {
      name: "the last database has no standby",
      apply({ regionDatabases }) {
        const last = regionDatabases.at(-1);
        if (last) last.multiAz = false;
      },
    },
    {
      name: "every node stands in one zone",
      apply({ regionNodeZones }) {
        for (const node of regionNodeZones) node.zone = "a";
      },
    },
    {
      name: "the last balancer stands in one zone",
      apply({ regionBalancers }) {
        const last = regionBalancers.at(-1);
        if (last) last.zones = last.zones.slice(0, 1);
      },
    },
    {
      name: "a service has one replica",
      apply({ regionDeployments }, { namespace }) {
        const first = regionDeployments.find(({ metadata }) => metadata?.namespace === namespace);
        if (!first?.spec) return false;
        first.spec.replicas = 1;
        return undefined;
      },
    },
    {
      name: "the last service's budget lets all of it go",
      apply(facts, { namespace }) {
        const last = facts.regionDeployments.findLast(({ metadata }) => metadata?.namespace === namespace);
        for (const budget of facts.regionBudgets)
          if (last && guards(budget, last)) budget.spec = { selector: budget.spec?.selector, maxUnavailable: "100%" };
      },
    },
    {
      name: "a drain may take every pod of the last service",
      apply(facts, { namespace }) {
        const last = facts.regionDeployments.findLast(({ metadata }) => metadata?.namespace === namespace);
        if (!last) return false;
        facts.regionBudgets = facts.regionBudgets.filter((budget) => !guards(budget, last));
        return undefined;
      },
    },
  ],
});

function judgeDeployment(deployment: V1Deployment, budgets: V1PodDisruptionBudget[]): Finding {
  const subject = subjectOf("Deployment", deployment);
  const { replicas = 0, template } = deployment.spec ?? {};
  if (replicas < leastZones) return fail(subject, `${replicas} replicas`);
  const spread = template?.spec?.topologySpreadConstraints ?? [];
  if (!spread.some(({ topologyKey }) => topologyKey === zoneLabel)) return fail(subject, "not spread over zones");
  if (!budgets.some((budget) => guards(budget, deployment) && keepsOne(budget, replicas)))
    return fail(subject, "no budget keeps one through a drain");
  return pass(subject, `${replicas} replicas, spread over zones, one drained at a time`);
}

/** Of `replicas`, also where it says so in percent; Kubernetes rounds both ways of saying it up. */
function keepsOne({ spec }: V1PodDisruptionBudget, replicas: number): boolean {
  const amount = (given: number | string) =>
    typeof given === "number" ? given : Math.ceil((Number.parseInt(given, 10) * replicas) / 100);
  if (spec?.minAvailable !== undefined) return amount(spec.minAvailable) >= 1;
  return spec?.maxUnavailable !== undefined && amount(spec.maxUnavailable) < replicas;
}

/** By the one label that our selectors have. */
function guards({ metadata, spec }: V1PodDisruptionBudget, deployment: V1Deployment): boolean {
  const wanted = Object.entries(spec?.selector?.matchLabels ?? {});
  const labels = deployment.spec?.template?.metadata?.labels ?? {};
  const own = metadata?.namespace === deployment.metadata?.namespace;
  return own && wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

function judgeZones(subject: string, zones: string[]): Finding {
  const different = [...new Set(zones)].sort();
  return different.length >= leastZones
    ? pass(subject, different.join(", "))
    : fail(subject, `in ${different.join(", ") || "no zone"} only`);
}
