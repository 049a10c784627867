/** Waits until it is one's turn, so that calls keep below a quota instead of being refused. */
export type Pace = (signal: AbortSignal) => Promise<void>;

export interface PaceOptions {
  perMinute: number;
  /** So many may come at once after a quiet time. */
  atOnce: number;
  /** Rejects when aborted. */
  sleep(ms: number, value: undefined, options: { signal: AbortSignal }): Promise<void>;
  now?: () => number;
}

/** Turns are given in the order in which they were asked for. */
export function pace({ perMinute, atOnce, sleep, now = Date.now }: PaceOptions): Pace {
  const every = 60_000 / perMinute;
  /** When the next turn is, had nobody ever waited; it lags behind the clock by a quiet time's worth at most. */
  let next = Number.NEGATIVE_INFINITY;
  return async (signal) => {
    next = Math.max(next, now() - (atOnce - 1) * every);
    const wait = next - now();
    next += every;
    if (wait > 0) await sleep(wait, undefined, { signal });
  };
}
