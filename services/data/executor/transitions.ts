/** How a TaskAction's status grows: entries are appended, never changed, so that reports can be derived from it again. */
import type { Condition, PhaseEntry, TaskActionStatus } from "./task-action.ts";

export type NewEntry = Omit<PhaseEntry, "occurredAt"> & { at: number };

/**
 * Appends entries and sets what follows from the last one. An entry that its attempt already has is left out. Times
 * never go back: the kubelet tells them in whole seconds.
 */
export function withEntries(status: TaskActionStatus, entries: NewEntry[]): TaskActionStatus {
  const history = [...(status.phaseHistory ?? [])];
  for (const { at, ...entry } of entries) {
    const known = history.some(({ phase, attempt }) => phase === entry.phase && attempt === entry.attempt);
    if (known) continue;
    const before = Date.parse(history.at(-1)?.occurredAt ?? "") || 0;
    history.push({ ...entry, occurredAt: new Date(Math.max(at, before)).toISOString() });
  }
  const last = history.at(-1);
  if (!last) return status;
  return {
    ...status,
    phaseHistory: history,
    attempts: last.attempt,
    conditions: [conditionOf(last)],
    ...(last.error && !last.retrying ? { errorState: last.error } : {}),
  };
}

/** One condition at a time, with the reasons that the public executor uses (flyte-protocol.md section 6). */
function conditionOf({ phase, occurredAt, message, error, retrying }: PhaseEntry): Condition {
  const [type, reason] = retrying ? (["Progressing", "RetryableFailure"] as const) : reasons[phase];
  // For `kubectl`; the resource's schema limits it, and the whole text is in the entry.
  const summary = (error?.message ?? message ?? "").slice(0, 1_024);
  return { type, status: "True", reason, message: summary, lastTransitionTime: occurredAt };
}

const reasons: Record<PhaseEntry["phase"], readonly [Condition["type"], string]> = {
  QUEUED: ["Progressing", "Queued"],
  WAITING_FOR_RESOURCES: ["Progressing", "Queued"],
  INITIALIZING: ["Progressing", "Initializing"],
  RUNNING: ["Progressing", "Executing"],
  SUCCEEDED: ["Succeeded", "Completed"],
  FAILED: ["Failed", "PermanentFailure"],
  ABORTED: ["Failed", "Aborted"],
  TIMED_OUT: ["Failed", "TimedOut"],
};

/** When the attempt reached a phase, in milliseconds since 1970. */
export function reachedAt(status: TaskActionStatus, phase: PhaseEntry["phase"], attempt?: number): number | undefined {
  const entry = status.phaseHistory?.find((seen) => seen.phase === phase && (attempt ?? seen.attempt) === seen.attempt);
  return entry && Date.parse(entry.occurredAt);
}
