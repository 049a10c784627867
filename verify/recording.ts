/** Everything that a report follows from. Whoever has it comes to the same report, byte for byte, with no network. */
import { refusal } from "../shared/errors.ts";
import type { Cloud, Plane } from "./check.ts";
import { checks } from "./checks/index.ts";
import type { CommandRecord } from "./documented/run.ts";
import type { Collected } from "./facts.ts";
import { joinLimits, type Limit, type StandIn } from "./limits.ts";
import { exitCodes, outcomes } from "./outcome.ts";
import { type Cell, cellsOf, judges, onOtherCloud, parityLimits, readParityWaivers } from "./parity.ts";
import {
  isWaived,
  type Report,
  type ReportedCheck,
  reportCheck,
  reportRequests,
  reportTarget,
} from "./report/result.ts";
import { runChecks } from "./runner.ts";
import { atLeast, type Severity } from "./severity.ts";
import { planeOf, type Targets } from "./target.ts";
import type { Waiver } from "./waiver-schema.ts";
import { applyWaivers, judgeWaivers } from "./waivers.ts";

/** Which checks are asked, and which findings count. */
export interface Selection {
  /** Ids of checks; all when empty. */
  only: readonly string[];
  plane?: Plane;
  /** Also those that judge what was tried. @default false */
  probe?: boolean;
  /** Findings below it are printed and do not answer 1. @default low, so all of them */
  failOn?: Severity;
}

export interface Recording {
  commit: string;
  startedAt: string;
  seconds: number;
  targets: Targets;
  collected: Partial<Collected>;
  documentedCommands: readonly CommandRecord[];
  /** Accepted gaps: they do not answer 2. A listed claim that was decided is an error, since the list is stale. */
  limits: readonly Limit[];
  standIns: readonly StandIn[];
  waivers: readonly Waiver[];
  selection: Selection;
}

/**
 * @param cells what checks decide in which cloud, and what is put off there
 * @throws UserError for a stale list of gaps, or for a check that nobody knows.
 */
export function reportOf(recording: Recording, cells = cellsOf(checks, readParityWaivers())): Report {
  const { collected, targets, limits, selection, startedAt } = recording;
  const judged = runChecks(selected(selection), collected, targets).map(reportCheck);
  const putOff = cloudGaps(planeOf(targets)?.cloud, startedAt, cells);
  const results = applyWaivers(judged.map(putOff.tell), recording.waivers, startedAt);
  refuseStale(limits, results);
  const accepted = joinLimits([limits, putOff.limits]);
  const waivers = judgeWaivers(results, recording.waivers, startedAt);
  const counts = Object.fromEntries(
    outcomes.map((outcome) => [outcome, results.filter((result) => result.outcome === outcome).length]),
  ) as Report["counts"];
  return {
    tool: "biplane verify",
    commit: recording.commit,
    startedAt,
    seconds: recording.seconds,
    target: reportTarget(targets),
    counts,
    exitCode: exitCodeOf(results, accepted, { waivers, ...(selection.failOn ? { failOn: selection.failOn } : {}) }),
    checks: results,
    documentedCommands: [...recording.documentedCommands],
    acceptedUnevaluated: accepted,
    standIns: [...recording.standIns],
    waivers,
    requests: reportRequests(collected),
  };
}

/** What no check decides in this cloud though one does in another: each told, and accepted until its day. */
function cloudGaps(cloud: Cloud | undefined, at: string, cells: readonly Cell[]) {
  if (!cloud) return { limits: [], tell: (result: ReportedCheck) => result };
  const others = new Set(checks.filter((check) => !judges(check, cloud)).map(({ id }) => id));
  return {
    limits: parityLimits(cells, cloud, at),
    tell: (result: ReportedCheck) => (others.has(result.id) ? onOtherCloud(result, cells, cloud, at) : result),
  };
}

export function selected({ only, plane, probe = false }: Selection) {
  const strange = only.find((id) => !checks.some((check) => check.id === id));
  if (strange) throw refusal({ subject: "--only", value: strange, allowed: checks.map(({ id }) => id).join(", ") });
  const probing = checks.find((check) => check.probes && only.includes(check.id));
  if (probing && !probe) {
    const allowed = "with --probe, since it judges what was tried";
    throw refusal({ subject: "--only", value: probing.id, allowed });
  }
  const asked = checks.filter((check) => probe || !check.probes);
  return asked.filter((check) => (only.length === 0 || only.includes(check.id)) && (!plane || check.plane === plane));
}

/** A waiver that has run out, or that nothing asks for, counts as a finding. */
export function exitCodeOf(
  results: Report["checks"],
  limits: readonly Limit[],
  { waivers = [], failOn = "low" }: { waivers?: Report["waivers"]; failOn?: Severity } = {},
): number {
  const failing = results.filter(({ outcome, severity }) => outcome === "FAIL" && atLeast(severity, failOn));
  const open = failing.some((check) => !isWaived(check));
  if (open || waivers.some(({ state }) => state === "expired" || state === "unused")) return exitCodes.findings;
  const accepted = new Set(limits.map(({ claim }) => claim));
  const gaps = results.filter(
    ({ outcome, claims }) =>
      (outcome === "NOT_EVALUATED" || outcome === "MANUAL") && !claims.every((claim) => accepted.has(claim)),
  );
  if (gaps.length > 0) return exitCodes.notEvaluated;
  return failing.length > 0 ? exitCodes.waivedOnly : exitCodes.allPass;
}

/** A claim of several checks is decided once each of them decided its part: until then the list is right to name it. */
export function refuseStale(limits: readonly Limit[], results: Report["checks"]): void {
  const asked = results.filter(({ outcome }) => outcome !== "NOT_APPLICABLE");
  const stale = limits.find(({ claim }) => {
    const own = asked.filter(({ claims }) => claims.includes(claim));
    return own.length > 0 && own.every(({ outcome }) => outcome === "PASS" || outcome === "FAIL");
  });
  if (!stale) return;
  throw refusal({
    subject: "limits: claim",
    value: stale.claim,
    allowed: "claims that cannot be decided here, and this one was",
    todo: "Take it off the list.",
  });
}
