/**
 * How far an action is, as one number, and how a report moves it. Pure: reports come late, twice and out of order, and
 * whatever their order the result is the same.
 */
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";

const terminal: ReadonlySet<ActionPhase> = new Set([
  ActionPhase.SUCCEEDED,
  ActionPhase.FAILED,
  ActionPhase.ABORTED,
  ActionPhase.TIMED_OUT,
  ActionPhase.RECOVERED,
]);

/** As SQL takes them. */
export const terminalPhases: readonly number[] = [...terminal];

export function isTerminal(phase: ActionPhase): boolean {
  return terminal.has(phase);
}

/** As the client calls them: nobody watches the children of such a parent any more. */
export function endsInFailure(phase: ActionPhase): boolean {
  return phase === ActionPhase.FAILED || phase === ActionPhase.ABORTED || phase === ActionPhase.TIMED_OUT;
}

export interface PhaseError {
  code: string;
  message: string;
  /** flyteidl2.workflow.ErrorInfo.Kind */
  kind: number;
}

export interface Report {
  phase: ActionPhase;
  /** From 1. */
  attempt: number;
  at: Date;
  outputUri: string;
  error?: PhaseError;
  /** The attempt ended and another follows. */
  retrying: boolean;
}

export interface AttemptState {
  attempt: number;
  phase: ActionPhase;
  phaseAt: Date;
  /** When each phase was first reached. */
  reached: Partial<Record<ActionPhase, Date>>;
  outputUri: string;
  error?: PhaseError;
}

export interface ActionState {
  phase: ActionPhase;
  progress: number;
  phaseAt: Date;
  attempt: number;
  outputUri: string;
  error?: PhaseError;
  startedAt?: Date;
  endedAt?: Date;
}

/** Above every attempt: nothing follows the end. */
export const final = 1_000_000_000_000;
const ranks: Partial<Record<ActionPhase, number>> = {
  [ActionPhase.QUEUED]: 1,
  [ActionPhase.WAITING_FOR_RESOURCES]: 2,
  [ActionPhase.INITIALIZING]: 3,
  // These two alternate, so the later one counts.
  [ActionPhase.RUNNING]: 4,
  [ActionPhase.PAUSED]: 4,
};
const ended = 5;

export function progressOf(phase: ActionPhase, attempt: number): number {
  return isTerminal(phase) ? final : attempt * 10 + rankOf(phase);
}

/** The attempt's part of a report. Terminal is for good; the first of each phase's times is kept. */
export function advanceAttempt(state: AttemptState | undefined, report: Report): AttemptState {
  const { attempt, phase, at, outputUri, error } = report;
  if (!state) return { attempt, phase, phaseAt: at, reached: { [phase]: at }, outputUri, ...(error ? { error } : {}) };
  const first = state.reached[phase];
  const wrongEnd = isTerminal(phase) && isTerminal(state.phase) && phase !== state.phase;
  const reached = wrongEnd ? state.reached : { ...state.reached, [phase]: first && first < at ? first : at };
  const further = compare([rankOf(phase), at], [rankOf(state.phase), state.phaseAt]) > 0 && !isTerminal(state.phase);
  if (!further) return { ...state, reached };
  return { attempt, phase, phaseAt: at, reached, outputUri: outputUri || state.outputUri, ...(error ? { error } : {}) };
}

/** The action's part. An attempt that is retried leaves the action queued, after all that the attempt did. */
export function advanceAction(state: ActionState, report: Report): ActionState {
  const startedAt = report.phase === ActionPhase.RUNNING ? earliest(state.startedAt, report.at) : state.startedAt;
  const kept = { ...state, ...(startedAt ? { startedAt } : {}), attempt: Math.max(state.attempt, report.attempt) };
  if (isTerminal(state.phase)) return kept;
  const phase = report.retrying ? ActionPhase.QUEUED : report.phase;
  const progress = report.retrying ? report.attempt * 10 + ended : progressOf(phase, report.attempt);
  if (compare([progress, report.at], [state.progress, state.phaseAt]) <= 0) return kept;
  const moved = { ...kept, phase, progress, phaseAt: report.at };
  if (!isTerminal(phase)) return moved;
  const { outputUri, error, at } = report;
  return { ...moved, outputUri, endedAt: at, ...(error ? { error } : {}) };
}

function rankOf(phase: ActionPhase): number {
  return isTerminal(phase) ? ended : (ranks[phase] ?? 0);
}

function compare(a: [number, Date], b: [number, Date]): number {
  return a[0] - b[0] || a[1].getTime() - b[1].getTime();
}

function earliest(a: Date | undefined, b: Date): Date {
  return a && a < b ? a : b;
}
