/** One real Kubernetes node a plane: etcd, control plane, containerd, kubelet, kube-proxy and DNS in its own network. */
import type { Sandbox } from "../context.ts";
import type { Plane } from "../hosts.ts";
import type { Cloud } from "../model.ts";
import { requireRunning } from "../processes.ts";
import { applyAccess } from "./access.ts";
import { adminOf, untilNodeReady, untilServing } from "./api-server.ts";
import { ensureCgroups } from "./cgroups.ts";
import { ensureApiServer, ensureControllers } from "./control-plane.ts";
import { ensureCredentials } from "./credentials.ts";
import { ensureDisk } from "./disks.ts";
import { ensureDns } from "./dns.ts";
import { ensureMetadataServer } from "./gke/index.ts";
import { ensureHooks } from "./hooks.ts";
import { ensureKubelet } from "./kubelet.ts";
import { nodeLayout, processName, programs } from "./layout.ts";
import { ensureMetricsServer } from "./metrics-server.ts";
import { ensurePodTraffic } from "./pod-traffic.ts";
import { endPods } from "./pods.ts";
import { agentNetwork, startPolicyAgent, untilAgentReady } from "./policy-agent.ts";
import { ensurePrivateMounts, privateMounts } from "./private-mounts.ts";
import { publish } from "./publish.ts";
import { connectPods, ensureRuntime } from "./runtime.ts";

export { setClusterName } from "./hooks.ts";
export { type NodeLayout, nodeLayout } from "./layout.ts";
export type { NodeFacts } from "./publish.ts";
export { removeNode } from "./remove.ts";

export interface NodeKind {
  /** Whether NetworkPolicy is enforced, by Cilium. */
  enforces: boolean;
  /** Whose managed cluster it stands for. @default aws */
  cloud?: Cloud;
}

/**
 * Needs the network. Returns when the node is Ready, its DNS answers and facts.json is written.
 * Its kind cannot change once the node is there.
 */
export async function ensureNode(sandbox: Sandbox, plane: Plane, { enforces, cloud = "aws" }: NodeKind): Promise<void> {
  sandbox.progress(`${plane} cluster`);
  const { paths } = sandbox;
  const node = nodeLayout(paths, plane);
  const credentials = await ensureCredentials(paths, node);
  ensureCgroups(node.cgroup);
  await ensureHooks(sandbox, node, credentials, cloud);
  await ensureApiServer(sandbox, node, credentials);
  // Pods of a namespace that is lost cannot be carried on.
  if (privateMounts(paths, node) === undefined) await endPods(sandbox, node);
  const mounts = await ensurePrivateMounts(paths, node);
  await ensureRuntime(sandbox, node, mounts, enforces);
  await untilServing(paths, node);
  await ensureControllers(sandbox, node, credentials);
  const kubeconfig = adminOf(node);
  if (enforces) await startPolicyAgent(sandbox, node, credentials, { kubeconfig, mounts });
  await ensureKubelet(sandbox, node, credentials, mounts, cloud);
  await ensureDns(sandbox, node, credentials, cloud);
  await applyAccess(kubeconfig, credentials);
  if (enforces) {
    await untilAgentReady(sandbox, node);
    connectPods(node, "05-cilium.conflist", agentNetwork(node));
  }
  await untilNodeReady(paths, node);
  await ensurePodTraffic(sandbox, node, credentials);
  if (cloud === "gcp") await ensureMetadataServer(sandbox, node, credentials);
  if (plane === "customer") {
    // It measures what tasks use.
    await ensureMetricsServer(sandbox, node, credentials);
    await ensureDisk(sandbox, node);
  }
  for (const program of [...programs, ...(enforces ? (["cilium-agent"] as const) : [])])
    requireRunning(paths, processName(node, program));
  await publish(node, kubeconfig, credentials);
}
