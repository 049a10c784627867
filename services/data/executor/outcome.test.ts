import { describe, expect, it } from "vitest";
import { type Budget, type Ending, judge, type Results, type Verdict } from "./outcome.ts";

const budget: Budget = { attempt: 1, systemFailures: 0, retries: 0, systemRetries: 3 };
const task = { hasOutputs: true, memoryLimit: "1Gi" };
const nothing: Results = { outputs: false };
const outputs: Results = { outputs: true };
const away: Results = { outputs: false, storeWasAway: true };
const raised = (recoverable: boolean): Results => ({
  outputs: false,
  error: { code: "ValueError", message: "Traceback …", kind: "USER", recoverable },
});
const exit = (code: number, reason = code === 0 ? "Completed" : "Error", message = ""): Ending => ({
  how: "exited",
  exit: { code, reason, message, container: "main" },
});
const evicted: Ending = { how: "interrupted", reason: "Evicted", message: "node low on memory" };
const pulled: Ending = { how: "blocked", reason: "ImagePullBackOff", message: "not found", container: "main" };
const unreached: Ending = { ...pulled, message: "dial tcp 10.0.0.9:443: connect: connection refused" };
const late = (bound: "MAX_RUNTIME_EXCEEDED" | "DEADLINE_EXCEEDED" | "QUEUED_TIMEOUT_EXCEEDED"): Ending => ({
  how: "timed-out",
  bound,
  seconds: 60,
});

function short(verdict: Verdict): string {
  if (verdict.verdict === "succeeded") return "succeeded";
  const { phase, error, retry } = verdict;
  return [phase, error.code, error.kind, ...(retry ? [`retry:${retry}`] : [])].join(" ");
}

describe("judge, with no retries", () => {
  it.each<[string, Ending, Results, string]>([
    ["outputs and exit 0", exit(0), outputs, "succeeded"],
    ["error.pb and exit 0", exit(0), raised(true), "FAILED ValueError USER"],
    ["error.pb beside outputs.pb", exit(0), { ...raised(false), outputs: true }, "FAILED ValueError USER"],
    ["error.pb and a crash", exit(1), raised(false), "FAILED ValueError USER"],
    ["neither file and exit 0", exit(0), nothing, "FAILED OutputsMissing USER"],
    ["a crash", exit(1), nothing, "FAILED NonZeroExit USER"],
    ["a crash while the store was away", exit(1), away, "FAILED StoreUnreachable SYSTEM retry:system"],
    ["no file and exit 0 while the store was away", exit(0), away, "FAILED StoreUnreachable SYSTEM retry:system"],
    ["an error that reached the store in time", exit(1), { ...raised(false), ...away }, "FAILED ValueError USER"],
    ["outputs that reached the store in time", exit(0), { ...away, outputs: true }, "succeeded"],
    ["out of memory while the store was away", exit(137, "OOMKilled"), away, "FAILED OOMKilled USER"],
    ["a crash after outputs.pb", exit(139), outputs, "FAILED NonZeroExit USER"],
    ["out of memory", exit(137, "OOMKilled"), nothing, "FAILED OOMKilled USER"],
    ["no such command", exit(128, "StartError", "a0: not found"), nothing, "FAILED ContainerCannotRun USER"],
    ["an image that cannot be pulled", pulled, nothing, "FAILED ImagePullBackOff USER"],
    ["a registry that does not answer", unreached, nothing, "FAILED ImagePullBackOff SYSTEM retry:system"],
    ["a bad image name", { ...pulled, reason: "InvalidImageName" }, nothing, "FAILED InvalidImageName USER"],
    [
      "a missing secret",
      { ...pulled, reason: "CreateContainerConfigError" },
      nothing,
      "FAILED CreateContainerConfigError USER",
    ],
    ["eviction", evicted, nothing, "FAILED Interrupted SYSTEM retry:system"],
    ["eviction after outputs.pb", evicted, outputs, "succeeded"],
    ["eviction after error.pb", evicted, raised(false), "FAILED ValueError USER"],
    ["too long a run", late("MAX_RUNTIME_EXCEEDED"), nothing, "TIMED_OUT MAX_RUNTIME_EXCEEDED USER"],
    [
      "too long a run, stopped into an error",
      late("MAX_RUNTIME_EXCEEDED"),
      raised(true),
      "TIMED_OUT MAX_RUNTIME_EXCEEDED USER",
    ],
    ["outputs in the last moment", late("MAX_RUNTIME_EXCEEDED"), outputs, "succeeded"],
  ])("reads %s rightly", (_, ending, results, expected) => {
    expect(short(judge(ending, results, budget, task))).toBe(expected);
  });

  it("takes exit 0 without files as success where the task has no outputs", () => {
    expect(judge(exit(0), nothing, budget, { hasOutputs: false })).toEqual({ verdict: "succeeded" });
  });
});

