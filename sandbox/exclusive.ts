import { join } from "node:path";
import type { Paths } from "./paths.ts";
import type { Progress } from "./toolchain/index.ts";
import { withLock } from "./toolchain/lock.ts";

/** One `up` or `down` at a time on this machine. */
export function exclusive<T>(paths: Paths, progress: Progress, work: () => Promise<T>): Promise<T> {
  const waiting = () => progress.note("Another biplane brings planes up or down here; waiting for it.");
  return withLock(join(paths.cache, "local-run.lock"), waiting, work);
}
