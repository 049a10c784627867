/**
 * NetworkPolicies as data: everything is refused both ways, then each allowed connection is named at both its ends.
 * Each policy names both directions, so that it would close its pods even where the default one was taken away.
 */
import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { cloudflareRanges } from "../edge/cloudflare-ranges.ts";
import type { Cloud } from "../identity/contract.ts";
import { builderService, buildNamespace } from "../image-builder/contract.ts";
import { apiServers, block, type Egress, outside, ownCloud, region } from "./egress.ts";
import { namespaceLabel, selectorOf } from "./labels.ts";
import { callersOf, healthPort, type Reach, type ServiceSpec } from "./service-spec.ts";

type PolicySpec = types.input.networking.v1.NetworkPolicySpec;
type EgressRule = types.input.networking.v1.NetworkPolicyEgressRule;
type IngressRule = types.input.networking.v1.NetworkPolicyIngressRule;
type Peer = types.input.networking.v1.NetworkPolicyPeer;

/** What a namespace may reach beyond itself. */
export interface Surroundings {
  /** Servers that answer DNS beside the cluster's own, such as a node-local cache; CIDRs. */
  dnsServers: string[];
  /** TCP port of the Kubernetes API at its own address. */
  apiPort: Input<number>;
  /** Where the database may answer; a namespace without one has none. */
  database?: { addresses: string[]; port: number };
  /** Where TLS may leave the cluster to. @default open-443 */
  egress?: Egress;
  /** Who reads the services' metrics. @default nobody */
  scraper?: Scraper;
  /** Whom the services tell traces to. @default nobody */
  collector?: Collector;
}

/** Pods with all of these labels, in a namespace of this cluster; they read on the port of the health probes. */
export interface Scraper {
  namespace: string;
  labels: Record<string, string>;
}

/** Takes OTLP over HTTP, in this cluster: what services tell in clear never leaves it by them. */
export interface Collector extends Scraper {
  /** Name of its Service. */
  service: string;
  /** Of the Service and of its pods alike. */
  port: number;
  /** Of the traces that begin at the region's gateway, or within this cluster, how many are told: 0 to 1. */
  ratio: number;
}

const bothWays = ["Ingress", "Egress"];
/** Where Cloudflare's edge takes tunnels. */
const tunnelEdgePort = 7844;
const tls = { protocol: "TCP", port: 443 };

/**
 * Where a pod asks who it is. On AWS and Azure nowhere inside: a token is projected into it and traded outside. GKE answers by a
 * server of its own on each node, in place of the instance's, which knows the pod's identity and never the node's.
 * Source: "Workload Identity Federation for GKE", network policies: with Dataplane V2 the first, without it the second.
 */
const identityServers: Record<Cloud, EgressRule[]> = {
  aws: [],
  azure: [],
  gcp: [
    { to: [{ ipBlock: { cidr: "169.254.169.254/32" } }], ports: [{ protocol: "TCP", port: 80 }] },
    { to: [{ ipBlock: { cidr: "169.254.169.252/32" } }], ports: [{ protocol: "TCP", port: 988 }] },
  ],
};

/** Every pod, both ways, no rule: whatever is not named elsewhere is refused. */
export const denyAll: PolicySpec = { podSelector: {}, policyTypes: bothWays };

export function renderAllowDns({ dnsServers }: Pick<Surroundings, "dnsServers">): PolicySpec {
  const clusterDns: Peer = {
    namespaceSelector: { matchLabels: { [namespaceLabel]: "kube-system" } },
    podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
  };
  return {
    podSelector: {},
    policyTypes: bothWays,
    egress: [
      {
        to: [clusterDns, ...dnsServers.map(block)],
        ports: [
          { protocol: "UDP", port: 53 },
          { protocol: "TCP", port: 53 },
        ],
      },
    ],
  };
}

/**
 * Task pods: TLS to the object store, STS and the control plane; no other pod but the image builder where there is one,
 * nobody comes in, and no metadata address but the one by which their cloud tells a pod who it is.
 */
