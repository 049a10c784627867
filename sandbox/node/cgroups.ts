/**
 * The node's own branch of every cgroup hierarchy. All its pods are beneath it, so that what it holds is exactly what
 * this node started.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../shared/errors.ts";

interface Hierarchy {
  folder: string;
  version: 1 | 2;
}

/** @param mounts content of /proc/mounts. */
export function hierarchies(mounts: string): Hierarchy[] {
  return mounts.split("\n").flatMap((line): Hierarchy[] => {
    const [, folder, type] = line.split(" ");
    if (folder === undefined) return [];
    const version = type === "cgroup" ? 1 : type === "cgroup2" ? 2 : undefined;
    return version === undefined ? [] : [{ folder, version }];
  });
}

/** The kubelet refuses a root that is missing from one hierarchy. */
export function ensureCgroups(name: string): void {
  const all = mounted();
  const unified = all.every(({ version }) => version === 2);
  for (const { folder, version } of all) {
    if (unified) delegateControllers(folder);
    const branch = join(folder, name);
    mkdirSync(branch, { recursive: true });
    if (version === 1) for (const file of ["cpuset.cpus", "cpuset.mems"]) copyFromParent(folder, branch, file);
  }
}

/** Pids of every process beneath the node's branches. */
export function cgroupPids(name: string): number[] {
  const pids = branches(name).flatMap((branch) =>
    [branch, ...foldersBeneath(branch)].flatMap((folder) => {
      const file = join(folder, "cgroup.procs");
      return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean).map(Number) : [];
    }),
  );
  return [...new Set(pids)];
}

/** The branches must hold no process any more; the kernel takes a moment to see that. */
export async function removeCgroups(name: string): Promise<void> {
  const giveUpAt = Date.now() + 10_000;
  for (;;) {
    const busy = branches(name).filter((branch) => !removeTree(branch));
    if (busy.length === 0) return;
    if (Date.now() > giveUpAt) throw new UserError(`cgroups stay busy: ${busy.join(", ")}`, { exitCode: 1 });
    await sleep(50);
  }
}

function mounted(): Hierarchy[] {
  // A hierarchy can be mounted more than once; the folder is what counts.
  const found = hierarchies(readFileSync("/proc/mounts", "utf8"));
  return found.filter(({ folder }, index) => found.findIndex((each) => each.folder === folder) === index);
}

function branches(name: string): string[] {
  return mounted()
    .map(({ folder }) => join(folder, name))
    .filter((branch) => existsSync(branch));
}

function foldersBeneath(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => [join(folder, entry.name), ...foldersBeneath(join(folder, entry.name))]);
}

/** @returns whether it is gone. */
function removeTree(branch: string): boolean {
  try {
    for (const folder of [branch, ...foldersBeneath(branch)].sort((a, b) => b.length - a.length)) rmdirSync(folder);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return !existsSync(branch);
    if (code === "EBUSY") return false;
    throw error;
  }
}

/**
 * A version 2 hierarchy gives its children only the controllers that it hands on. Beside version 1 hierarchies it has
 * none that a pod needs.
 */
function delegateControllers(folder: string): void {
  const words = (file: string): string[] => readFileSync(join(folder, file), "utf8").split(/\s+/).filter(Boolean);
  const handedOn = words("cgroup.subtree_control");
  for (const controller of words("cgroup.controllers").filter((each) => !handedOn.includes(each)))
    writeFileSync(join(folder, "cgroup.subtree_control"), `+${controller}`);
}

/** A version 1 cpuset starts out empty, and then no process can enter it. */
function copyFromParent(parent: string, branch: string, file: string): void {
  const source = join(parent, file);
  if (existsSync(source)) writeFileSync(join(branch, file), readFileSync(source, "utf8"));
}
