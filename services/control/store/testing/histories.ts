/** Histories that an executor can have: attempts in order, phases in order, one end. */
import fc from "fast-check";
import { ActionPhase } from "../../../../gen/flyteidl2/common/phase_pb.js";
import type { Report } from "../progress.ts";

const before = [
  ActionPhase.QUEUED,
  ActionPhase.WAITING_FOR_RESOURCES,
  ActionPhase.INITIALIZING,
  ActionPhase.RUNNING,
] as const;

const anyAttempt = fc.record({
  phases: fc.subarray([...before], { minLength: 1 }),
  retried: fc.constantFrom(ActionPhase.FAILED, ActionPhase.TIMED_OUT),
});

/** The last report ends the action; the ones of attempts before it say that they are retried. */
export const anyHistory: fc.Arbitrary<Report[]> = fc
  .tuple(
    fc.array(anyAttempt, { minLength: 1, maxLength: 4 }),
    fc.constantFrom(ActionPhase.SUCCEEDED, ActionPhase.FAILED, ActionPhase.TIMED_OUT, ActionPhase.ABORTED),
  )
  .map(([attempts, end]) => {
    const steps = attempts.flatMap(({ phases, retried }, index) => {
      const last = index === attempts.length - 1;
      const attempt = index + 1;
      const way = phases.map((phase) => ({ phase, attempt, retrying: false }));
      return [...way, { phase: last ? end : retried, attempt, retrying: !last }];
    });
    return steps.map((step, index) => ({
      ...step,
      at: new Date(1_767_225_600_000 + index * 1000),
      ...outcomeOf(step),
    }));
  });

/** Late, duplicate and out of order; every report arrives at least once. */
export function shuffledWithRepeats(history: Report[]): fc.Arbitrary<Report[]> {
  return fc.array(fc.constantFrom(...history), { maxLength: 6 }).chain((again) => {
    const all = [...history, ...again];
    return fc.shuffledSubarray(all, { minLength: all.length });
  });
}

function outcomeOf({ phase, attempt }: { phase: ActionPhase; attempt: number }): Pick<Report, "outputUri" | "error"> {
  if (phase === ActionPhase.SUCCEEDED) return { outputUri: `s3://metadata/out/${attempt}` };
  if (phase !== ActionPhase.FAILED && phase !== ActionPhase.TIMED_OUT) return { outputUri: "" };
  return { outputUri: "", error: { code: `Error${attempt}`, message: `attempt ${attempt} failed`, kind: 1 } };
}
