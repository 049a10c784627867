/**
 * A cluster that knows nothing of Biplane: of the same programs as the local run's nodes, but with an authority, an
 * issuer and a network of its own, no webhook and no way to log in but its administrator's certificate. It is reached
 * from the machine as a cluster in a container or a virtual machine is, by a link that is not the local run's bridge.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { Sandbox } from "../../sandbox/context.ts";
import { names } from "../../sandbox/hosts.ts";
import { ensureNamespace, enterNetwork, removeNamespace } from "../../sandbox/network/namespace.ts";
import { applyAll, componentAccess } from "../../sandbox/node/access.ts";
import { adminOf, untilNodeReady, untilServing } from "../../sandbox/node/api-server.ts";
import { ensureCgroups } from "../../sandbox/node/cgroups.ts";
import { ensureControllers, ensurePlainApiServer } from "../../sandbox/node/control-plane.ts";
import { ensureCredentials } from "../../sandbox/node/credentials.ts";
import { ensureDns } from "../../sandbox/node/dns.ts";
import { ensureKubelet } from "../../sandbox/node/kubelet.ts";
import { type NodeLayout, nodeLayout, processName } from "../../sandbox/node/layout.ts";
import { ensurePodTraffic } from "../../sandbox/node/pod-traffic.ts";
import { ensurePrivateMounts, privateFolders } from "../../sandbox/node/private-mounts.ts";
import { removeNodeAt } from "../../sandbox/node/remove.ts";
import { ensureRuntime } from "../../sandbox/node/runtime.ts";
import { paths } from "../../sandbox/paths.ts";
import { ensureAuthority } from "../../sandbox/pki.ts";
import { stopProcess } from "../../sandbox/processes.ts";
import { locateToolchain } from "../../sandbox/toolchain/index.ts";
import { here } from "./paths.ts";

const own = paths({ ...process.env, BIPLANE_STATE: `${here.state}-stranger` });
const address = "172.31.77.2";
const machine = "172.31.77.1";
const link = "stranger0";

const node: NodeLayout = {
  ...nodeLayout(own, "customer"),
  name: "stranger",
  address,
  dns: address,
  endpoint: `https://${address}:6443`,
  issuer: "https://kubernetes.default.svc.cluster.local",
  podRange: "10.97.0.0/16",
  podSubnet: "10.97.0.0/24",
  serviceRange: "10.98.0.0/16",
  kubernetesService: "10.98.0.1",
  cgroup: "stranger",
};

const hostsToml = node.file("certs.d", names.registry, "hosts.toml");
/** While it lies in a folder that nodes share as a mount point, the local run's `down` leaves the folder. */
const marks = privateFolders.map((folder) => join(folder, ".stranger"));

function sandbox(): Sandbox {
  return { paths: own, tools: locateToolchain(own), progress: () => undefined };
}

export const stranger = {
  kubeconfig: node.adminKubeconfig,
  name: node.name,

  async start(): Promise<void> {
    const made = sandbox();
    mkdirSync(own.state, { recursive: true, mode: 0o711 });
    await ensureAuthority(own);
    await ensureLink();
    const credentials = await ensureCredentials(own, node);
    ensureCgroups(node.cgroup);
    await ensurePlainApiServer(made, node, credentials);
    const mounts = await ensurePrivateMounts(own, node);
    for (const mark of marks) writeFileSync(mark, "");
    await ensureRuntime(made, node, mounts);
    await untilServing(own, node);
    await ensureControllers(made, node, credentials);
    await ensureKubelet(made, node, credentials, mounts);
    await ensureDns(made, node, credentials);
    await applyAll(adminOf(node), componentAccess());
    await untilNodeReady(own, node);
    await ensurePodTraffic(made, node, credentials);
    rmSync(hostsToml);
  },

  /** As its owner would, from what Biplane's refusal says. */
  writeHostsToml(content: string): void {
    writeFileSync(hostsToml, content);
  },

  async stopApi(): Promise<void> {
    await stopProcess(own, processName(node, "kube-apiserver"));
  },

  async startApi(): Promise<void> {
    const made = sandbox();
    await ensurePlainApiServer(made, node, await ensureCredentials(own, node));
    await untilServing(own, node);
  },

  async kubectl(...args: string[]): Promise<string> {
    const { stdout } = await execa(sandbox().tools.bin("kubectl"), ["--kubeconfig", node.adminKubeconfig, ...args]);
    return stdout;
  },

  /** Names of all that `down` could have left. */
  async inventory(): Promise<Record<string, string[]>> {
    const kinds = [
      "namespaces",
      "customresourcedefinitions",
      "mutatingwebhookconfigurations",
      "validatingwebhookconfigurations",
      "clusterroles",
      "clusterrolebindings",
      "pods",
      "persistentvolumes",
    ];
    const entries = kinds.map(async (kind) => {
      const text = await this.kubectl("get", kind, "--all-namespaces", "--output=name");
      return [kind, text.split("\n").filter(Boolean).sort()] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  },

  async remove(): Promise<void> {
    for (const mark of marks) rmSync(mark, { force: true });
    await removeNodeAt(
      sandbox(),
      node,
      (["region", "customer"] as const).map((plane) => nodeLayout(here, plane)),
    );
    await execa("ip", ["link", "delete", link], { reject: false });
    await removeNamespace(node.name);
    rmSync(own.state, { recursive: true, force: true });
  },
};

async function ensureLink(): Promise<void> {
  await ensureNamespace(node.name);
  await execa("ip", ["link", "delete", link], { reject: false });
  await execa("ip", ["link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", node.name]);
  await execa("ip", ["addr", "replace", `${machine}/30`, "dev", link]);
  await execa("ip", ["link", "set", link, "up"]);
  const inside = [
    "link set lo up",
    `addr replace ${address}/30 dev eth0`,
    "link set eth0 up",
    `route replace default via ${machine}`,
  ];
  await execa("ip", ["-n", node.name, "-batch", "-"], { input: `${inside.join("\n")}\n` });
  const [command = "", ...enter] = enterNetwork(node.name);
  for (const setting of ["net.ipv4.ip_forward=1", "net.bridge.bridge-nf-call-iptables=1"])
    await execa(command, [...enter, "sysctl", "-qw", setting]);
}
