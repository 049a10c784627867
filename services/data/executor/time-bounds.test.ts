import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { TaskMetadataSchema } from "../../../gen/flyteidl2/core/tasks_pb.js";
import type { PhaseEntry, TaskActionStatus } from "./task-action.ts";
import { attemptBegins, nextBound } from "./time-bounds.ts";

const zero = Date.parse("2026-11-22T17:00:00Z");
const entry = (phase: PhaseEntry["phase"], attempt: number, afterSeconds: number, more: Partial<PhaseEntry> = {}) => ({
  phase,
  attempt,
  occurredAt: new Date(zero + afterSeconds * 1000).toISOString(),
  ...more,
});
const status = (attempts: number, ...phaseHistory: PhaseEntry[]): TaskActionStatus => ({ attempts, phaseHistory });
const seconds = (count: number) => ({ seconds: BigInt(count), nanos: 0 });
const all = create(TaskMetadataSchema, {
  timeout: seconds(60),
  timeouts: { queuedTimeout: seconds(30), deadline: seconds(300) },
});

describe("nextBound", () => {
  it.each<[string, TaskActionStatus, string | undefined, number | undefined]>([
    ["waits", status(1, entry("QUEUED", 1, 0)), "QUEUED_TIMEOUT_EXCEEDED", 30],
    [
      "waits for room",
      status(1, entry("QUEUED", 1, 0), entry("WAITING_FOR_RESOURCES", 1, 5)),
      "QUEUED_TIMEOUT_EXCEEDED",
      30,
    ],
    ["is set up", status(1, entry("QUEUED", 1, 0), entry("INITIALIZING", 1, 2)), "DEADLINE_EXCEEDED", 300],
    ["runs", status(1, entry("QUEUED", 1, 0), entry("RUNNING", 1, 10)), "MAX_RUNTIME_EXCEEDED", 70],
    [
      "waits again, with the queue's time begun anew",
      status(2, entry("QUEUED", 1, 0), entry("RUNNING", 1, 1), entry("FAILED", 1, 50), entry("QUEUED", 2, 50)),
      "QUEUED_TIMEOUT_EXCEEDED",
      80,
    ],
    [
      "runs again near the deadline, which counts from the very first",
      status(2, entry("QUEUED", 1, 0), entry("QUEUED", 2, 270), entry("RUNNING", 2, 280)),
      "DEADLINE_EXCEEDED",
      300,
    ],
    ["has not begun", {}, undefined, undefined],
  ])("of an action that %s", (_, seen, bound, after) => {
    const next = nextBound(all, seen);
    expect([next?.bound, next && (next.at - zero) / 1000]).toEqual([bound, after]);
  });

  it("takes zero and unset as unlimited", () => {
    const unlimited = create(TaskMetadataSchema, { timeout: seconds(0) });
    expect(nextBound(unlimited, status(1, entry("QUEUED", 1, 0), entry("RUNNING", 1, 1)))).toBeUndefined();
    expect(nextBound(undefined, status(1, entry("QUEUED", 1, 0)))).toBeUndefined();
  });
});

describe("attemptBegins", () => {
  const paced = create(TaskMetadataSchema, {
    retries: { retries: 9, backoff: { base: seconds(10), factor: 2, cap: seconds(35) } },
  });
  const user: Partial<PhaseEntry> = { retrying: true, error: { code: "E", message: "", kind: "USER" } };
  const system: Partial<PhaseEntry> = { retrying: true, error: { code: "Interrupted", message: "", kind: "SYSTEM" } };

  it.each([
    [1, 0],
    [2, 10],
    [3, 20],
    [4, 35],
  ])("lets attempt %d wait %d s", (attempt, wait) => {
    const seen = status(attempt, entry("FAILED", attempt - 1, 90, user), entry("QUEUED", attempt, 100));
    expect((attemptBegins(paced, seen) - zero) / 1000).toBe(100 + wait);
  });

  it("does not make a task wait for the platform's own failures", () => {
    const seen = { ...status(2, entry("FAILED", 1, 90, system), entry("QUEUED", 2, 100)), systemFailures: 1 };
    expect((attemptBegins(paced, seen) - zero) / 1000).toBe(100);
  });

  it("begins at once without a back-off", () => {
    const seen = status(2, entry("FAILED", 1, 90, user), entry("QUEUED", 2, 100));
    expect((attemptBegins(undefined, seen) - zero) / 1000).toBe(100);
  });
});
