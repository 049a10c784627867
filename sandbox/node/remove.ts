/** Takes one node away, however much of it there is. */
import { rmSync } from "node:fs";
import type { Sandbox } from "../context.ts";
import { clusters, type Plane } from "../hosts.ts";
import { stopProcess } from "../processes.ts";
import { removeCgroups } from "./cgroups.ts";
import { type NodeLayout, nodeLayout, type Program, processName } from "./layout.ts";
import { endPods } from "./pods.ts";
import { removeMountPoints } from "./private-mounts.ts";

/** etcd comes last: without it the API server hangs. */
const stopOrder: Program[][] = [
  [
    ...(["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "coredns"] as const),
    ...(["cilium-agent", "hooks", "metrics-server", "gke-metadata"] as const),
  ],
  ["etcd"],
];
/** Nothing that they could still save is kept. */
const graceMs = 1_000;

export async function removeNode(sandbox: Sandbox, plane: Plane): Promise<void> {
  sandbox.progress(`${plane} cluster`);
  const others = (Object.keys(clusters) as Plane[]).filter((each) => each !== plane);
  await removeNodeAt(
    sandbox,
    nodeLayout(sandbox.paths, plane),
    others.map((other) => nodeLayout(sandbox.paths, other)),
  );
}

/** @param others that may run beside it, with the same mount points */
export async function removeNodeAt(sandbox: Sandbox, node: NodeLayout, others: NodeLayout[]): Promise<void> {
  const { paths } = sandbox;
  for (const programs of stopOrder)
    await Promise.all(programs.map((program) => stopProcess(paths, processName(node, program), graceMs)));
  await endPods(sandbox, node);
  await removeCgroups(node.cgroup);
  removeMountPoints(paths, others);
  rmSync(node.folder, { recursive: true, force: true });
  rmSync(node.oidcFolder, { recursive: true, force: true });
  rmSync(node.adminKubeconfig, { force: true });
}
