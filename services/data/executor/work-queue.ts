/**
 * Keys that need looking at. One worker at a time has a key; a key added while it is worked on comes again after;
 * a key whose work failed comes again later and later.
 */
export interface WorkQueueOptions {
  /** Looks at one key. @returns in how many milliseconds to look again, if nothing else calls for it before. */
  work(key: string): Promise<number | undefined>;
  onError(key: string, error: unknown, retryMs: number): void;
  /** Keys worked on at once. @default 16 */
  workers?: number;
  /** @default 100 */
  firstRetryMs?: number;
  /** @default 30000 */
  lastRetryMs?: number;
}

export class WorkQueue {
  readonly #options: Required<WorkQueueOptions>;
  /** In the order of arrival. */
  readonly #waiting = new Set<string>();
  readonly #working = new Set<string>();
  readonly #timers = new Map<string, { timer: NodeJS.Timeout; at: number }>();
  readonly #failures = new Map<string, number>();
  #stopped = false;
  #idle: (() => void) | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = { workers: 16, firstRetryMs: 100, lastRetryMs: 30_000, ...options };
  }

  add(key: string): void {
    if (this.#stopped) return;
    this.#waiting.add(key);
    this.#next();
  }

  /** The earlier of two delays of one key counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#stopped) return;
    const at = Date.now() + delayMs;
    const known = this.#timers.get(key);
    if (known && known.at <= at) return;
    clearTimeout(known?.timer);
    const timer = setTimeout(
      () => {
        this.#timers.delete(key);
        this.add(key);
      },
      // Node fires at once beyond 2^31 ms.
      Math.min(delayMs, 2 ** 31 - 1),
    );
    timer.unref();
    this.#timers.set(key, { timer, at });
  }

  /** How many keys wait for a worker, are worked on, and come again at a later time. */
  get size(): { waiting: number; working: number; later: number } {
    return { waiting: this.#waiting.size, working: this.#working.size, later: this.#timers.size };
  }

  /** Takes no more keys; ends when the present work has. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    for (const { timer } of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    if (this.#working.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  #next(): void {
    for (const key of this.#waiting) {
      if (this.#working.size >= this.#options.workers) return;
      if (this.#working.has(key)) continue;
      this.#waiting.delete(key);
      this.#working.add(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    try {
      const again = await this.#options.work(key);
      this.#failures.delete(key);
      if (again !== undefined) this.addAfter(key, again);
    } catch (error) {
      const failures = this.#failures.get(key) ?? 0;
      this.#failures.set(key, failures + 1);
      const { firstRetryMs, lastRetryMs } = this.#options;
      const delay = Math.min(firstRetryMs * 2 ** failures, lastRetryMs);
      this.#options.onError(key, error, delay);
      this.addAfter(key, delay);
    }
    this.#working.delete(key);
    if (this.#working.size === 0) this.#idle?.();
    this.#next();
  }
}
