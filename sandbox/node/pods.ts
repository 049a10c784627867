/** The end of everything that a node's containerd has started. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../shared/errors.ts";
import type { Sandbox } from "../context.ts";
import type { Paths } from "../paths.ts";
import { stopProcess } from "../processes.ts";
import { cgroupPids } from "./cgroups.ts";
import { type NodeLayout, processName } from "./layout.ts";
import { ofProcess, privateMounts } from "./private-mounts.ts";

/** Stops kubelet, containerd and the policy agent, then ends all pods by SIGKILL, then the keeper of their mounts. */
export async function endPods(sandbox: Sandbox, node: NodeLayout): Promise<void> {
  // The kubelet would start them again, containerd clean up after them; the agent lives in the same mounts.
  for (const program of ["kubelet", "containerd", "cilium-agent"] as const)
    await stopProcess(sandbox.paths, processName(node, program), 1_000);
  const giveUpAt = Date.now() + 10_000;
  for (;;) {
    const pids = [...processesOf(sandbox.paths, node), ...cgroupPids(node.cgroup)];
    if (pids.length === 0) break;
    if (Date.now() > giveUpAt)
      throw new UserError(`processes of the ${node.plane} cluster do not end: ${pids.join(", ")}`, { exitCode: 1 });
    for (const pid of pids) kill(pid);
    await sleep(50);
  }
  await stopProcess(sandbox.paths, processName(node, "mounts"), 0);
}

/** What runs in the node's mount namespace besides its keeper, and the shims of its containerd wherever they are. */
function processesOf(paths: Paths, node: NodeLayout): number[] {
  const file = privateMounts(paths, node);
  const namespace = file === undefined ? undefined : ofProcess(() => readlinkSync(file));
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && !file?.startsWith(`/proc/${name}/`))
    .filter((pid) => {
      if (namespace !== undefined && ofProcess(() => readlinkSync(`/proc/${pid}/ns/mnt`)) === namespace) return true;
      const command = ofProcess(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"))?.split("\0") ?? [];
      return command[0]?.includes("containerd-shim") === true && command.includes(node.containerdSocket);
    })
    .map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
