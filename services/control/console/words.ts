/** What messages hold, in words. Pure. */
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import type { Action, ActionDetails, ActionStatus } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import { type Html, html } from "../../shared/html.ts";

const phases: Record<ActionPhase, string> = {
  [ActionPhase.UNSPECIFIED]: "unknown",
  [ActionPhase.QUEUED]: "queued",
  [ActionPhase.WAITING_FOR_RESOURCES]: "waiting for resources",
  [ActionPhase.INITIALIZING]: "initializing",
  [ActionPhase.RUNNING]: "running",
  [ActionPhase.SUCCEEDED]: "succeeded",
  [ActionPhase.FAILED]: "failed",
  [ActionPhase.ABORTED]: "aborted",
  [ActionPhase.TIMED_OUT]: "timed out",
  [ActionPhase.PAUSED]: "paused",
  [ActionPhase.RECOVERED]: "recovered",
};

export const phaseOf = (status: ActionStatus | undefined) => phases[status?.phase ?? 0] ?? "unknown";

/** Whether something can be said of why it ended so. */
export function endedBadly(status: ActionStatus | undefined): boolean {
  const { phase } = status ?? {};
  return phase === ActionPhase.FAILED || phase === ActionPhase.TIMED_OUT || phase === ActionPhase.ABORTED;
}

/** Of its task, or what else the action is. */
export function taskOf(action: Action | ActionDetails | undefined): string {
  const spec = action?.metadata?.spec;
  if (spec?.case === "task") return spec.value.id?.name || spec.value.shortName;
  return spec?.value?.name ?? "";
}

export function timeOf(at: Timestamp | undefined): Html | string {
  if (!at) return "";
  const iso = timestampDate(at).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace("T", " ")} UTC</time>`;
}

/** @param now in milliseconds, for what has not ended. */
export function durationOf(status: ActionStatus | undefined, now: number): string {
  if (status?.durationMs !== undefined) return durationText(Number(status.durationMs));
  return status?.startTime ? durationText(now - timestampDate(status.startTime).getTime()) : "";
}

/** @example "850 ms", "12 s", "3 min 4 s", "2 h 5 min" */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.round(ms / 1000);
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (minutes === 0) return `${seconds} s`;
  return hours === 0 ? `${minutes} min ${seconds % 60} s` : `${hours} h ${minutes % 60} min`;
}

const maxReason = 4000;
// Nothing that a terminal or a reader's eye would take for something else.
const unseen = /(?![\t\r\n])[\p{Cc}\p{Bidi_Control}]/gu;

/** A task's own words, of whatever length. @returns "" where it says nothing. */
export function reasonOf({ result }: Pick<ActionDetails, "result">): string {
  if (result.case === "errorInfo") return bounded(`${result.value.code}: ${result.value.message}`);
  if (result.case === "abortInfo") return bounded(result.value.reason);
  return "";
}

function bounded(text: string): string {
  const shown = text.slice(0, maxReason).toWellFormed().replaceAll(unseen, "\ufffd");
  return text.length > maxReason ? `${shown} … and ${text.length - maxReason} characters more` : shown;
}
