/** From the executor's reports to those of the store: checked, and cut to what a record needs. */
import type { ActionReport, ActionKey as WireKey } from "../../../gen/biplane/queue/v1/queue_pb.js";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { invalid } from "../../shared/errors.ts";
import { dateOf } from "../../shared/times.ts";
import type { ActionKey } from "../store/keys.ts";
import { isTerminal, type PhaseError } from "../store/progress.ts";
import { dataReference } from "../store/references.ts";
import type { KeyedReport } from "../store/reports.ts";

/** A traceback fits; a log does not, and shall not. */
const maxMessage = 32 * 1024;

export function keyOf(key: WireKey | undefined): ActionKey {
  if (key?.project && key.domain && key.run && key.action) {
    return { project: key.project, domain: key.domain, run: key.run, action: key.action };
  }
  throw invalid({ subject: "key", allowed: "project, domain, run and action" });
}

export function reportOf(report: ActionReport): KeyedReport {
  const { phase, attempt, occurredAt, outputUri, retrying } = report;
  const key = keyOf(report.key);
  const subject = `report of ${key.run}/${key.action}:`;
  if (!Number.isInteger(phase) || phase < ActionPhase.QUEUED || phase > ActionPhase.RECOVERED) {
    throw invalid({ subject: `${subject} phase`, value: phase, allowed: "an ActionPhase from 1 to 10" });
  }
  if (attempt < 1 || attempt > 10_000) {
    throw invalid({ subject: `${subject} attempt`, value: attempt, allowed: "a whole number from 1" });
  }
  if (retrying && !isTerminal(phase)) {
    throw invalid({ subject: `${subject} retrying`, value: ActionPhase[phase], allowed: "with the end of an attempt" });
  }
  const at = occurredAt ? dateOf(`${subject} occurred_at`, occurredAt) : new Date();
  const error = errorOf(report);
  const outputs = dataReference(`${subject} output_uri`, outputUri);
  return { key, phase, attempt, at, outputUri: outputs, retrying, ...(error ? { error } : {}) };
}

/** An error always has a code: the client chooses the exception by it. */
function errorOf({ error }: ActionReport): PhaseError | undefined {
  if (!error) return undefined;
  const { message, kind } = error;
  const cut = message.length > maxMessage ? `${message.slice(0, maxMessage)}… (cut)` : message;
  // Postgres text holds every character but this one.
  return { code: plain(error.code).slice(0, 256) || "Unknown", message: plain(cut), kind };
}

function plain(text: string): string {
  return text.replaceAll("\0", "");
}
