/**
 * Where a log was left, so that it can be taken up again without a gap and without a double. Kubernetes resumes by
 * whole seconds only, so the lines of the last second come again and are known by their nanoseconds.
 */
export class ResumePoint {
  #second: string;
  /** Lines of the last second, by timestamp. */
  #told = new Map<string, number>();
  #again = new Map<string, number>();

  /** @param from RFC 3339: where the log is to begin. @default at its first line */
  constructor(from = "") {
    this.#second = from.slice(0, 19);
  }

  /** `sinceTime` for the next connection; undefined before the first line. */
  get since(): string | undefined {
    return this.#second === "" ? undefined : `${this.#second}Z`;
  }

  /** The log is opened anew: what was told already will come again. */
  reopened(): void {
    this.#again = new Map(this.#told);
  }

  /** @returns false for a line that was told before the log was opened anew. */
  isNew(timestamp: string): boolean {
    const left = this.#again.get(timestamp) ?? 0;
    if (left > 0) {
      this.#again.set(timestamp, left - 1);
      return false;
    }
    this.#remember(timestamp);
    return true;
  }

  #remember(timestamp: string): void {
    const second = timestamp.slice(0, 19);
    if (second < this.#second) return;
    if (second > this.#second) {
      this.#second = second;
      this.#told = new Map();
    }
    this.#told.set(timestamp, (this.#told.get(timestamp) ?? 0) + 1);
  }
}

/** @returns RFC 3339 in UTC, to the nanosecond. */
export function timestampText({ seconds, nanos }: { seconds: bigint; nanos: number }): string {
  const whole = new Date(Number(seconds) * 1_000).toISOString().slice(0, 19);
  return `${whole}.${String(nanos).padStart(9, "0")}Z`;
}
