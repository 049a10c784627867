/** Waiting that a stop may cut short: being told to stop is no failure, anything else is. */
import { setTimeout as sleep } from "node:timers/promises";

/** Returns after `ms`, or at once when the signal aborts; whoever waits looks at the signal next. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return unlessAborted(sleep(ms, undefined, { signal }), signal);
}

/** Waits for `work` to end. Catches its AbortError, and only once the signal has aborted: every other error passes on. */
export async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!signal.aborted || !(error instanceof Error) || error.name !== "AbortError") throw error;
  }
}

/** Returns once the signal has aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
