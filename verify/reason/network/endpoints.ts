/**
 * The ends of a connection, as manifests tell of them: pods, templates of workloads (which stand for any pod of theirs),
 * addresses.
 */
import { z } from "zod";
import { isObject, type Manifest, namespaceOf } from "../input/manifests.ts";
import { listOf, maybe, parseOrRefuse, stringMap } from "../input/parsed.ts";
import { type Address, parseAddress, same } from "../ip.ts";
import type { Labels } from "../labels.ts";
import { templates } from "../pod-security/pod.ts";
import { labelsOfPods } from "./added-labels.ts";
import { Nodes, parsed } from "./nodes.ts";
import { type Protocol, protocols } from "./policy.ts";
import { podsOfSet } from "./set-pods.ts";

const word = maybe(z.string("a string"));
const container = z.object({
  restartPolicy: word,
  ports: listOf(
    z.object({
      name: word,
      containerPort: z.int("a port").min(1).max(65535),
      protocol: maybe(z.enum(protocols, "TCP, UDP or SCTP")),
    }),
  ),
});
const spec = z.object({
  hostNetwork: maybe(z.boolean("true or false")),
  nodeName: word,
  serviceAccountName: word,
  containers: listOf(container),
  initContainers: listOf(container),
});
const status = maybe(
  z.object({
    podIP: word,
    podIPs: listOf(z.object({ ip: word })),
    hostIP: word,
    hostIPs: listOf(z.object({ ip: word })),
    phase: word,
  }),
);
const template = z.object({ metadata: maybe(z.object({ labels: stringMap })), spec });

export interface PodEnd {
  kind: "pod";
  /** `ns/name`. */
  title: string;
  /** Of a workload: two questions about it may be about two pods. */
  many: boolean;
  namespace: string;
  namespaceLabels: Labels;
  /** Of a namespace that no manifest declares only the name is told. */
  isNamespaceLabelTold(key: string): boolean;
  labels: Labels;
  /** Of a workload its controller adds some, and their values are not told before. */
  isLabelTold(key: string): boolean;
  serviceAccount: string;
  /** Uses its node's addresses. */
  hostNetwork: boolean;
  node: string | undefined;
  /** Empty: not known. */
  addresses: readonly Address[];
  nodeAddresses: readonly Address[];
  ports: readonly { name: string; number: number; protocol: Protocol }[];
}

export interface AddressEnd {
  kind: "address";
  text: string;
  address: Address;
  /** Of a node: its names, which may not be told. Undefined: of none that is told. */
  nodes: readonly string[] | undefined;
}

export type End = PodEnd | AddressEnd;

export interface Cluster {
  nodes: Nodes;
  /** By `ns/name`; more than one where a workload and another of another kind share it. */
  pods: ReadonlyMap<string, readonly PodEnd[]>;
  /** Of services: what is behind one is not said by it. */
  serviceAddresses: readonly { title: string; address: Address }[];
}

const nameLabel = "kubernetes.io/metadata.name";

export function readCluster(manifests: readonly Manifest[]): Cluster {
  const declared = new Map(
    manifests
      .filter(({ group, kind }) => group === "" && kind === "Namespace")
      .map(({ name, labels }) => [name, labels]),
  );
  // The API server gives every namespace its own name for a label, whatever else is written there.
  const labelsOf = (namespace: string) => ({ ...declared.get(namespace), [nameLabel]: namespace });
  const pods = new Map<string, PodEnd[]>();
  const ofSets: PodEnd[] = [];
  const nodes = new Nodes(manifests);
  for (const manifest of manifests) {
    const home = namespaceOf(manifest);
    const pod = podOf(manifest, nodes, labelsOf(home), declared.has(home));
    if (!pod) continue;
    ofSets.push(...podsOfSet(manifest, pod));
    const known = pods.get(pod.title) ?? [];
    // A pod is more exact than a workload that has its name.
    if (!pod.many) pods.set(pod.title, [pod, ...known.filter(({ many }) => !many)]);
    else if (known.every(({ many }) => many)) pods.set(pod.title, [...known, pod]);
  }
  for (const pod of ofSets) if (!pods.has(pod.title)) pods.set(pod.title, [pod]);
  return { nodes, pods, serviceAddresses: manifests.flatMap(addressesOfService) };
}

