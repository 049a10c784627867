/** The bounds that a task sets on its own time, and the pause between its retries. */
import type { Duration } from "@bufbuild/protobuf/wkt";
import type { TaskMetadata } from "../../../gen/flyteidl2/core/tasks_pb.js";
import type { TimeBound } from "./outcome.ts";
import type { TaskActionStatus } from "./task-action.ts";
import { reachedAt } from "./transitions.ts";

export interface Bound {
  bound: TimeBound;
  seconds: number;
  /** When it is passed, in milliseconds since 1970. */
  at: number;
}

/** The bound that will be passed first, counted from the transitions so far; undefined where none applies now. */
export function nextBound(metadata: TaskMetadata | undefined, status: TaskActionStatus): Bound | undefined {
  const attempt = status.attempts ?? 1;
  const running = reachedAt(status, "RUNNING", attempt);
  const started = running ?? reachedAt(status, "INITIALIZING", attempt);
  const bounds = [
    from("DEADLINE_EXCEEDED", metadata?.timeouts?.deadline, reachedAt(status, "QUEUED")),
    from("MAX_RUNTIME_EXCEEDED", metadata?.timeout, running),
    started === undefined
      ? from("QUEUED_TIMEOUT_EXCEEDED", metadata?.timeouts?.queuedTimeout, reachedAt(status, "QUEUED", attempt))
      : undefined,
  ];
  return bounds.reduce(
    (first, bound) => (first && bound && bound.at >= first.at ? first : (bound ?? first)),
    undefined,
  );
}

function from(bound: TimeBound, duration: Duration | undefined, since: number | undefined): Bound | undefined {
  const seconds = secondsOf(duration);
  // Unset and zero both mean unlimited.
  return seconds > 0 && since !== undefined ? { bound, seconds, at: since + seconds * 1000 } : undefined;
}

/** When the present attempt may begin: the task's own back-off, `min(base * factor^n, cap)` after the n-th retry. */
export function attemptBegins(metadata: TaskMetadata | undefined, status: TaskActionStatus): number {
  const attempt = status.attempts ?? 1;
  const queued = reachedAt(status, "QUEUED", attempt) ?? 0;
  const backoff = metadata?.retries?.backoff;
  const retries = attempt - 1 - (status.systemFailures ?? 0);
  const before = status.phaseHistory?.findLast((entry) => entry.attempt === attempt - 1);
  if (!backoff || retries < 1 || before?.error?.kind === "SYSTEM") return queued;
  const grown = secondsOf(backoff.base) * (backoff.factor || 1) ** (retries - 1);
  const cap = backoff.cap ? secondsOf(backoff.cap) : Number.POSITIVE_INFINITY;
  return queued + Math.min(grown, cap) * 1000;
}

function secondsOf(duration: Duration | undefined): number {
  return duration ? Number(duration.seconds) + duration.nanos / 1e9 : 0;
}
