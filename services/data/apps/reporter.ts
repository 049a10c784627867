/** Tells the region how apps stand: of each the latest, again until it has been taken. */
import { Code, ConnectError } from "@connectrpc/connect";
import { messageOf } from "../../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { DesiredApp } from "./plan.ts";
import type { AppState } from "./state.ts";

export interface Told extends AppState {
  app: DesiredApp;
  /** Milliseconds. */
  observedAt: number;
}

export interface AppReporterOptions {
  /** Resolves once the region has taken them all. @throws ConnectError */
  send(reports: Told[]): Promise<void>;
  log: Logger;
  /** Waits before the n-th repetition. */
  pause(repetition: number): Promise<void>;
}

const batchSize = 200;

export class AppReporter {
  readonly #options: AppReporterOptions;
  /** By uid. */
  readonly #due = new Map<string, Told>();
  /** By uid: what the region has taken, so that it is not told the same again and again. */
  readonly #taken = new Map<string, string>();
  #sending: Promise<void> | undefined;
  #stopped = false;

  constructor(options: AppReporterOptions) {
    this.#options = options;
  }

  tell(report: Told): void {
    const { uid } = report.app;
    const due = this.#due.get(uid);
    if ((due ? wordsOf(due) : this.#taken.get(uid)) === wordsOf(report)) return;
    this.#due.set(uid, report);
    this.#next();
  }

  /** The region may have lost what it took, or never had it: all is told again as it is next looked at. */
  again(): void {
    this.#taken.clear();
  }

  forget(uid: string): void {
    this.#due.delete(uid);
    this.#taken.delete(uid);
  }

  get pending(): number {
    return this.#due.size;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#sending;
  }

  #next(): void {
    if (this.#stopped || this.#due.size === 0) return;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
      this.#next();
    });
  }

  async #sendAll(): Promise<void> {
    let repetition = 0;
    let size = batchSize;
    while (this.#due.size > 0 && !this.#stopped) {
      const batch = [...this.#due.values()].slice(0, size);
      try {
        await this.#options.send(batch);
        repetition = 0;
        size = batchSize;
      } catch (error) {
        const refused = ConnectError.from(error).code === Code.InvalidArgument;
        // One bad report among many: it is found by sending halves, and left, since it would hold up all others for ever.
        if (refused && batch.length > 1) {
          size = Math.ceil(batch.length / 2);
          continue;
        }
        if (refused) {
          this.#options.log.error("the region refuses a report of an app", { app: batch[0]?.app.name, error });
          this.#done(batch);
          continue;
        }
        this.#options.log.warn("how apps stand could not be told", { reason: messageOf(error) });
        await this.#options.pause(repetition++);
        continue;
      }
      this.#done(batch);
    }
  }

  #done(batch: readonly Told[]): void {
    for (const report of batch) {
      const { uid } = report.app;
      this.#taken.set(uid, wordsOf(report));
      // What came meanwhile is told next.
      if (this.#due.get(uid) === report) this.#due.delete(uid);
    }
  }
}

function wordsOf({ app, status, substate, message, replicas }: Told): string {
  return [app.revision, status, substate, replicas, message].join(" ");
}