function podOf(manifest: Manifest, nodes: Nodes, namespaceLabels: Labels, isDeclared: boolean): PodEnd | undefined {
  const { group, kind, name, source, object } = manifest;
  const path = group === "" && kind === "Pod" ? [] : templates[`${group}/${kind}`];
  if (!path) return undefined;
  const subject = [source, kind, name, ...path].join(" ");
  const written = path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), object);
  const found = parseOrRefuse(template, written, subject);
  const state = path.length === 0 ? parseOrRefuse(status, object.status, `${subject} status`) : undefined;
  // What has ended holds its address no longer.
  const ended = state?.phase === "Succeeded" || state?.phase === "Failed";
  const ofNode = found.spec.nodeName ? nodes.addressesOf(found.spec.nodeName) : [];
  return {
    kind: "pod",
    title: `${namespaceOf(manifest)}/${name}`,
    many: path.length > 0,
    namespace: namespaceOf(manifest),
    namespaceLabels,
    isNamespaceLabelTold: (key) => isDeclared || key === nameLabel,
    ...labelsOfPods(manifest, found.metadata?.labels ?? {}),
    serviceAccount: found.spec.serviceAccountName || "default",
    hostNetwork: found.spec.hostNetwork ?? false,
    node: found.spec.nodeName,
    addresses: ended ? [] : distinct(parsed([state?.podIP, ...(state?.podIPs ?? []).map(({ ip }) => ip)])),
    nodeAddresses: distinct([...parsed([state?.hostIP, ...(state?.hostIPs ?? []).map(({ ip }) => ip)]), ...ofNode]),
    ports: [
      ...found.spec.containers,
      ...found.spec.initContainers.filter(({ restartPolicy }) => restartPolicy === "Always"),
    ].flatMap(({ ports }) =>
      ports.flatMap(({ name: called, containerPort, protocol = "TCP" }) =>
        called ? [{ name: called, number: containerPort, protocol }] : [],
      ),
    ),
  };
}

function distinct(addresses: readonly Address[]): Address[] {
  return addresses.filter((one, at) => addresses.findIndex((other) => same(one, other)) === at);
}

const service = z.object({
  clusterIP: word,
  clusterIPs: listOf(z.string()),
  externalIPs: listOf(z.string()),
  loadBalancerIP: word,
});
const ingresses = maybe(z.object({ loadBalancer: maybe(z.object({ ingress: listOf(z.object({ ip: word })) })) }));

function addressesOfService(manifest: Manifest): Cluster["serviceAddresses"] {
  if (manifest.group !== "" || manifest.kind !== "Service") return [];
  const title = `${namespaceOf(manifest)}/${manifest.name}`;
  const subject = `${manifest.source}: Service ${title}`;
  const { clusterIP, clusterIPs, externalIPs, loadBalancerIP } = parseOrRefuse(service, manifest.object.spec, subject);
  const balancer = parseOrRefuse(ingresses, manifest.object.status, subject)?.loadBalancer?.ingress ?? [];
  const texts = [clusterIP, ...clusterIPs, ...externalIPs, loadBalancerIP, ...balancer.map(({ ip }) => ip)];
  return parsed(texts).map((address) => ({ title, address }));
}

/** @returns the end, or why it is not known */
export function endOf(cluster: Cluster, text: string): End | string {
  const address = parseAddress(text);
  if (address) return ofAddress(cluster, text, address);
  const found = cluster.pods.get(text) ?? [];
  const [only, other] = found;
  if (!only) return `no pod or workload ${text} in the manifests`;
  return other ? `${found.length} workloads are called ${text}` : only;
}

function ofAddress({ pods, nodes }: Cluster, text: string, address: Address): End | string {
  const owners = [...pods.values()]
    .flat()
    .filter(({ hostNetwork, addresses }) => !hostNetwork && addresses.some((one) => same(one, address)));
  if (owners.length > 1) return `${owners.map(({ title }) => title).join(" and ")} both have the address ${text}`;
  // The family is decided then.
  return owners[0]
    ? { ...owners[0], addresses: [address] }
    : { kind: "address", text, address, nodes: nodes.namesAt(address) };
}
