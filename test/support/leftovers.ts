/** What of a local run is still on the machine: found by looking, not by what the run remembers. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { execa } from "execa";
import { processIds, readProc } from "../../shared/proc.ts";
import { here } from "./paths.ts";

/** @returns one line a thing; empty when nothing is left but the cache. */
export async function leftovers(): Promise<string[]> {
  const lines = async (command: string, ...args: string[]) => (await execa(command, args)).stdout.split("\n");
  const [namespaces, links, mounts, rules] = await Promise.all([
    lines("ip", "netns", "list"),
    lines("ip", "-o", "link"),
    lines("cat", "/proc/mounts"),
    lines("nft", "list", "tables"),
  ]);
  return [
    ...processes().map((line) => `process ${line}`),
    ...namespaces.filter((line) => /^(biplane|cni)-/.test(line)).map((line) => `namespace ${line}`),
    ...links.filter((line) => line.includes("biplane")).map((line) => `link ${line}`),
    ...mounts.filter((line) => line.includes(here.state)).map((line) => `mount ${line}`),
    ...rules.filter((line) => line.includes("biplane")).map((line) => `rules ${line}`),
    ...cgroups().map((path) => `cgroup ${path}`),
    ...(existsSync(here.state) ? [`folder ${here.state}`] : []),
    ...(readFileSync("/etc/hosts", "utf8").includes("biplane") ? ["names in /etc/hosts"] : []),
  ];
}

/** Programs that work in the state folder, and whatever such a program started in a container. */
function processes(): string[] {
  return processIds()
    .filter((pid) => pid !== process.pid)
    .flatMap((pid) => {
      const command = readProc(pid, "cmdline").replaceAll("\0", " ");
      const ours = command.includes(`${here.state}/`) || readProc(pid, "cgroup").includes("/biplane-");
      return ours ? [`${pid} ${command.slice(0, 120)}`] : [];
    });
}

function cgroups(): string[] {
  const roots = readdirSync("/sys/fs/cgroup", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return ["", ...roots.map(({ name }) => name)].flatMap((root) =>
    readdirSync(`/sys/fs/cgroup/${root}`)
      .filter((name) => name.startsWith("biplane-"))
      .map((name) => `/sys/fs/cgroup/${root}/${name}`),
  );
}
