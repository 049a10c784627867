/** Several logs as one, in order of time, as far as that can be told without waiting for one that is quiet. */
import { type Line, timestampParts } from "./log-lines.ts";

/**
 * So long a line waits for those that others may have said before it: a client leaves out what comes behind a later line,
 * since it takes it for one that it has.
 */
const settleMs = 250;
/** So long what is not heard yet may take to be connected to. */
const firstSettleMs = 1_000;

export interface Settle {
  ms: number;
  firstMs: number;
}

export interface Told {
  /** As it was given. */
  source: string;
  lines: Line[];
}

interface Source {
  name: string;
  lines: AsyncGenerator<Line[], unknown>;
  held: Line[];
  /** How much of it was told. */
  from: number;
  /** Nanoseconds since 1970, of the first line that was not. */
  at: bigint;
  heldSince: number;
  askedSince: number;
  heard: boolean;
}

/** Of each source at most one batch is held, so a slow taker slows them all. */
export class MergedLogs {
  readonly #sources = new Set<Source>();
  readonly #settle: Settle;
  #failure: { error: unknown } | undefined;
  /** Of the one wait that is pending: a promise raced for with each batch would remember all of them. */
  #wake: () => void = () => undefined;

  constructor(settle: Settle = { ms: settleMs, firstMs: firstSettleMs }) {
    this.#settle = settle;
  }

  /** Those that have not ended. */
  get size(): number {
    return this.#sources.size;
  }

  /** It is read from now on. */
  add(name: string, lines: AsyncGenerator<Line[], unknown>): void {
    const source = { name, lines, held: [], from: 0, at: 0n, heldSince: 0, askedSince: 0, heard: false };
    this.#sources.add(source);
    this.#ask(source);
  }

  /** Whoever takes from it is told the error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  /** Ends once all of its sources have, and fails with the first that does. Its end ends them. */
  async *told(): AsyncGenerator<Told> {
    try {
      while (this.#sources.size > 0) {
        if (this.#failure) throw this.#failure.error;
        const first = this.#earliest();
        const wait = first ? this.#waitMs(first) : undefined;
        if (!first || wait) await this.#woken(wait);
        else yield this.#take(first);
      }
      if (this.#failure) throw this.#failure.error;
    } finally {
      // Not awaited: each may be in the midst of a wait, which its signal ends.
      for (const { lines } of this.#sources) void lines.return(undefined).catch(() => undefined);
    }
  }

  #ask(source: Source): void {
    [source.held, source.from, source.askedSince] = [[], 0, Date.now()];
    source.lines.next().then(
      ({ done, value }) => {
        if (done) this.#sources.delete(source);
        else if (value.length === 0) return this.#ask(source);
        else [source.held, source.at, source.heldSince, source.heard] = [value, timeOf(value[0]), Date.now(), true];
        this.#wake();
      },
      (error: unknown) => this.fail(error),
    );
  }

  #earliest(): Source | undefined {
    let first: Source | undefined;
    for (const source of this.#sources) if (source.held.length > 0 && !(first && first.at <= source.at)) first = source;
    return first;
  }

  /** @returns how long what it has next is to wait for the others: not at all where each has told what it says next. */
  #waitMs({ at, heldSince }: Source): number {
    const { ms, firstMs } = this.#settle;
    let until = 0;
    for (const { held, heard, askedSince } of this.#sources) {
      if (held.length > 0) continue;
      // Of an old line all others that are quiet have been asked long ago; a new one may have another on its heels.
      const fresh = Math.min(heldSince, Number(at / 1_000_000n)) + ms;
      until = Math.max(until, fresh, askedSince + (heard ? ms : firstMs));
    }
    return Math.max(0, until - Date.now());
  }

  /** Out of what is held: the lines of one source that come before all of the others. */
  #take(source: Source): Told {
    let second: bigint | undefined;
    for (const { held, at } of this.#sources) {
      if (held === source.held || held.length === 0) continue;
      if (second === undefined || at < second) second = at;
    }
    const { name, held, from } = source;
    let to = second === undefined ? held.length : from + 1;
    for (; to < held.length && second !== undefined; to++) {
      source.at = timeOf(held[to]);
      if (source.at > second) break;
    }
    source.from = to;
    if (to === held.length) this.#ask(source);
    return { source: name, lines: held.slice(from, to) };
  }

  #woken(ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function timeOf(line: Line | undefined): bigint {
  const { seconds, nanos } = timestampParts(line?.timestamp ?? "");
  return seconds * 1_000_000_000n + BigInt(nanos);
}
