import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { type ActionState, advanceAction, advanceAttempt, progressOf, type Report } from "./progress.ts";
import { anyHistory, shuffledWithRepeats } from "./testing/histories.ts";

const start: ActionState = {
  phase: ActionPhase.QUEUED,
  progress: progressOf(ActionPhase.QUEUED, 0),
  phaseAt: new Date(0),
  attempt: 0,
  outputUri: "",
};

const attemptsOf = (reports: Report[]) => {
  const numbers = [...new Set(reports.map(({ attempt }) => attempt))].sort((a, b) => a - b);
  const of = (attempt: number) => reports.filter((report) => report.attempt === attempt);
  return numbers.map((attempt) =>
    of(attempt).reduce<ReturnType<typeof advanceAttempt> | undefined>(advanceAttempt, undefined),
  );
};

describe("reports", () => {
  it("lead to the same end in whatever order, and however often, they come", () => {
    const histories = anyHistory.chain((history) => fc.tuple(fc.constant(history), shuffledWithRepeats(history)));
    fc.assert(
      fc.property(histories, ([history, arrived]) => {
        expect(arrived.reduce(advanceAction, start)).toEqual(history.reduce(advanceAction, start));
        expect(attemptsOf(arrived)).toEqual(attemptsOf(history));
      }),
    );
  });

  it("never move an action back, and never past its end", () => {
    fc.assert(
      fc.property(anyHistory.chain(shuffledWithRepeats), (arrived) => {
        let state = start;
        for (const report of arrived) {
          const next = advanceAction(state, report);
          expect(next.progress).toBeGreaterThanOrEqual(state.progress);
          expect(next.attempt).toBeGreaterThanOrEqual(state.attempt);
          if (state.endedAt)
            expect({ ...next, startedAt: 0, attempt: 0 }).toEqual({ ...state, startedAt: 0, attempt: 0 });
          state = next;
        }
      }),
    );
  });

  it("leave an action queued, not failed, when an attempt fails that is retried", () => {
    const failed: Report = {
      phase: ActionPhase.FAILED,
      attempt: 1,
      at: new Date(5),
      outputUri: "",
      error: { code: "Boom", message: "once", kind: 1 },
      retrying: true,
    };
    const state = advanceAction(start, failed);
    expect(state).toMatchObject({ phase: ActionPhase.QUEUED, attempt: 1 });
    expect(state.error).toBeUndefined();
    const late = advanceAction(state, { ...failed, phase: ActionPhase.RUNNING, at: new Date(3), retrying: false });
    expect(late).toMatchObject({ phase: ActionPhase.QUEUED, startedAt: new Date(3) });
  });

  it("keep the earliest time of each phase", () => {
    const at = (ms: number): Report => ({
      phase: ActionPhase.RUNNING,
      attempt: 1,
      at: new Date(ms),
      outputUri: "",
      retrying: false,
    });
    for (const order of [
      [at(1), at(2)],
      [at(2), at(1)],
    ]) {
      expect(attemptsOf(order)[0]?.reached).toEqual({ [ActionPhase.RUNNING]: new Date(1) });
      expect(order.reduce(advanceAction, start).startedAt).toEqual(new Date(1));
    }
  });

  it("keep the first of two contradicting ends", () => {
    const end: Report = {
      phase: ActionPhase.SUCCEEDED,
      attempt: 1,
      at: new Date(5),
      outputUri: "s3://b/o",
      retrying: false,
    };
    const state = advanceAction(start, end);
    expect(advanceAction(state, { ...end, phase: ActionPhase.FAILED, at: new Date(9), outputUri: "" })).toEqual(state);
    const attempt = advanceAttempt(undefined, end);
    expect(advanceAttempt(attempt, { ...end, phase: ActionPhase.FAILED, at: new Date(9) })).toEqual(attempt);
  });

  it("follow an action that pauses and goes on", () => {
    const at = (ms: number, phase: ActionPhase): Report => ({
      phase,
      attempt: 1,
      at: new Date(ms),
      outputUri: "",
      retrying: false,
    });
    const [running, paused, again] = [
      at(1, ActionPhase.RUNNING),
      at(2, ActionPhase.PAUSED),
      at(3, ActionPhase.RUNNING),
    ];
    for (const order of [
      [running, paused, again],
      [again, paused, running],
      [paused, again, paused],
    ]) {
      expect(order.reduce(advanceAction, start).phase).toBe(ActionPhase.RUNNING);
    }
  });
});
