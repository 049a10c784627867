/** What breaks in the drills: processes that are killed, networks that go silent. Each harm is undone by its caller. */
import { execa } from "execa";
import { vi } from "vitest";
import { network, type Plane } from "../../sandbox/hosts.ts";
import { enterNetwork } from "../../sandbox/network/namespace.ts";
import { processIds, readProc } from "../../shared/proc.ts";
import { kubectl, platform } from "./kubectl.ts";
import { pidsOf } from "./processes.ts";

/** SIGKILL to the program in each pod of a service, of whichever plane, or of telegraf. @returns how many there were. */
export function killHard(service: string): number {
  const program = new RegExp(`/app/(control|data)/${service}\\.mjs|/usr/local/bin/${service}\\b`);
  const pids = processIds().filter((pid) => program.test(readProc(pid, "cmdline")));
  for (const pid of pids) process.kill(pid, "SIGKILL");
  return pids.length;
}

/** Waits until a service whose processes were killed is ready again. */
export async function ready(plane: Plane, service: string): Promise<void> {
  const which = [`deployment/${service}`, "--namespace", platform[plane]];
  // A rollout is said to be complete until the kubelet has seen a process die, which it has where it began another.
  const replicas = Number(await kubectl(plane, "get", ...which, "--output=jsonpath={.spec.replicas}"));
  await vi.waitUntil(() => pidsOf(service).length >= replicas, { timeout: 90_000, interval: 200 });
  await vi.waitFor(() => kubectl(plane, "rollout", "status", ...which, "--timeout=90s"), {
    timeout: 120_000,
    interval: 1_000,
  });
}

/** Packets between the customer's network and the region's edge vanish, in both directions, as on a broken line. */
export const regionUnreachable = () =>
  rules(network.hosts.customer.namespace, [
    `chain out { type filter hook postrouting priority 0; ip daddr { ${network.hosts.edge.address}, ${network.relayFront} } drop; }`,
  ]);

/** The object store answers nobody: connections to it are refused behind the cloud's front. */
export const objectStoreDown = (port: number) =>
  rules(network.hosts.cloud.namespace, [
    `chain out { type filter hook output priority 0; ip daddr 127.0.0.1 tcp dport ${port} reject with tcp reset; }`,
  ]);

async function rules(namespace: string, chains: string[]): Promise<() => Promise<void>> {
  const table = "inet biplane_drill";
  const nft = (input: string) => {
    const [command = "", ...enter] = enterNetwork(namespace);
    return execa(command, [...enter, "nft", "-f", "-"], { input });
  };
  await nft(`table ${table} {\n${chains.join("\n")}\n}\n`);
  return async () => {
    await nft(`table ${table}\ndelete table ${table}\n`);
  };
}
