/**
 * Cilium's agent: gives pods their network in place of the bridge, and enforces NetworkPolicy on it. Nothing else of
 * Cilium runs: kube-proxy stays, there is no operator, and an L7 proxy is not needed for NetworkPolicy.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import type { KubeConfig, KubernetesObject } from "@kubernetes/client-node";
import { execa } from "execa";
import { parse } from "yaml";
import type { Sandbox } from "../context.ts";
import { ensureProcess, runningPid } from "../processes.ts";
import { applyAll, binding, type Rule, role } from "./access.ts";
import { hierarchies } from "./cgroups.ts";
import type { Credentials } from "./credentials.ts";
import { socketGet } from "./https-get.ts";
import { type NodeLayout, processName } from "./layout.ts";
import { waitUntil } from "./wait.ts";

const name = "cilium-agent";

/** Of the agent's state and its socket, by which the CNI plugin finds it: the node's own (private-mounts.ts). */
export const agentFolder = "/run/cilium";

/** Starts it; its datapath is compiled while other things start. Needs an API server that answers. */
export async function startPolicyAgent(
  sandbox: Sandbox,
  node: NodeLayout,
  credentials: Credentials,
  { kubeconfig, mounts }: { kubeconfig: KubeConfig; mounts: string },
): Promise<void> {
  const program = sandbox.tools.bin(name);
  const part = join(dirname(program), "..");
  await applyAll(kubeconfig, [...kinds(join(part, "crds")), ...agentAccess()]);
  if (runningPid(sandbox.paths, processName(node, name)) === undefined) await layOut(sandbox, node, { part, mounts });
  const tools = node.file("cilium", "tools");
  await ensureProcess(sandbox.paths, {
    name: processName(node, name),
    command: program,
    args: agentArguments(node, {
      kubeconfig: credentials.kubeconfig["policy-agent"],
      unified: unifiedHierarchy(),
    }),
    namespace: node.name,
    mountNamespace: mounts,
    env: { PATH: `${tools}:${process.env.PATH ?? ""}`, K8S_NODE_NAME: node.name },
  });
}

/** What it finds on disk: sources, compilers by the names that it calls, and a file system for its maps. */
async function layOut(sandbox: Sandbox, node: NodeLayout, from: { part: string; mounts: string }): Promise<void> {
  const own = (...parts: string[]) => node.file("cilium", ...parts);
  // Its own copy: the agent writes beside its sources.
  cpSync(join(from.part, "bpf"), own("lib", "bpf"), { recursive: true, filter: (path) => !path.endsWith("tests") });
  mkdirSync(own("tools"), { recursive: true });
  for (const tool of ["clang", "llc"]) {
    rmSync(own("tools", tool), { force: true });
    symlinkSync(sandbox.tools.bin(`${tool}-19`), own("tools", tool));
  }
  mkdirSync(own("bpffs"), { recursive: true });
  const mount = 'mountpoint -q "$1" || mount -t bpf bpffs "$1"';
  await execa("nsenter", [`--mount=${from.mounts}`, "sh", "-c", mount, "sh", own("bpffs")]);
}

/** Until it can take pods. */
export async function untilAgentReady(sandbox: Sandbox, node: NodeLayout): Promise<void> {
  const socket = node.file("root", agentFolder, "cilium.sock");
  const program = processName(node, name);
  await waitUntil(
    sandbox.paths,
    program,
    [program],
    async () => {
      const health = await socketGet(socket, "/v1/healthz");
      const { cilium } = JSON.parse(health) as { cilium?: { state?: string; msg?: string } };
      if (cilium?.state !== "Ok") throw new Error(`its state is ${cilium?.state}: ${cilium?.msg}`);
      return true;
    },
    180_000,
  );
}

