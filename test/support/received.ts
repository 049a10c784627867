import { execa } from "execa";
import { type HostName, network } from "../../sandbox/hosts.ts";
import { enterNetwork } from "../../sandbox/network/namespace.ts";

/** Bytes that came to one of the local run's hosts from the others, since it is up. */
export async function received(host: HostName): Promise<number> {
  const [command = "", ...args] = enterNetwork(network.hosts[host].namespace);
  const { stdout } = await execa(command, [...args, "cat", "/proc/net/dev"]);
  const bytes = Number(/^\s*eth0:\s*(\d+)/m.exec(stdout)?.[1]);
  if (!Number.isFinite(bytes)) throw new Error(`the host ${host} has no counter of its network: ${stdout}`);
  return bytes;
}
