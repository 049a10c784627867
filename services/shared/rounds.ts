/** Work that a service does by itself, round after round, on each of its replicas. */
import { pause } from "./pause.ts";

export interface Rounds {
  /** Returns when the round that is under way has ended. */
  close(): Promise<void>;
}

const everyMs = 1_000;

/**
 * @param round answers how much it did: where there was something there may be more, so the next follows at once.
 * @param failed is told what a round threw; the next comes all the same.
 */
export function startRounds(round: (signal: AbortSignal) => Promise<number>, failed: (error: unknown) => void): Rounds {
  const stop = new AbortController();
  const done = run(round, failed, stop.signal);
  return {
    async close() {
      stop.abort();
      await done;
    },
  };
}

async function run(
  round: (signal: AbortSignal) => Promise<number>,
  failed: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const did = await round(signal).catch((error: unknown) => {
      failed(error);
      return 0;
    });
    if (did === 0) await pause(everyMs, signal);
  }
}
