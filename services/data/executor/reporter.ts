/**
 * Tells the control plane, in order and until it has heard. Reports are derived from TaskActions, so that what is in
 * memory here can be lost at any time: after a restart the same reports are derived and sent again.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ActionError_Kind, type ActionReport, ActionReportSchema } from "../../../gen/biplane/queue/v1/queue_pb.js";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { messageOf } from "../../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { type ErrorState, finalEntry, keyOf, type PhaseEntry, type TaskAction } from "./task-action.ts";

export interface ReporterOptions {
  /** Resolves once the control plane has taken them all. */
  send(reports: ActionReport[]): Promise<void>;
  /** Something of this action was acknowledged. */
  acknowledged(key: string): void;
  log: Logger;
  /** Waits before the n-th repetition. */
  pause(repetition: number): Promise<void>;
}

interface Progress {
  reports: ActionReport[];
  acknowledged: number;
  /** There is no resource any more: nothing is kept once all is sent. */
  gone: boolean;
}

interface Part {
  key: string;
  progress: Progress;
  reports: ActionReport[];
}

const batchSize = 200;

export class Reporter {
  readonly #options: ReporterOptions;
  readonly #progress = new Map<string, Progress>();
  /** Keys with something to send, in the order in which they got it. */
  readonly #due = new Set<string>();
  #sending: Promise<void> | undefined;
  #stopped = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Sends what the action's history holds beyond what was acknowledged. */
  offer(action: TaskAction): void {
    const acknowledged = action.status?.reportedPhases ?? 0;
    this.#set(keyOf(action), reportsOf(action), acknowledged);
  }

  /** The action was deleted before its end: whatever its history says, it ends as ABORTED. */
  aborted(action: TaskAction): void {
    const reports = reportsOf(action);
    if (!finalEntry(action)) reports.push(abortedReport(action.spec, action.status?.attempts));
    this.#set(keyOf(action), reports, action.status?.reportedPhases ?? 0);
  }

  /** As `aborted`, of an action that this cluster has never seen. */
  abortedUnseen(key: string, place: Place): void {
    this.#set(key, [abortedReport(place)], 0);
    this.forget(key);
  }

  /** An action that could not even become a resource. */
  failedUnseen(key: string, place: Place, error: ErrorState): void {
    this.#set(key, [failedReport(place, error)], 0);
    this.forget(key);
  }

  /** How many entries of the action's history the control plane has acknowledged to this process. */
  acknowledged(key: string): number {
    return this.#progress.get(key)?.acknowledged ?? 0;
  }

  /** Whether the control plane has heard all that there is to tell of the action. */
  settled(key: string): boolean {
    const progress = this.#progress.get(key);
    return progress !== undefined && unsent(progress).length === 0;
  }

  /** The control plane asks again: it has lost, or never had, what was acknowledged. */
  repeat(action: TaskAction): void {
    this.#progress.delete(keyOf(action));
    this.#set(keyOf(action), reportsOf(action), 0);
  }

  /** The resource is gone; what is still to be sent of it is sent. */
  forget(key: string): void {
    const progress = this.#progress.get(key);
    if (!progress) return;
    progress.gone = true;
    this.#clean(key, progress);
  }

  /** Reports that wait to be acknowledged. */
  get pending(): number {
    let count = 0;
    for (const key of this.#due) count += unsent(this.#progress.get(key)).length;
    return count;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#sending;
  }

  #set(key: string, reports: ActionReport[], acknowledged: number): void {
    const progress = this.#progress.get(key) ?? { reports: [], acknowledged: 0, gone: false };
    this.#progress.set(key, progress);
    // A cache may lag behind what this process has already sent.
    if (progress.reports.length > reports.length) return;
    progress.reports = reports;
    progress.acknowledged = Math.max(progress.acknowledged, acknowledged);
    if (unsent(progress).length === 0) return;
    this.#due.add(key);
    this.#wake();
  }

