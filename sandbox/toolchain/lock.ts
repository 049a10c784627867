/** One builder at a time, among all Biplanes on the machine. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Holds an exclusive lock on `file` while `run` runs. The lock is a child's that ends when its standard input does, so
 * it goes with this process, however that ends.
 *
 * @param waiting called once when another process holds the lock.
 */
export async function withLock<T>(file: string, waiting: () => void, run: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  const holder = spawn("flock", [file, "sh", "-c", "echo held; cat > /dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(holder, "exit");
  const held = Promise.race([
    once(holder.stdout, "data"),
    ended.then(() => Promise.reject(new Error(`flock ${file}`))),
  ]);
  try {
    const quick = new AbortController();
    const slow = sleep(300, "slow" as const, { signal: quick.signal });
    if ((await Promise.race([held, slow])) === "slow") waiting();
    else quick.abort();
    await Promise.all([held, slow.catch(ignoreAbort)]);
    return await run();
  } finally {
    holder.stdin.end();
    await ended;
  }
}

function ignoreAbort(error: unknown): void {
  if ((error as Error).name !== "AbortError") throw error;
}
