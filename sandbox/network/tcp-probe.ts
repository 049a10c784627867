/** Real TCP connections from one of the local run's hosts: the evidence for who can open what. */
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { enterNetwork } from "./namespace.ts";

export type Outcome = "connected" | "refused" | "timeout" | "unreachable";

export interface Target {
  address: string;
  port: number;
}

/**
 * Opens one connection and closes it.
 * @param fromNamespace network namespace to dial from, or undefined for the machine itself.
 * @returns `refused`: answered by a reset; `unreachable`: no route, or an ICMP error; `timeout`: no answer within 2 s.
 */
export async function tcpProbe(fromNamespace: string | undefined, address: string, port: number): Promise<Outcome> {
  const [outcome] = await tcpProbes(fromNamespace, [{ address, port }]);
  if (outcome === undefined) throw new Error("the dialler answered nothing");
  return outcome;
}

/** Many at once, in one process: a scan of all ports of a host takes seconds. @returns outcomes in order. */
export async function tcpProbes(fromNamespace: string | undefined, targets: Target[]): Promise<Outcome[]> {
  const dialler = fileURLToPath(new URL("./dial-main.ts", import.meta.url));
  const [command = "", ...args] = [
    ...(fromNamespace === undefined ? [] : enterNetwork(fromNamespace)),
    ...[process.execPath, dialler],
  ];
  const { stdout } = await execa(command, args, { input: JSON.stringify(targets) });
  return JSON.parse(stdout) as Outcome[];
}
