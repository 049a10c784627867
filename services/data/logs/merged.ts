/** Several logs as one, in order of time, as far as that can be told without waiting for one that is quiet. */
import { type Line, timestampParts } from "./log-lines.ts";

/** So long a source may take to say what it has already, before the others are told without it. */
const settleMs = 250;

export interface FromSource {
  /** Which of those that were given. */
  source: number;
  lines: Line[];
}

interface Taken {
  source: number;
  result: IteratorResult<Line[], unknown>;
}

/**
 * Of each source at most one batch is held, so a slow taker slows them all. Ends with the first source that does, once what
 * is held has been told, and ends the others.
 */
export async function* merged(
  sources: readonly AsyncGenerator<Line[], unknown>[],
  settle: number = settleMs,
): AsyncGenerator<FromSource> {
  const held = sources.map((): Line[] => []);
  const pending = new Map<number, Promise<Taken>>();
  const quiet = new Set<number>();
  const ask = (source: number) => {
    const next = sources[source]?.next().then((result): Taken => ({ source, result }));
    if (next) pending.set(source, next);
  };
  try {
    for (const source of sources.keys()) ask(source);
    for (let ended = false; ; ) {
      const some = held.some((lines) => lines.length > 0);
      if (ended && !some) return;
      const awaited = [...pending.keys()].some((source) => !quiet.has(source));
      if (!ended && (!some || awaited)) {
        const taken = await firstOf(pending.values(), some ? settle : undefined);
        if (taken === "silence") {
          for (const source of pending.keys()) quiet.add(source);
          continue;
        }
        pending.delete(taken.source);
        quiet.delete(taken.source);
        if (taken.result.done) ended = true;
        else held[taken.source] = taken.result.value;
        continue;
      }
      const told = earliest(held);
      yield told;
      if (held[told.source]?.length === 0) ask(told.source);
    }
  } finally {
    // Not awaited: each may be in the midst of a wait, which its signal ends.
    for (const late of pending.values()) late.catch(() => undefined);
    for (const source of sources) void source.return(undefined).catch(() => undefined);
  }
}

/** Takes out of what is held the lines of one source that come before all of the others. */
function earliest(held: Line[][]): FromSource {
  const heads = held.flatMap(([first], source) => (first ? [{ source, at: timeOf(first) }] : []));
  heads.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.source - b.source));
  const [first, second] = heads;
  if (!first) throw new Error("nothing is held");
  const lines = held[first.source] ?? [];
  const until = second ? lines.findIndex((line) => timeOf(line) > second.at) : -1;
  // The first of them at least, or nothing would ever be told.
  return { source: first.source, lines: lines.splice(0, until < 0 ? lines.length : Math.max(1, until)) };
}

function timeOf({ timestamp }: Line): bigint {
  const { seconds, nanos } = timestampParts(timestamp);
  return seconds * 1_000_000_000n + BigInt(nanos);
}

async function firstOf(pending: Iterable<Promise<Taken>>, ms: number | undefined): Promise<Taken | "silence"> {
  if (ms === undefined) return Promise.race(pending);
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<"silence">((resolve) => {
    timer = setTimeout(() => resolve("silence"), ms);
  });
  return Promise.race([...pending, silence]).finally(() => clearTimeout(timer));
}
