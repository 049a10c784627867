/** Network namespaces by name, as `ip netns` keeps them: a file under /run/netns with the namespace mounted on it. */
import { existsSync, readdirSync, rmdirSync, rmSync, statfsSync } from "node:fs";
import { resolve } from "node:path";
import { execa } from "execa";

const folder = "/run/netns";
/** Type of the file system that namespaces are mounted from (NSFS_MAGIC in linux/magic.h). */
const namespaceFileSystem = 0x6e736673;

export async function ensureNamespace(name: string): Promise<void> {
  if (namespaceExists(name)) return;
  // `ip netns add` makes the file, then mounts on it: killed in between it leaves a plain file.
  rmSync(`${folder}/${name}`, { force: true });
  await execa("ip", ["netns", "add", name]);
}

export async function removeNamespace(name: string): Promise<void> {
  if (namespaceExists(name)) await execa("ip", ["netns", "delete", name]);
  rmSync(`${folder}/${name}`, { force: true });
}

export function namespaceExists(name: string): boolean {
  const file = `${folder}/${name}`;
  return existsSync(file) && statfsSync(file).type === namespaceFileSystem;
}

/** `ip netns add` mounts the folder on itself. When the last namespace is gone, the mount goes too. */
export async function removeEmptyFolder(): Promise<void> {
  if (!existsSync(folder) || readdirSync(folder).length > 0) return;
  await execa("umount", [folder], { reject: false });
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}

/**
 * Arguments that run a command in a network namespace. `ip netns exec` would remount /sys and hide the cgroups.
 * @param name or the absolute path of one that has no name, such as a process's own
 */
export function enterNetwork(name: string): string[] {
  return ["nsenter", `--net=${resolve(folder, name)}`, "--"];
}
