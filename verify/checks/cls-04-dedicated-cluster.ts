import { defineJointCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { orgLabel } from "./cls-05-no-shared-compute.ts";

const registry = "biplane.clusters";

/** Both ends: the registry cannot hold a cluster without its one organisation, and the cluster serves no other. */
export const clusterServesOneOrg = defineJointCheck({
  id: "CLS-04",
  title: "The cluster is registered for one organisation, and serves that one only",
  severity: "critical",
  claims: ["tenant-dedicated-cluster"],
  documented: [],
  fix: "Give each organisation a cluster and a customer stack of its own.",
  needs: ["deployments", "namespaces", "regionTables"],
  evaluate({ deployments, namespaces, regionTables }, { customer }) {
    const services = deployments.filter(({ metadata }) => metadata?.namespace === customer.namespace);
    return [
      judgeRegistry(regionTables),
      ...judgeServices(services, customer.org),
      ...namespaces.flatMap(({ metadata }): Finding[] => {
        const org = metadata?.labels?.[orgLabel];
        if (org === undefined) return [];
        const subject = `Namespace/${metadata?.name}`;
        return [org === customer.org ? pass(subject, `of ${org}`) : fail(subject, `of ${org}, not ${customer.org}`)];
      }),
    ];
  },
  sabotages: [
    {
      name: "the registry may hold a cluster without an organisation",
      apply({ regionTables }) {
        const column = regionTables.find(({ name }) => name === registry)?.columns.find(({ name }) => name === "org");
        if (column) column.notNull = false;
      },
    },
    {
      name: "its key does not name the organisation",
      apply({ regionTables }) {
        for (const index of regionTables.find(({ name }) => name === registry)?.indexes ?? [])
          index.columns = index.columns.filter((name) => name !== "org");
      },
    },
    {
      name: "the last service works for another organisation",
      apply({ deployments }, { customer }) {
        const last = deployments.findLast(({ metadata }) => metadata?.namespace === customer.namespace);
        for (const { env = [] } of last?.spec?.template.spec?.containers ?? [])
          for (const entry of env) if (entry.name === "ORG") entry.value = "globex";
      },
    },
    {
      name: "the first service is another cluster's",
      apply({ deployments }, { customer }) {
        const first = deployments.find(
          ({ metadata, spec }) =>
            metadata?.namespace === customer.namespace &&
            spec?.template.spec?.containers[0]?.env?.some(({ name }) => name === "CLUSTER_NAME"),
        );
        for (const entry of first?.spec?.template.spec?.containers[0]?.env ?? [])
          if (entry.name === "CLUSTER_NAME") entry.value = "elsewhere";
      },
    },
    {
      name: "a namespace of another organisation stands in the cluster",
      apply({ namespaces }) {
        namespaces.push({ metadata: { name: "globex-production", labels: { [orgLabel]: "globex" } } });
      },
    },
  ],
});

function judgeRegistry(tables: Facts["regionTables"]): Finding {
  const subject = `region: table ${registry}`;
  const table = tables.find(({ name }) => name === registry);
  if (!table) return fail(subject, "does not exist");
  const open = ["org", "cluster"].find(
    (wanted) => !table.columns.some(({ name, notNull }) => name === wanted && notNull),
  );
  if (open !== undefined) return fail(subject, `column ${open} may be empty`);
  const key = table.indexes.find(({ primary }) => primary)?.columns ?? [];
  if ([...key].sort().join() !== "cluster,org") return fail(subject, `its key is ${key.join(", ") || "missing"}`);
  return pass(subject, "each cluster by its one organisation: both in the key, neither ever empty");
}

/** As the services are told at their start; who tells them something else is refused by their certificate. */
function judgeServices(services: Facts["deployments"], org: string): Finding[] {
  const told = (name: string) =>
    services.flatMap(({ metadata, spec }) =>
      (spec?.template.spec?.containers ?? []).flatMap(({ env = [] }) =>
        env.filter((entry) => entry.name === name).map(({ value = "" }) => ({ service: metadata?.name ?? "", value })),
      ),
    );
  const orgs = told("ORG");
  const clusters = [...new Set(told("CLUSTER_NAME").map(({ value }) => value))];
  if (orgs.length === 0) return [fail("services", "none is told its organisation")];
  return [
    ...orgs.map(({ service, value }) =>
      value === org
        ? pass(`Deployment ${service}`, `works for ${value}`)
        : fail(`Deployment ${service}`, `works for ${value}`),
    ),
    clusters.length === 1
      ? pass("services", `all of the cluster ${clusters[0]}`)
      : fail("services", `told that their cluster is ${clusters.join(", ") || "none"}`),
  ];
}
