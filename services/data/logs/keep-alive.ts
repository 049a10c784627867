/** Fills the silences of a stream, so that neither client nor proxy takes it for dead. */

export interface KeepAliveOptions<T> {
  everyMs: number;
  filler(): T;
  /** The source failed while it was ended, when nobody takes from it any more. */
  onLateError(error: unknown): void;
}

/** Asks the source for one item at a time: a slow taker slows the source. Ends the source when the taker leaves. */
export async function* withKeepAlive<T>(
  source: AsyncGenerator<T>,
  { everyMs, filler, onLateError }: KeepAliveOptions<T>,
): AsyncGenerator<T> {
  try {
    for (let next = source.next(); ; ) {
      const timer = alarm(everyMs);
      const first = await Promise.race([next, timer.rings]).finally(timer.stop);
      if (first === "silence") {
        yield filler();
        continue;
      }
      if (first.done) return;
      yield first.value;
      next = source.next();
    }
  } finally {
    // Not awaited: the source may be in the midst of a wait, which its own signal ends.
    void source.return(undefined).catch(onLateError);
  }
}

function alarm(ms: number): { rings: Promise<"silence">; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const rings = new Promise<"silence">((resolve) => {
    timer = setTimeout(() => resolve("silence"), ms);
  });
  return { rings, stop: () => clearTimeout(timer) };
}
