/** Where one node keeps its things and what it is called. Pure: the same plane and paths give the same layout. */
import { join } from "node:path";
import { refusal } from "../../shared/errors.ts";
import { clusters, names, network, type Plane } from "../hosts.ts";
import type { Paths } from "../paths.ts";

export interface NodeLayout {
  plane: Plane;
  /** Name of the Kubernetes node and of its network namespace. */
  name: string;
  address: string;
  /** Where the cluster's DNS listens, for its pods. */
  dns: string;
  /** API server, as the machine and the pods reach it. */
  endpoint: string;
  /** Issuer of service account tokens. */
  issuer: string;
  podRange: string;
  /** The part of `podRange` that the controller manager gives the first, and only, node. */
  podSubnet: string;
  serviceRange: string;
  /** First address of `serviceRange`: the Service `kubernetes`. */
  kubernetesService: string;
  folder: string;
  /** A file in the node's folder. */
  file(...parts: string[]): string;
  containerdSocket: string;
  /** Below the root of every cgroup hierarchy. */
  cgroup: string;
  adminKubeconfig: string;
  /** Documents by which others verify this cluster's tokens; served by the cloud. */
  oidcFolder: string;
}

export function nodeLayout(paths: Paths, plane: Plane): NodeLayout {
  const { namespace, address } = network.hosts[plane];
  const { pods, services, dns } = clusters[plane];
  const folder = paths.node(plane);
  const file = (...parts: string[]) => join(folder, ...parts);
  const containerdSocket = file("containerd.sock");
  if (Buffer.byteLength(containerdSocket) > longestSocket)
    throw refusal({
      subject: "the state folder",
      value: paths.state,
      allowed: `so short that ${containerdSocket} has at most ${longestSocket} bytes`,
      todo: "Set BIPLANE_STATE to a shorter path.",
    });
  return {
    plane,
    name: namespace,
    address,
    dns,
    endpoint: `https://${address}:6443`,
    issuer: `https://${names.oidc(plane)}`,
    podRange: pods,
    podSubnet: pods.replace(/\.0\.0\/16$/, ".0.0/24"),
    serviceRange: services,
    kubernetesService: services.replace(/\.0\/16$/, ".1"),
    folder,
    file,
    containerdSocket,
    cgroup: namespace,
    adminKubeconfig: join(paths.credentials, `kubeconfig-${plane}`),
    oidcFolder: join(paths.cloud, "oidc", plane),
  };
}

/** A Unix socket's path ends here (sun_path in unix(7)), and containerd adds `.ttrpc` to its own. */
const longestSocket = 107 - ".ttrpc".length;

/** Loopback ports in the node's own network namespace. */
export const ports = {
  etcd: 2379,
  etcdPeer: 2380,
  dnsHealth: 8180,
  dnsReady: 8181,
  hooks: 9443,
  metrics: 4443,
} as const;

/** All that a node consists of; `mounts` keeps the mount namespace of containerd and kubelet (private-mounts.ts). */
export const programs = [
  "hooks",
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "mounts",
  "containerd",
  "kubelet",
  "kube-proxy",
  "coredns",
] as const;

/** `cilium-agent` and `metrics-server` are there only where their extended parts are, `gke-metadata` in Google Cloud. */
export type Program = (typeof programs)[number] | "cilium-agent" | "metrics-server" | "gke-metadata";

/** Name of a node's process in the sandbox's records and logs. */
export function processName(node: NodeLayout, program: Program): string {
  return `${node.plane}-${program}`;
}
