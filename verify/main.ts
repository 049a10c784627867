/** Collect, judge, report: the whole of `biplane verify`. */
import { refusal } from "../shared/errors.ts";
import type { Plane } from "./check.ts";
import { checks } from "./checks/index.ts";
import { anyModel, type Evidence } from "./claims/evidence.ts";
import { findClaim } from "./claims/ledger.ts";
import { collect } from "./collect/index.ts";
import { runDocumented } from "./documented/run.ts";
import type { Limit } from "./limits.ts";
import { exitCodes, outcomes } from "./outcome.ts";
import { type Report, reportCheck, reportRequests, reportTarget } from "./report/result.ts";
import { runChecks } from "./runner.ts";
import type { Targets } from "./target.ts";

export interface VerifyOptions {
  commit: string;
  /** Accepted gaps: they do not answer 2. A listed claim that was decided is an error, since the list is stale. */
  limits: readonly Limit[];
  /** Folders of `kubectl` and `aws`. */
  path: string[];
}

export async function verify(targets: Targets, options: VerifyOptions): Promise<Report> {
  const startedAt = new Date();
  const collected = await collect(targets);
  const results = runChecks(checks, collected, targets).map(reportCheck);
  const seconds = (Date.now() - startedAt.getTime()) / 1000;
  refuseStale(options.limits, results);
  const counts = Object.fromEntries(
    outcomes.map((outcome) => [outcome, results.filter((result) => result.outcome === outcome).length]),
  ) as Report["counts"];
  return {
    tool: "biplane verify",
    commit: options.commit,
    startedAt: startedAt.toISOString(),
    seconds,
    target: reportTarget(targets),
    counts,
    exitCode: exitCodeOf(results, options.limits),
    checks: results,
    documentedCommands: targets.customer ? await runDocumented(targets.customer, collected, options.path) : [],
    acceptedUnevaluated: [...options.limits],
    requests: reportRequests(collected),
  };
}

export function exitCodeOf(results: Report["checks"], limits: readonly Limit[]): number {
  if (results.some(({ outcome }) => outcome === "FAIL")) return exitCodes.findings;
  const accepted = new Set(limits.map(({ claim }) => claim));
  const gaps = results.filter(
    ({ outcome, claims }) =>
      (outcome === "NOT_EVALUATED" || outcome === "MANUAL") && !claims.every((claim) => accepted.has(claim)),
  );
  return gaps.length > 0 ? exitCodes.notEvaluated : exitCodes.allPass;
}

function refuseStale(limits: readonly Limit[], results: Report["checks"]): void {
  const decided = results.filter(({ outcome }) => outcome === "PASS" || outcome === "FAIL");
  const stale = limits.find(({ claim }) => decided.some(({ claims }) => claims.includes(claim)));
  if (!stale) return;
  throw refusal({
    subject: "limits: claim",
    value: stale.claim,
    allowed: "claims that cannot be decided here, and this one was",
    todo: "Take it off the list.",
  });
}

/** What the report says of each claim, for the ledger: by its checks of one plane, or by the list of accepted gaps. */
export function evidenceOf(report: Report, from: Plane | "accepted gaps"): Evidence[] {
  return from === "accepted gaps"
    ? gapsOf(report)
    : report.checks.filter(({ plane }) => plane === from).flatMap(decided);

  function decided(check: Report["checks"][number]): Evidence[] {
    if (check.outcome === "NOT_APPLICABLE") return [];
    return check.claims.map((claim) => {
      const decision = check.supersedes?.[claim];
      return {
        claim,
        by: check.id,
        result: check.outcome === "PASS" ? "pass" : check.outcome === "FAIL" ? "fail" : "not-evaluated",
        ...(check.sabotages[0] ? { sabotage: check.sabotages[0].name } : {}),
        ...(decision ? { decision } : {}),
        ...(check.reason ? { reason: check.reason } : {}),
        at: report.startedAt,
        cloud: report.target.cloud,
        // A region serves customers of both models.
        model: check.plane === "control" ? anyModel : (report.target.model ?? anyModel),
      };
    });
  }
}

/** Of a cloud and a model that the claim speaks of: it was not decided on any. */
function gapsOf({ acceptedUnevaluated, startedAt, target }: Report): Evidence[] {
  return acceptedUnevaluated.map(({ claim, reason }) => {
    const clouds: readonly string[] = findClaim(claim)?.clouds ?? [];
    const cloud = clouds.includes(target.cloud) ? target.cloud : (clouds[0] ?? target.cloud);
    return { claim, by: "accepted gap", result: "not-evaluated", reason, at: startedAt, cloud, model: anyModel };
  });
}
