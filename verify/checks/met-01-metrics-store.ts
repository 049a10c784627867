import type { V1Service } from "@kubernetes/client-node";
import { storeName, storeNamespace } from "../../components/metrics-store/contract.ts";
import { defineClusterCheck } from "../check.ts";
import type { Facts, MetricsServer } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { judgeFences, judgeService } from "./within-cluster.ts";

const server = `StatefulSet/${storeNamespace}/${storeName}`;

/** Prometheus stands in the cluster that is looked at, and only the cluster can ask it. */
export const measuresKeptInCluster = defineClusterCheck({
  id: "MET-01",
  title: "Measures of tasks are kept by a Prometheus in the customer's cluster, which nobody outside it can ask",
  severity: "high",
  claims: ["data-metrics-prometheus"],
  documented: [],
  fix: "Run `pulumi up` on the customer stack with its setting metricsStore; remove what it did not make.",
  needs: ["metricsStore", "services", "networkPolicies"],
  notApplicable: ({ keepsMeasures }) =>
    keepsMeasures ? undefined : "no measures are kept: the stack has no setting metricsStore",
  evaluate: ({ metricsStore, services, networkPolicies }) => [
    judgeServer(metricsStore.servers.find(isStore)),
    ...metricsStore.servers
      .filter((one) => !isStore(one))
      .map(({ name }) => fail(`StatefulSet/${storeNamespace}/${name}`, "is none of the kit's")),
    ...judgeServices(services),
    ...judgeFences(storeNamespace, networkPolicies),
  ],
  sabotages: [
    {
      name: "the store is gone",
      apply({ metricsStore }) {
        metricsStore.servers = [];
      },
    },
    { name: "its pod is not ready", apply: (facts) => change(facts, (store) => ({ ...store, ready: 0 })) },
    {
      name: "it passes on what it sees to somebody",
      apply: (facts) => changeTold(facts, (told) => ({ ...told, sendsTo: ["https://vendor.test/push"] })),
    },
    {
      name: "it is told of something that is not judged",
      apply: (facts) => changeTold(facts, (told) => ({ ...told, unread: ["alerting"] })),
    },
    { name: "it looks at nothing", apply: (facts) => changeTold(facts, (told) => ({ ...told, jobs: [] })) },
    {
      name: "it is started with another file, which nothing is known of",
      apply: (facts) => change(facts, ({ told: _, ...store }) => store),
    },
    {
      name: "it answers whoever asks it",
      apply: (facts) => change(facts, (store) => ({ ...store, clientAuth: "RequestClientCert" })),
    },
    { name: "it answers in clear", apply: (facts) => change(facts, ({ clientAuth: _, ...store }) => store) },
    {
      name: "a second container beside it passes its answers on",
      apply: (facts) => change(facts, (store) => ({ ...store, containers: [...store.containers, "proxy"] })),
    },
    {
      name: "another server stands in its namespace",
      apply({ metricsStore }) {
        metricsStore.servers.push({ name: "copy", ready: 1, wanted: 1, containers: ["copy"] });
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
    {
      name: "beside the default deny a policy lets everybody in",
      apply({ networkPolicies }) {
        const spec = { podSelector: {}, policyTypes: ["Ingress"], ingress: [{}] };
        networkPolicies.push({ metadata: { namespace: storeNamespace, name: "debug" }, spec });
      },
    },
    {
      name: "beside the default deny a policy lets a network in",
      apply({ networkPolicies }) {
        const ingress = [{ _from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }];
        const spec = { podSelector: {}, policyTypes: ["Ingress"], ingress };
        networkPolicies.push({ metadata: { namespace: storeNamespace, name: "debug" }, spec });
      },
    },
    {
      name: "beside the default deny a policy lets in the pods of every namespace",
      apply({ networkPolicies }) {
        const ingress = [{ _from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: "reader" } } }] }];
        const spec = { podSelector: {}, policyTypes: ["Ingress"], ingress };
        networkPolicies.push({ metadata: { namespace: storeNamespace, name: "debug" }, spec });
      },
    },
  ],
});

export function isStore({ name }: MetricsServer): boolean {
  return name === storeName;
}

function judgeServer(store: MetricsServer | undefined): Finding {
  if (!store) return fail(server, "is not there");
  const { ready, wanted, containers, told, clientAuth } = store;
  if (ready < 1) return fail(server, `${ready} of ${wanted} ready`);
  if (containers.length !== 1) return fail(server, `runs more than the store: ${containers.join(", ")}`);
  if (!told) return fail(server, "is started with no file that tells what it looks at");
  if (told.jobs.length === 0) return fail(server, "looks at nothing");
  if (told.sendsTo.length > 0) return fail(server, `sends what it sees to ${told.sendsTo.join(", ")}`);
  if (told.unread.length > 0) return fail(server, `is told more than is judged: ${told.unread.join(", ")}`);
  if (clientAuth !== "RequireAndVerifyClientCert")
    return fail(server, `answers whoever asks: ${clientAuth ?? "it has no TLS"}`);
  const looked = told.jobs.map((job) => `${job.name} by ${job.scheme}`).join(", ");
  return pass(server, `${ready} ready; looks at ${looked}, sends nothing on, asks for a certificate`);
}

function judgeServices(services: V1Service[]): Finding[] {
  const ours = services.filter(({ metadata }) => metadata?.namespace === storeNamespace);
  return ours.length > 0 ? ours.map(judgeService) : [fail(`Service/${storeNamespace}/${storeName}`, "is not there")];
}

function change({ metricsStore }: Pick<Facts, "metricsStore">, to: (store: MetricsServer) => MetricsServer): undefined {
  metricsStore.servers = metricsStore.servers.map((one) => (isStore(one) ? to(one) : one));
}

type Told = NonNullable<MetricsServer["told"]>;

function changeTold(facts: Pick<Facts, "metricsStore">, to: (told: Told) => Told): undefined {
  change(facts, (store) => (store.told ? { ...store, told: to(store.told) } : store));
}