/** @param place its login, and where the cgroup hierarchy of version 2 is mounted */
export function agentArguments(node: NodeLayout, place: { kubeconfig: string; unified: string }): string[] {
  return [
    `--k8s-kubeconfig-path=${place.kubeconfig}`,
    `--lib-dir=${node.file("cilium", "lib")}`,
    `--state-dir=${agentFolder}`,
    `--socket-path=${agentFolder}/cilium.sock`,
    `--bpf-root=${node.file("cilium", "bpffs")}`,
    `--cgroup-root=${place.unified}`,
    "--devices=eth0",
    "--ipam=kubernetes",
    "--enable-ipv6=false",
    "--routing-mode=native",
    `--ipv4-native-routing-cidr=${node.podRange}`,
    // Once for all pods: pod-traffic.ts.
    "--enable-ipv4-masquerade=false",
    "--kube-proxy-replacement=false",
    "--enable-l7-proxy=false",
    "--enable-hubble=false",
    "--enable-health-checking=false",
    "--enable-endpoint-health-checking=false",
    "--enable-bgp-control-plane=false",
    "--enable-dynamic-config=false",
    "--identity-allocation-mode=crd",
    // The policies are Kubernetes' own.
    "--enable-cilium-network-policy=false",
    "--enable-cilium-clusterwide-network-policy=false",
    // The local cloud, the registry and the cluster's DNS stand on node addresses, which policies name as ipBlocks.
    "--policy-cidr-match-mode=nodes",
    // What is different in each task's pod is nothing to tell pods apart by: each would be an identity of its own.
    `--labels=${perRun.map((label) => `k8s:!${label}`).join(" ")}`,
    // One node's worth of pods may start at once.
    `--api-rate-limit=${JSON.stringify(unhurried)}`,
  ];
}

/** Regular expressions that begin at a label's beginning. */
const perRun = ["flyte\\.org/", "run$", "action$", "attempt$", "task-name$"];

const unhurried = Object.fromEntries(
  ["endpoint-create", "endpoint-delete", "endpoint-get", "endpoint-patch", "endpoint-list"].map((call) => [
    call,
    "auto-adjust:false,rate-limit:100/s,rate-burst:100,parallel-requests:8",
  ]),
);

/** The version 2 hierarchy, which may lie beside others. */
function unifiedHierarchy(): string {
  const found = hierarchies(readFileSync("/proc/mounts", "utf8")).find(({ version }) => version === 2);
  if (!found) throw new Error("no cgroup hierarchy of version 2 is mounted");
  return found.folder;
}

/** CNI's configuration, by which containerd calls the agent's plugin. */
export function agentNetwork(node: NodeLayout) {
  return {
    cniVersion: "0.3.1",
    name: node.name,
    plugins: [{ type: "cilium-cni", "enable-debug": false, "log-file": node.file("cilium-cni.log") }],
  };
}

/** Kinds that the agent waits for, as it asks for them with these arguments. */
const awaited = [
  "ciliumendpoints",
  "ciliumidentities",
  "ciliumnodes",
  "ciliumloadbalancerippools",
  "ciliumpodippools",
  "ciliuml2announcementpolicies",
];

function kinds(folder: string): KubernetesObject[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return awaited.map((plural) => {
    const file = files.find((each) => each.endsWith(`/${plural}.yaml`));
    if (!file) throw new Error(`${folder} has no kind ${plural}`);
    return parse(readFileSync(join(folder, file), "utf8")) as KubernetesObject;
  });
}

const user = "eks:policy-agent";
const read = ["get", "list", "watch"];

/** As Cilium's own chart has it, for what is switched on. */
function agentAccess(): KubernetesObject[] {
  const rules: Rule[] = [
    { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: read },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
    { apiGroups: [""], resources: ["namespaces", "services", "pods", "endpoints", "nodes"], verbs: read },
    { apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs: read },
    { apiGroups: ["cilium.io"], resources: awaited, verbs: ["list", "watch"] },
    {
      apiGroups: ["cilium.io"],
      resources: ["ciliumendpoints", "ciliumendpoints/status"],
      verbs: ["create", "delete", "get", "patch", "update"],
    },
    { apiGroups: ["cilium.io"], resources: ["ciliumidentities"], verbs: ["create", "update"] },
    { apiGroups: ["cilium.io"], resources: ["ciliumnodes", "ciliumnodes/status"], verbs: ["create", "get", "update"] },
  ];
  return [role(user, rules), binding(user, user)];
}
