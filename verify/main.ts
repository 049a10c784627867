/** What `biplane verify` reads, and what its report tells the ledger; the judging between them is `reportOf`. */
import { type AnyCheck, clouds, type Plane } from "./check.ts";
import { checks } from "./checks/index.ts";
import { anyModel, type Evidence } from "./claims/evidence.ts";
import { findClaim } from "./claims/ledger.ts";
import { collect } from "./collect/index.ts";
import { runDocumented } from "./documented/run.ts";
import { kept } from "./evidence/canonical.ts";
import type { Limit, StandIn } from "./limits.ts";
import { claimsOf, judges } from "./parity.ts";
import { type Recording, reportOf, type Selection, selected } from "./recording.ts";
import type { Report } from "./report/result.ts";
import { type Targets, withLiveProjects } from "./target.ts";
import type { Waiver } from "./waiver-schema.ts";

export interface VerifyOptions {
  commit: string;
  limits: readonly Limit[];
  standIns: readonly StandIn[];
  waivers: readonly Waiver[];
  selection: Selection;
  /** Folders of `kubectl` and `aws`. */
  path: string[];
}

/** Reads, then judges what was read. */
export async function verify(
  targets: Targets,
  options: VerifyOptions,
): Promise<{ recording: Recording; report: Report }> {
  const recording = await record(targets, options);
  const began = Date.now();
  const report = reportOf(recording);
  const seconds = recording.seconds + (Date.now() - began) / 1000;
  return { recording: { ...recording, seconds }, report: { ...report, seconds } };
}

async function record(targets: Targets, { path, ...options }: VerifyOptions): Promise<Recording> {
  selected(options.selection);
  const startedAt = new Date();
  const read = await collect(targets);
  // Not before all is read: what a probe makes for a time is no part of the plane.
  const live = withLiveProjects(targets, read.namespaces);
  const collected = kept({ ...read, ...(options.selection.probe ? await triedOn(live) : {}) });
  const seconds = (Date.now() - startedAt.getTime()) / 1000;
  const plane = targets.customer ?? targets.google ?? targets.azure;
  const documentedCommands = plane ? await runDocumented(plane, collected, path) : [];
  return {
    ...kept({ ...options, documentedCommands }),
    startedAt: startedAt.toISOString(),
    seconds,
    targets: live,
    collected,
  };
}

/** Loaded for those only who try anything. */
async function triedOn(targets: Targets): Promise<Awaited<ReturnType<typeof collect>>> {
  const { probe } = await import("./probes/index.ts");
  return probe(targets);
}

/** Every region stands there, whatever cloud its customers are in. */
const regionCloud = "aws";

const probing = new Set(checks.filter(({ probes }) => probes).map(({ id }) => id));

/**
 * What the report says of each claim, for the ledger: by its checks of one plane that read, by those that judge what was
 * tried on both, or by the list of accepted gaps.
 */
export function evidenceOf(
  report: Report,
  from: Plane | "probes" | "accepted gaps",
  registry: readonly AnyCheck[] = checks,
): Evidence[] {
  if (from === "accepted gaps") return gapsOf(report);
  const own = report.checks.filter(({ id, plane }) => (probing.has(id) ? from === "probes" : plane === from));
  return own.flatMap(decided);

  function decided(check: Report["checks"][number]): Evidence[] {
    if (check.outcome === "NOT_APPLICABLE") return [];
    return check.claims.map((claim) => {
      const decision = check.supersedes?.[claim];
      const open = check.outcome === "PASS" ? openPart(claim, check, report, registry) : undefined;
      const result = check.outcome === "PASS" && !open ? "pass" : check.outcome === "FAIL" ? "fail" : "not-evaluated";
      return {
        claim,
        by: check.id,
        result,
        ...(check.sabotages[0] ? { sabotage: check.sabotages[0].name } : {}),
        ...(decision ? { decision } : {}),
        ...(check.reason ? { reason: check.reason } : {}),
        ...(open ? { reason: open } : {}),
        at: report.startedAt,
        cloud: check.plane === "control" ? regionCloud : report.target.cloud,
        // A region serves customers of both models.
        model: check.plane === "control" ? anyModel : (report.target.model ?? anyModel),
      };
    });
  }
}

/** A claim of several checks holds where each passed: one that was not run, or could not tell, leaves the rest open. */
function openPart(
  claim: string,
  { id }: Report["checks"][number],
  { checks: results, target }: Report,
  registry: readonly AnyCheck[],
): string | undefined {
  const cloud = clouds.find((one) => one === target.cloud);
  const others = registry.filter(
    (other) => other.id !== id && claimsOf(other).includes(claim) && cloud !== undefined && judges(other, cloud),
  );
  const open = others.find((other) => {
    const outcome = results.find((result) => result.id === other.id)?.outcome ?? "NOT_EVALUATED";
    return outcome !== "PASS" && outcome !== "NOT_APPLICABLE";
  });
  return open && `${id} decides a part of it; the part of ${open.id} was not decided, or not for it`;
}

/** Of a cloud and a model that the claim speaks of: it was not decided on any. */
function gapsOf({ acceptedUnevaluated, startedAt, target }: Report): Evidence[] {
  return acceptedUnevaluated.map(({ claim, reason }) => {
    const clouds: readonly string[] = findClaim(claim)?.clouds ?? [];
    const cloud = clouds.includes(target.cloud) ? target.cloud : (clouds[0] ?? target.cloud);
    return { claim, by: "accepted gap", result: "not-evaluated", reason, at: startedAt, cloud, model: anyModel };
  });
}
