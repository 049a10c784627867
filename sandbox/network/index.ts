/**
 * The local run's network: the machine and four hosts (network namespaces) on one bridge. Every step can be repeated,
 * so that a half-made network is completed and a whole one is left as it is.
 */
import { existsSync } from "node:fs";
import { execa } from "execa";
import type { Sandbox } from "../context.ts";
import { clusters, type HostName, network, type Plane } from "../hosts.ts";
import { apiServerPort, customerIngressRules } from "./ingress-rules.ts";
import { ensureNamespace, enterNetwork, namespaceExists, removeEmptyFolder, removeNamespace } from "./namespace.ts";

export { customerIngressRules } from "./ingress-rules.ts";
export { type Outcome, tcpProbe, tcpProbes } from "./tcp-probe.ts";

const bridge = "bridge0";
const hostNames = Object.keys(network.hosts) as HostName[];
const secondAddresses: Partial<Record<HostName, string>> = { edge: network.relayFront, cloud: network.issuerFront };
/** Outside of the bridge's own range: whoever dials it goes by the host's first address. */
const outerAddresses: Partial<Record<HostName, string>> = { edge: network.tunnelEdge };

/** @param customerApiPort that the machine may open; a given cluster's own may differ from a node's. */
export async function ensureNetwork(sandbox: Sandbox, customerApiPort = apiServerPort): Promise<void> {
  sandbox.progress("network");
  await ensureSwitch();
  await ensureMachineEnd();
  await Promise.all(hostNames.map((name) => ensureHost(name, customerApiPort)));
}

/** Nothing of ours may run in the hosts any more. Removes what there is, however much was made. */
export async function removeNetwork(sandbox: Sandbox): Promise<void> {
  sandbox.progress("network");
  for (const name of hostNames) {
    // A namespace lives on while a socket or process holds it; its link must not.
    await removeLink(network.switchNamespace, name);
    await removeNamespace(network.hosts[name].namespace);
  }
  await removeLink(undefined, network.bridge);
  await removeNamespace(network.switchNamespace);
  await removeEmptyFolder();
}

async function ensureSwitch(): Promise<void> {
  const name = network.switchNamespace;
  await ensureNamespace(name);
  if (!(await linkExists(name, bridge))) await execa("ip", ["-n", name, "link", "add", bridge, "type", "bridge"]);
  // Frames between ports are no business of iptables.
  await settings(name, { "net.bridge.bridge-nf-call-iptables": 0, "net.bridge.bridge-nf-call-ip6tables": 0 });
  await batch(name, [`link set ${bridge} up`, "link set lo up"]);
}

async function ensureMachineEnd(): Promise<void> {
  if (!(await linkExists(undefined, network.bridge)))
    await execa("ip", [
      ...["link", "add", network.bridge, "type", "veth"],
      ...["peer", "name", "machine", "netns", network.switchNamespace],
    ]);
  await batch(network.switchNamespace, [`link set machine master ${bridge} up`]);
  await batch(undefined, [
    `addr replace ${network.host}/${network.prefix} dev ${network.bridge}`,
    `link set ${network.bridge} up`,
  ]);
}

async function ensureHost(name: HostName, customerApiPort: number): Promise<void> {
  const { namespace, address } = network.hosts[name];
  await ensureNamespace(namespace);
  // No IPv6, so that no link-local address is a second way in.
  await settings(namespace, { "net.ipv6.conf.default.disable_ipv6": 1 });
  if (name === "customer") {
    const input = customerIngressRules(customerApiPort);
    await execa("nsenter", [...enterNetwork(namespace).slice(1), "nft", "-f", "-"], { input });
  }
  if (!(await linkExists(namespace, "eth0")))
    await execa("ip", [
      ...["-n", network.switchNamespace, "link", "add", name, "type", "veth"],
      ...["peer", "name", "eth0", "netns", namespace],
    ]);
  await batch(network.switchNamespace, [`link set ${name} master ${bridge} up`]);
  const addresses = [address, ...[secondAddresses[name] ?? []].flat()];
  await batch(namespace, [
    "link set lo up",
    ...addresses.map((each) => `addr replace ${each}/${network.prefix} dev eth0`),
    ...[outerAddresses[name] ?? []].flat().map((each) => `addr replace ${each}/32 dev eth0`),
    "link set eth0 up",
  ]);
  if (name === "region" || name === "customer") await prepareForNode(name);
}

/** What a Kubernetes node asks of its host. There is no default route: what is not here is refused at once. */
async function prepareForNode(plane: Plane): Promise<void> {
  const { namespace, address } = network.hosts[plane];
  await settings(namespace, {
    "net.ipv4.ip_forward": 1,
    // Pod to Service to pod on the same node: without it the answer is bridged past conntrack.
    "net.bridge.bridge-nf-call-iptables": 1,
  });
  // The node's own processes reach Services by kube-proxy's rules, which need some route to begin with.
  await batch(namespace, [
    `route replace ${clusters[plane].services} via ${network.host} dev eth0 src ${address}`,
    // Connectors dial out from the customer's cluster alone.
    ...(plane === "customer" ? [`route replace ${network.tunnelEdge} via ${network.hosts.edge.address} dev eth0`] : []),
  ]);
}

async function linkExists(namespace: string | undefined, link: string): Promise<boolean> {
  const within = namespace === undefined ? [] : ["-n", namespace];
  return (await execa("ip", [...within, "link", "show", "dev", link], { reject: false })).exitCode === 0;
}

async function removeLink(namespace: string | undefined, link: string): Promise<void> {
  if (namespace !== undefined && !namespaceExists(namespace)) return;
  if (!(await linkExists(namespace, link))) return;
  await execa("ip", [...(namespace === undefined ? [] : ["-n", namespace]), "link", "delete", link]);
}

async function batch(namespace: string | undefined, lines: string[]): Promise<void> {
  const within = namespace === undefined ? [] : ["-n", namespace];
  await execa("ip", [...within, "-batch", "-"], { input: `${lines.join("\n")}\n` });
}

/** Sets what this kernel has: one without IPv6 or bridge filtering has nothing to be set. */
async function settings(namespace: string, values: Record<string, number>): Promise<void> {
  if (!existsSync("/proc/sys/net/bridge")) await execa("modprobe", ["br_netfilter"], { reject: false });
  const present = Object.entries(values).filter(([key]) => existsSync(`/proc/sys/${key.replaceAll(".", "/")}`));
  if (present.length === 0) return;
  const [command = "", ...enter] = enterNetwork(namespace);
  await execa(command, [...enter, "sysctl", "-qw", ...present.map(([key, value]) => `${key}=${value}`)]);
}