  #wake(): void {
    if (this.#sending || this.#stopped || this.#due.size === 0) return;
    this.#sending = this.#run().finally(() => {
      this.#sending = undefined;
      // Something may have come after the last look.
      this.#wake();
    });
  }

  #clean(key: string, progress: Progress): void {
    if (unsent(progress).length > 0) return;
    this.#due.delete(key);
    if (progress.gone) this.#progress.delete(key);
  }

  async #run(): Promise<void> {
    let failures = 0;
    let alone = false;
    while (this.#due.size > 0 && !this.#stopped) {
      const batch = this.#batch(alone);
      if (batch.length === 0) break;
      try {
        await this.#options.send(batch.flatMap(({ reports }) => reports));
        for (const part of batch) this.#acknowledge(part);
        failures = 0;
        alone = false;
      } catch (error) {
        const code = ConnectError.from(error).code;
        const refused = code === Code.InvalidArgument || code === Code.NotFound || code === Code.PermissionDenied;
        if (refused && batch.length === 1) {
          // Repeating it would hold up every other action for ever.
          for (const part of batch) {
            this.#options.log.error("the control plane refuses a report", { action: part.key, error });
            this.#acknowledge(part);
          }
          continue;
        }
        // One bad report among many: find it by sending each action's alone.
        alone = refused;
        if (refused) continue;
        this.#options.log.warn("reports wait for the control plane", {
          pending: this.pending,
          reason: messageOf(error),
        });
        await this.#options.pause(failures++);
      }
    }
  }

  #batch(alone: boolean): Part[] {
    const batch: Part[] = [];
    let size = 0;
    for (const key of this.#due) {
      if (size >= batchSize || (alone && batch.length > 0)) break;
      const progress = this.#progress.get(key);
      const reports = unsent(progress);
      if (!progress || reports.length === 0) this.#due.delete(key);
      else batch.push({ key, progress, reports });
      size += reports.length;
    }
    return batch;
  }

  #acknowledge({ key, progress, reports }: Part): void {
    // Asked to be repeated while it was under way: then all of it is sent again.
    if (this.#progress.get(key) !== progress) return;
    progress.acknowledged += reports.length;
    this.#clean(key, progress);
    this.#options.acknowledged(key);
  }
}

function unsent(progress: Progress | undefined): ActionReport[] {
  return progress ? progress.reports.slice(progress.acknowledged) : [];
}

type Place = { project: string; domain: string; runName: string; actionName: string };

function reportsOf(action: TaskAction): ActionReport[] {
  return (action.status?.phaseHistory ?? []).map((entry) => reportOf(action, entry));
}

function reportOf({ spec, status }: TaskAction, entry: PhaseEntry): ActionReport {
  return create(ActionReportSchema, {
    ...identity(spec),
    phase: ActionPhase[entry.phase],
    attempt: entry.attempt,
    occurredAt: timestampFromMs(Date.parse(entry.occurredAt)),
    outputUri: entry.phase === "SUCCEEDED" ? (status?.outputUri ?? "") : "",
    retrying: entry.retrying ?? false,
    ...(entry.error ? { error: errorOf(entry.error) } : {}),
  });
}

function abortedReport(place: Place, attempt = 1): ActionReport {
  const now = timestampFromMs(Date.now());
  return create(ActionReportSchema, { ...identity(place), phase: ActionPhase.ABORTED, attempt, occurredAt: now });
}

function failedReport(place: Place, error: ErrorState): ActionReport {
  const at = { attempt: 1, occurredAt: timestampFromMs(Date.now()) };
  return create(ActionReportSchema, { ...identity(place), phase: ActionPhase.FAILED, ...at, error: errorOf(error) });
}

function errorOf({ code, message, kind }: ErrorState): MessageInitShape<typeof ActionReportSchema>["error"] {
  return { code, message, kind: kind === "USER" ? ActionError_Kind.USER : ActionError_Kind.SYSTEM };
}

function identity({ project, domain, runName, actionName }: Place) {
  return { key: { project, domain, run: runName, action: actionName } };
}
