import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, UserError } from "../../shared/errors.ts";
import type { Paths } from "../paths.ts";
import { requireRunning } from "../processes.ts";

/**
 * Asks again and again until the answer is true.
 * @param programs names of the processes that must go on running meanwhile; the first that ended is the error.
 * @throws UserError after `timeoutMs`, with what the last try said.
 */
export async function waitUntil(
  paths: Paths,
  what: string,
  programs: string[],
  ask: () => Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const giveUpAt = Date.now() + timeoutMs;
  let last = "not yet";
  for (;;) {
    try {
      if (await ask()) return;
    } catch (error) {
      last = messageOf(error);
    }
    for (const program of programs) requireRunning(paths, program);
    if (Date.now() > giveUpAt)
      throw new UserError(`${what}: waited ${timeoutMs / 1000} s (${last}). Logs: ${paths.logs}`, { exitCode: 1 });
    await sleep(100);
  }
}