export function renderTaskEgress(egress: Egress = "open-443", cloud: Cloud = "aws", buildsImages = false): PolicySpec {
  const builder: Peer = {
    namespaceSelector: { matchLabels: { [namespaceLabel]: buildNamespace } },
    podSelector: { matchLabels: selectorOf(builderService) },
  };
  return {
    podSelector: {},
    policyTypes: bothWays,
    egress: [
      { to: outside(egress), ports: [tls] },
      ...identityServers[cloud],
      ...(buildsImages ? [{ to: [builder], ports: [{ protocol: "TCP", port: 8080 }] }] : []),
    ],
  };
}

/** One service's connections, from its own list of calls and from those of the services that call it. */
export function renderServicePolicy(spec: ServiceSpec, all: ServiceSpec[], around: Surroundings): PolicySpec {
  const callers = callersOf(spec, all);
  const ingress: IngressRule[] = [];
  if (spec.rpcPort && callers.length > 0) {
    ingress.push({ from: callers.map(({ name }) => pods(name)), ports: [{ protocol: "TCP", port: spec.rpcPort }] });
  }
  if (spec.webhookPort) {
    ingress.push({ from: apiServers(around.egress), ports: [{ protocol: "TCP", port: spec.webhookPort }] });
  }
  if (around.scraper) {
    ingress.push({ from: [elsewhere(around.scraper)], ports: [{ protocol: "TCP", port: healthPort }] });
  }
  // Through a NodePort the source is a node or a balancer: security groups say which.
  if (spec.publicPort) ingress.push({ ports: [{ protocol: "TCP", port: spec.publicPort.port }] });
  return {
    podSelector: { matchLabels: selectorOf(spec.name) },
    policyTypes: bothWays,
    ingress,
    egress: [
      ...(spec.calls ?? []).map((callee) => toService(spec.name, callee, all)),
      ...(spec.reaches ?? []).map((reach) => toOutside(spec.name, reach, around)),
      ...(spec.identity ? identityServers[spec.identity.cloud] : []),
      ...(around.collector
        ? [{ to: [elsewhere(around.collector)], ports: [{ protocol: "TCP", port: around.collector.port }] }]
        : []),
    ],
  };
}

/** How a service is told whom it tells traces to. */
export function tracesEnv(collector: Collector | undefined): Record<string, string> {
  if (!collector) return {};
  const { service, namespace, port, ratio } = collector;
  return {
    TRACES_URL: `http://${service}.${namespace}.svc.cluster.local:${port}/v1/traces`,
    TRACES_RATIO: String(ratio),
  };
}

function toService(caller: string, callee: string, all: ServiceSpec[]): EgressRule {
  const port = all.find(({ name }) => name === callee)?.rpcPort;
  if (!port) throw new Error(`service ${caller} calls ${callee}, which serves nothing in this namespace`);
  return { to: [pods(callee)], ports: [{ protocol: "TCP", port }] };
}

function toOutside(
  service: string,
  reach: Reach,
  { apiPort, database, egress = "open-443" }: Surroundings,
): EgressRule {
  switch (reach) {
    case "internet":
      return { to: outside(egress), ports: [tls] };
    case "own-cloud":
      return { to: ownCloud(egress), ports: [tls] };
    case "region":
      return { to: region(egress), ports: [tls] };
    case "kubernetes-api":
      // Enforcers look before or after the Service's address is translated: both ports are the API's.
      return { to: ownCloud(egress), ports: [tls, { protocol: "TCP", port: apiPort }] };
    case "cloudflare-tunnel":
      return { to: cloudflareRanges.map(block), ports: [{ protocol: "TCP", port: tunnelEdgePort }] };
    case "database":
      if (!database) throw new Error(`service ${service} reaches a database, and its namespace has none`);
      return { to: database.addresses.map(block), ports: [{ protocol: "TCP", port: database.port }] };
  }
}

function elsewhere({ namespace, labels }: Scraper): Peer {
  return {
    namespaceSelector: { matchLabels: { [namespaceLabel]: namespace } },
    podSelector: { matchLabels: labels },
  };
}

function pods(component: string): Peer {
  return { podSelector: { matchLabels: selectorOf(component) } };
}
