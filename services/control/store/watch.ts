/** Reads again whenever there may be something new. */
import type { Hub } from "./hub.ts";

/** Also the longest time between two readings, so that a lost notification costs seconds and no update. */
const recheckMs = 10_000;

/**
 * Subscribes, then reads, so that a change after the reading is announced. A change during a reading leads to another
 * one; many changes at once lead to one. Ends when the signal does.
 */
export async function* readWhenever<T>(
  hub: Hub,
  on: { channel: string; key: string },
  signal: AbortSignal,
  read: () => Promise<T>,
  everyMs = recheckMs,
): AsyncGenerator<T> {
  let rung = false;
  let ring = () => {
    rung = true;
  };
  const wake = () => ring();
  const unsubscribe = hub.subscribe(on.channel, on.key, wake);
  signal.addEventListener("abort", wake);
  try {
    while (!signal.aborted) {
      rung = false;
      yield await read();
      if (rung || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, everyMs);
        ring = () => {
          rung = true;
          clearTimeout(timer);
          resolve();
        };
      });
      // Back to noting only: nobody waits until the next reading is done.
      ring = () => {
        rung = true;
      };
    }
  } finally {
    signal.removeEventListener("abort", wake);
    unsubscribe();
  }
}
