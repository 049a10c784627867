/**
 * What the end of an attempt means. A failed task of the real client exits 0 and leaves error.pb, so files decide
 * first and exit codes second (flyte-protocol.md sections 5 and 9).
 */

import { mayPass } from "./image-pull.ts";
import type { Exit } from "./pod-observation.ts";
import type { ErrorState } from "./task-action.ts";

/** What the attempt left in its output folder. */
export interface Results {
  /** error.pb, read. */
  error?: ErrorState & { recoverable: boolean };
  /** outputs.pb is there. */
  outputs: boolean;
  /** The store could not be asked when the attempt had just ended, so the task may not have reached it either. */
  storeWasAway?: boolean;
}

/** Which bound of the task's time was passed. */
export type TimeBound = "MAX_RUNTIME_EXCEEDED" | "QUEUED_TIMEOUT_EXCEEDED" | "DEADLINE_EXCEEDED";

export type Ending =
  | { how: "exited"; exit: Exit }
  /** Ended by the cluster and not by the task: eviction, preemption, node loss, a pod deleted by someone. */
  | { how: "interrupted"; reason: string; message: string }
  | { how: "timed-out"; bound: TimeBound; seconds: number }
  /** A container that cannot be started as it stands. */
  | { how: "blocked"; reason: string; message: string; container: string };

export interface Budget {
  /** The attempt that ended, from 1. */
  attempt: number;
  /** Earlier attempts that ended by the platform's fault. */
  systemFailures: number;
  /** The task's own `retries`. */
  retries: number;
  /** Of the platform. */
  systemRetries: number;
}

export type Verdict =
  | { verdict: "succeeded" }
  | { verdict: "failed"; phase: "FAILED" | "TIMED_OUT"; error: ErrorState; retry?: "user" | "system" };

export interface TaskShape {
  hasOutputs: boolean;
  /** As the container was given it, such as 1Gi; for the message alone. */
  memoryLimit?: string;
}

export function judge(ending: Ending, results: Results, budget: Budget, task: TaskShape): Verdict {
  if (ending.how === "timed-out") return results.outputs ? succeeded : timedOut(ending.bound, ending.seconds, budget);
  if (results.error) {
    const { recoverable, ...error } = results.error;
    return failed(error, recoverable ? userRetry(budget) : undefined);
  }
  switch (ending.how) {
    case "interrupted":
      return results.outputs ? succeeded : failed(interruption(ending), systemRetry(budget));
    case "blocked":
      return failed(blockage(ending), isUnreached(ending) ? systemRetry(budget) : undefined);
    case "exited":
      return exited(ending.exit, results, budget, task);
  }
}

const succeeded: Verdict = { verdict: "succeeded" };

function exited(exit: Exit, results: Results, budget: Budget, task: TaskShape): Verdict {
  if (exit.reason === "OOMKilled") return failed(outOfMemory(exit, task), userRetry(budget));
  if (exit.reason === "StartError" || exit.reason === "ContainerCannotRun") return failed(cannotStart(exit));
  const owesOutputs = task.hasOutputs && !results.outputs;
  if (results.storeWasAway && (exit.code !== 0 || owesOutputs)) return failed(storeAway(exit), systemRetry(budget));
  if (exit.code !== 0) return failed(crash(exit), userRetry(budget));
  if (!owesOutputs) return succeeded;
  return failed({
    code: "OutputsMissing",
    message: "The task's process ended without an error and wrote no outputs. Did it call sys.exit or os._exit?",
    kind: "USER",
  });
}

function failed(error: ErrorState, retry?: "user" | "system", phase: "FAILED" | "TIMED_OUT" = "FAILED"): Verdict {
  return { verdict: "failed", phase, error, ...(retry ? { retry } : {}) };
}

/** The two kinds of failure have budgets of their own: a lost node never uses up a task's retries. */
function userRetry({ attempt, systemFailures, retries }: Budget): "user" | undefined {
  return attempt - 1 - systemFailures < retries ? "user" : undefined;
}

function systemRetry({ systemFailures, systemRetries }: Budget): "system" | undefined {
  return systemFailures < systemRetries ? "system" : undefined;
}

function timedOut(bound: TimeBound, seconds: number, budget: Budget): Verdict {
  const did = {
    MAX_RUNTIME_EXCEEDED: "ran for longer than its max_runtime",
    QUEUED_TIMEOUT_EXCEEDED: "waited to start for longer than its max_queued_time",
    DEADLINE_EXCEEDED: "did not finish within its deadline",
  }[bound];
  const error: ErrorState = { code: bound, message: `The task ${did} of ${seconds} s.`, kind: "USER" };
  // The deadline counts over all attempts, so another attempt would begin too late.
  return failed(error, bound === "DEADLINE_EXCEEDED" ? undefined : userRetry(budget), "TIMED_OUT");
}

function interruption({ reason, message }: { reason: string; message: string }): ErrorState {
  return {
    code: "Interrupted",
    message: `The cluster ended the task's pod before it finished (${reason}: ${message}).`,
    kind: "SYSTEM",
  };
}

type Blocked = Extract<Ending, { how: "blocked" }>;

function isUnreached({ reason, message }: Blocked): boolean {
  return /Image/.test(reason) && mayPass(message);
}

function blockage({ how, reason, message, container }: Blocked): ErrorState {
  if (reason === "InvalidImageName") {
    return { code: "InvalidImageName", message: `The image's name is not valid: ${message}`, kind: "USER" };
  }
  if (isUnreached({ how, reason, message, container })) {
    const help = "The registry, or the way to it, failed; the image may be as it should.";
    return { code: "ImagePullBackOff", message: `The image could not be pulled: ${message} ${help}`, kind: "SYSTEM" };
  }
  if (/Image/.test(reason)) {
    const help = "Does the image exist, and may this cluster pull it?";
    return { code: "ImagePullBackOff", message: `The image cannot be pulled: ${message} ${help}`, kind: "USER" };
  }
  return { code: reason, message: `Container "${container}" cannot be started: ${message}`, kind: "USER" };
}

function outOfMemory(exit: Exit, { memoryLimit }: TaskShape): ErrorState {
  const limit = memoryLimit ? ` of ${memoryLimit}` : "";
  return {
    code: "OOMKilled",
    message: `Container "${exit.container}" used more memory than its limit${limit} and was stopped. Ask for more with flyte.Resources(memory=...).`,
    kind: "USER",
  };
}

function cannotStart(exit: Exit): ErrorState {
  const why = exit.message || `exit code ${exit.code}`;
  return {
    code: "ContainerCannotRun",
    message: `The task's command cannot be run in its image: ${why}`,
    kind: "USER",
  };
}

function crash(exit: Exit): ErrorState {
  // Never the log's last lines: error text rests in the control plane's database, logs must not.
  return {
    code: "NonZeroExit",
    message: `Container "${exit.container}" ended with exit code ${exit.code}${signalOf(exit.code)} and left no result. Its log has the reason.`,
    kind: "USER",
  };
}

function storeAway(exit: Exit): ErrorState {
  return {
    code: "StoreUnreachable",
    message: `The object store could not be reached when the task ended (exit code ${exit.code}), and holds no result of it.`,
    kind: "SYSTEM",
  };
}

const signals: Record<number, string> = {
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  15: "SIGTERM",
};

function signalOf(code: number): string {
  const name = signals[code - 128];
  return name ? ` (${name})` : "";
}
