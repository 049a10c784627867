/** What the drills ask of the region's record once all is over. */
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import type { ActionDetails } from "../../gen/flyteidl2/workflow/run_definition_pb.js";

/**
 * Problems of a record whose action should have succeeded; none if all is right.
 *
 * @param spared attempts that may have gone before by the platform's fault
 */
export function recordProblems(details: ActionDetails | undefined, spared = 0): string[] {
  if (!details) return ["there is no record"];
  const attempts = details.attempts;
  const transitions = attempts.at(-1)?.phaseTransitions ?? [];
  const phases = transitions.map(({ phase }) => phase);
  const times = transitions.map(
    ({ startTime }) => Number(startTime?.seconds ?? 0n) * 1e3 + (startTime?.nanos ?? 0) / 1e6,
  );
  return [
    ...(details.status?.phase === ActionPhase.SUCCEEDED ? [] : [`it is ${ActionPhase[details.status?.phase ?? 0]}`]),
    ...(attempts.length >= 1 && attempts.length <= 1 + spared ? [] : [`it has ${attempts.length} attempts`]),
    ...(phases.every((phase, at) => at === 0 || phase > (phases[at - 1] ?? 0)) ? [] : [`its phases are ${phases}`]),
    ...(phases.at(-1) === ActionPhase.SUCCEEDED ? [] : [`its last phase is ${phases.at(-1)}`]),
    ...(phases.includes(ActionPhase.RUNNING) ? [] : ["it never ran"]),
    ...(times.every((time, at) => at === 0 || time >= (times[at - 1] ?? 0)) ? [] : [`its times are ${times}`]),
  ];
}

/** Numbers of `<marker> <number>` in the text, in its order. */
export function numbersIn(text: string, marker: string): number[] {
  return [...text.matchAll(new RegExp(`\\b${marker} (\\d+)`, "g"))].map(([, number]) => Number(number));
}

/** What is wrong with numbers that should be 1, 2, … `last`; none if nothing. */
export function gapsAndDoubles(numbers: readonly number[], last: number): string[] {
  const problems = numbers.flatMap((number, at) => (number === at + 1 ? [] : [`place ${at + 1} holds ${number}`]));
  return [...problems.slice(0, 5), ...(numbers.length === last ? [] : [`${numbers.length} of ${last}`])];
}
