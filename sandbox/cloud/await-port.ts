import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../shared/errors.ts";
import type { Paths } from "../paths.ts";
import { requireRunning } from "../processes.ts";

const patienceMs = 60_000;

/**
 * Waits until someone accepts connections. Throws with the end of its log when one of the named processes, which the
 * answer depends on, stops before.
 */
export async function awaitPort(paths: Paths, processes: string[], address: string, port: number): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  while (!(await accepts(address, port))) {
    for (const process of processes) requireRunning(paths, process);
    if (Date.now() > giveUpAt) throw tooLate(processes.join(", "), address, port);
    await sleep(50);
  }
}

/** For what the caller has not started itself, such as one that shares its loopback. */
export async function awaitListener(address: string, port: number): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  while (!(await accepts(address, port))) {
    if (Date.now() > giveUpAt) throw tooLate("the process", address, port);
    await sleep(50);
  }
}

function tooLate(who: string, address: string, port: number): UserError {
  return new UserError(`${who} does not answer on ${address}:${port} after ${patienceMs / 1000} s`, { exitCode: 1 });
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
    socket.once("timeout", () => settle(false));
  });
}
