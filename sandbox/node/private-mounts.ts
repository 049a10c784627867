/**
 * Mount namespace of one node's containerd and kubelet. Some of their folders have fixed names (/run/containerd,
 * /var/lib/kubelet, …), which two nodes on one machine would share and leave behind; in here each node has its own. And
 * what pods mount is seen only in here: when the last process ends, all mounts are gone, and deleting the node's folder
 * cannot reach into any of them. A sleeping process keeps it; a file that it is mounted on would be one more mount, and
 * the kernel may refuse it where biplane itself runs in a mount namespace of its own.
 */
import { existsSync, mkdirSync, readlinkSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { nodeOffsets } from "../../components/logs/contract.ts";
import type { Paths } from "../paths.ts";
import { ensureProcess, runningPid } from "../processes.ts";
import { type NodeLayout, processName } from "./layout.ts";
import { agentFolder } from "./policy-agent.ts";
import { waitUntil } from "./wait.ts";

/** Folders that are the node's own. As in production, the programs find them where they always are. */
export const privateFolders = [
  "/run/containerd",
  "/run/netns",
  "/var/lib/cni",
  "/var/lib/kubelet",
  "/var/log/containers",
  "/var/log/pods",
  nodeOffsets,
  agentFolder,
];

/** The kubelet and Cilium's agent set these for the whole machine: they are shown what they want to see. */
const kernelSettings: Record<string, number> = {
  "/proc/sys/vm/overcommit_memory": 1,
  "/proc/sys/vm/panic_on_oom": 0,
  "/proc/sys/kernel/timer_migration": 0,
  "/proc/sys/kernel/unprivileged_bpf_disabled": 1,
  "/proc/sys/kernel/panic": 10,
  "/proc/sys/kernel/panic_on_oops": 1,
  "/proc/sys/kernel/keys/root_maxkeys": 1_000_000,
  "/proc/sys/kernel/keys/root_maxbytes": 25_000_000,
};

// `-ef`: the same file, which is so once the one is mounted on the other.
const bindEach = `set -e
mount --make-rshared /
while [ $# -gt 0 ]; do
  [ "$1" -ef "$2" ] || mount --bind "$1" "$2"
  shift 2
done`;

/** @returns the namespace's file, to enter it. */
export async function ensurePrivateMounts(paths: Paths, node: NodeLayout): Promise<string> {
  const name = processName(node, "mounts");
  await ensureProcess(paths, {
    name,
    command: "unshare",
    args: ["--mount", "--propagation", "slave", "--", "sleep", "infinity"],
  });
  // The process is recorded before it has left the machine's own namespace, in which nothing may be mounted.
  await waitUntil(paths, name, [name], async () => privateMounts(paths, node) !== undefined);
  const file = privateMounts(paths, node);
  if (file === undefined) throw new Error(`${name} has ended`);
  const pairs = [...privateFolders.map((folder) => ownFolder(node, folder)), ...ownSettings(node)];
  await execa("nsenter", [`--mount=${file}`, "sh", "-c", bindEach, "sh", ...pairs.flat()]);
  return file;
}

/** The namespace's file, while its keeper runs. */
export function privateMounts(paths: Paths, node: NodeLayout): string | undefined {
  const pid = runningPid(paths, processName(node, "mounts"));
  if (pid === undefined) return undefined;
  const file = `/proc/${pid}/ns/mnt`;
  const namespace = ofProcess(() => readlinkSync(file));
  return namespace === undefined || namespace === readlinkSync("/proc/self/ns/mnt") ? undefined : file;
}

/** @returns undefined for a process that has ended meanwhile. */
export function ofProcess(read: () => string): string | undefined {
  try {
    return read();
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** The mount points that were made for the node. Removing one would also take away what another node has mounted on it. */
export function removeMountPoints(paths: Paths, others: NodeLayout[]): void {
  if (others.some((other) => privateMounts(paths, other) !== undefined)) return;
  for (const folder of privateFolders) removeIfEmpty(folder);
}

function ownFolder(node: NodeLayout, folder: string): [string, string] {
  const own = node.file("root", folder);
  mkdirSync(own, { recursive: true, mode: 0o755 });
  mkdirSync(folder, { recursive: true });
  return [own, folder];
}

function ownSettings(node: NodeLayout): [string, string][] {
  return Object.entries(kernelSettings)
    .filter(([path]) => existsSync(path))
    .map(([path, value]) => {
      const own = node.file("root", path);
      mkdirSync(join(own, ".."), { recursive: true });
      // Not replaced: what is mounted follows the file.
      if (!existsSync(own)) writeFileSync(own, `${value}\n`);
      return [own, path];
    });
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTEMPTY" && code !== "EBUSY") throw error;
  }
}
