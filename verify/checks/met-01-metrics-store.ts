import type { V1Service, V1StatefulSet } from "@kubernetes/client-node";
import { storeName, storeNamespace } from "../../components/metrics-store/contract.ts";
import { defineClusterCheck } from "../check.ts";
import type { MetricsSettings } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { isDefaultDeny } from "../reason/kubernetes.ts";

const server = `StatefulSet/${storeNamespace}/${storeName}`;

/** Prometheus stands in the cluster that is looked at, and only the cluster can ask it. */
export const measuresKeptInCluster = defineClusterCheck({
  id: "MET-01",
  title: "Measures of tasks are kept by a Prometheus in the customer's cluster, which nobody outside it can ask",
  severity: "high",
  claims: ["data-metrics-prometheus"],
  documented: [],
  fix: "Run `pulumi up` on the customer stack with its setting metricsStore; remove what it did not make.",
  needs: ["statefulSets", "metricsSettings", "services", "networkPolicies"],
  notApplicable: ({ keepsMeasures }) =>
    keepsMeasures ? undefined : "no measures are kept: the stack has no setting metricsStore",
  evaluate: ({ statefulSets, metricsSettings, services, networkPolicies }) => [
    judgeServer(statefulSets.find(isStore), metricsSettings),
    ...judgeServices(services),
    networkPolicies.some((policy) => policy.metadata?.namespace === storeNamespace && isDefaultDeny(policy))
      ? pass(`Namespace/${storeNamespace}`, "everything is refused that is not named")
      : fail(`Namespace/${storeNamespace}`, "has no default deny"),
  ],
  sabotages: [
    {
      name: "the store is gone",
      apply(facts) {
        facts.statefulSets = facts.statefulSets.filter((one) => !isStore(one));
      },
    },
    {
      name: "its pod is not ready",
      apply({ statefulSets }) {
        const status = statefulSets.find(isStore)?.status;
        if (!status) return false;
        status.readyReplicas = 0;
        return undefined;
      },
    },
    {
      name: "it passes on what it sees to somebody",
      apply({ metricsSettings }) {
        for (const settings of metricsSettings) settings.sendsTo = ["https://vendor.test/push"];
      },
    },
    {
      name: "it answers whoever asks it",
      apply({ metricsSettings }) {
        for (const settings of metricsSettings) settings.clientAuth = "RequestClientCert";
      },
    },
    {
      name: "it answers in clear",
      apply({ metricsSettings }) {
        for (const settings of metricsSettings) delete settings.clientAuth;
      },
    },
    {
      name: "it looks at nothing",
      apply({ metricsSettings }) {
        for (const settings of metricsSettings) settings.jobs = [];
      },
    },
    {
      name: "it is told by another ConfigMap, which nothing is known of",
      apply({ statefulSets }) {
        const config = configOf(statefulSets.find(isStore));
        if (!config) return false;
        config.name = "other";
        return undefined;
      },
    },
    {
      name: "a second Service opens it to the internet by a load balancer",
      apply({ services }) {
        services.push({ metadata: { namespace: storeNamespace, name: "debug" }, spec: { type: "LoadBalancer" } });
      },
    },
    {
      name: "its Service takes an address from outside",
      apply({ services }) {
        const spec = services.find(({ metadata }) => metadata?.namespace === storeNamespace)?.spec;
        if (!spec) return false;
        spec.externalIPs = ["203.0.113.7"];
        return undefined;
      },
    },
    {
      name: "its namespace loses its default deny",
      apply(facts) {
        facts.networkPolicies = facts.networkPolicies.filter(({ metadata }) => metadata?.namespace !== storeNamespace);
      },
    },
  ],
});

export function isStore({ metadata }: V1StatefulSet): boolean {
  return metadata?.namespace === storeNamespace && metadata.name === storeName;
}

function configOf(store: V1StatefulSet | undefined) {
  return store?.spec?.template.spec?.volumes?.find(({ configMap }) => configMap)?.configMap;
}

function judgeServer(store: V1StatefulSet | undefined, all: readonly MetricsSettings[]): Finding {
  if (!store) return fail(server, "is not there");
  const ready = store.status?.readyReplicas ?? 0;
  if (ready < 1) return fail(server, `${ready} of ${store.spec?.replicas ?? 1} ready`);
  const name = configOf(store)?.name;
  const settings = all.find(({ configMap }) => configMap === name);
  if (!settings) return fail(server, `its ConfigMap ${name ?? ""} says nothing that Prometheus reads`);
  const { jobs, sendsTo, clientAuth } = settings;
  if (jobs.length === 0) return fail(server, "looks at nothing");
  if (sendsTo.length > 0) return fail(server, `sends what it sees to ${sendsTo.join(", ")}`);
  if (clientAuth !== "RequireAndVerifyClientCert")
    return fail(server, `answers whoever asks: ${clientAuth ?? "it has no TLS"}`);
  const looked = jobs.map((job) => `${job.name} by ${job.scheme}`).join(", ");
  return pass(server, `${ready} ready; looks at ${looked}, sends nothing on, asks for a certificate`);
}

function judgeServices(services: V1Service[]): Finding[] {
  const ours = services.filter(({ metadata }) => metadata?.namespace === storeNamespace);
  if (ours.length === 0) return [fail(`Service/${storeNamespace}/${storeName}`, "is not there")];
  return ours.map(({ metadata, spec }) => {
    const subject = `Service/${storeNamespace}/${metadata?.name}`;
    const { type = "ClusterIP", externalIPs = [] } = spec ?? {};
    if (type !== "ClusterIP") return fail(subject, `is of type ${type}`);
    return externalIPs.length > 0
      ? fail(subject, `takes ${externalIPs[0]}`)
      : pass(subject, "within the cluster alone");
  });
}