describe("judge, with two retries", () => {
  const withRetries = (attempt: number, systemFailures = 0): Budget => ({
    ...budget,
    retries: 2,
    attempt,
    systemFailures,
  });

  it.each<[string, Ending, Results, Budget, string]>([
    ["a recoverable error", exit(0), raised(true), withRetries(1), "FAILED ValueError USER retry:user"],
    ["a recoverable error on the last attempt", exit(0), raised(true), withRetries(3), "FAILED ValueError USER"],
    [
      "a recoverable error after a lost node",
      exit(0),
      raised(true),
      withRetries(3, 1),
      "FAILED ValueError USER retry:user",
    ],
    ["a non-recoverable error", exit(0), raised(false), withRetries(1), "FAILED ValueError USER"],
    ["a crash", exit(1), nothing, withRetries(2), "FAILED NonZeroExit USER retry:user"],
    ["out of memory", exit(137, "OOMKilled"), nothing, withRetries(1), "FAILED OOMKilled USER retry:user"],
    ["an image that cannot be pulled", pulled, nothing, withRetries(1), "FAILED ImagePullBackOff USER"],
    ["a registry that never answered", unreached, nothing, withRetries(4, 3), "FAILED ImagePullBackOff SYSTEM"],
    ["missing outputs", exit(0), nothing, withRetries(1), "FAILED OutputsMissing USER"],
    ["a third lost node", evicted, nothing, withRetries(3, 2), "FAILED Interrupted SYSTEM retry:system"],
    ["a fourth lost node", evicted, nothing, withRetries(4, 3), "FAILED Interrupted SYSTEM"],
    [
      "too long a run",
      late("MAX_RUNTIME_EXCEEDED"),
      nothing,
      withRetries(1),
      "TIMED_OUT MAX_RUNTIME_EXCEEDED USER retry:user",
    ],
    [
      "too long a wait",
      late("QUEUED_TIMEOUT_EXCEEDED"),
      nothing,
      withRetries(1),
      "TIMED_OUT QUEUED_TIMEOUT_EXCEEDED USER retry:user",
    ],
    ["the deadline", late("DEADLINE_EXCEEDED"), nothing, withRetries(1), "TIMED_OUT DEADLINE_EXCEEDED USER"],
  ])("after %s", (_, ending, results, left, expected) => {
    expect(short(judge(ending, results, left, task))).toBe(expected);
  });
});

describe("the words that a person reads", () => {
  it.each<[string, Ending, string]>([
    [
      "out of memory",
      exit(137, "OOMKilled"),
      'Container "main" used more memory than its limit of 1Gi and was stopped. Ask for more with flyte.Resources(memory=...).',
    ],
    [
      "a crash by signal",
      exit(139),
      'Container "main" ended with exit code 139 (SIGSEGV) and left no result. Its log has the reason.',
    ],
    ["an eviction", evicted, "The cluster ended the task's pod before it finished (Evicted: node low on memory)."],
    [
      "a missing image",
      pulled,
      "The image cannot be pulled: not found Does the image exist, and may this cluster pull it?",
    ],
    [
      "a registry that does not answer",
      unreached,
      "The image could not be pulled: dial tcp 10.0.0.9:443: connect: connection refused The registry, or the way to it, failed; the image may be as it should.",
    ],
    ["a time-out", late("MAX_RUNTIME_EXCEEDED"), "The task ran for longer than its max_runtime of 60 s."],
  ])("name %s plainly", (_, ending, message) => {
    const verdict = judge(ending, nothing, budget, task);
    expect(verdict.verdict === "failed" && verdict.error.message).toBe(message);
  });
});
