/** Findings that somebody answers for until a day. They stay findings: a waiver never makes a PASS. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { messageOf, refusal } from "../shared/errors.ts";
import { sha256 } from "./evidence/canonical.ts";
import type { Finding } from "./outcome.ts";
import type { Report, ReportedCheck } from "./report/result.ts";
import { type Waiver, waiversFileSchema } from "./waiver-schema.ts";

/** @throws UserError with every problem at once. */
export function readWaivers(path: string): Waiver[] {
  const parsed = waiversFileSchema.safeParse(readYaml(path));
  if (!parsed.success) {
    const value = z.prettifyError(parsed.error);
    throw refusal({ subject: `--waivers ${path}`, value, allowed: "docs/schemas/waivers.schema.json" });
  }
  const names = parsed.data.waivers.map(({ check, fingerprint }) => `${check} ${fingerprint}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw refusal({ subject: `--waivers ${path}`, value: twice, allowed: "one waiver a finding" });
  return parsed.data.waivers;
}

function readYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw refusal({ subject: "--waivers", value: path, allowed: `a YAML file (${messageOf(error)})` });
  }
}

/** Of one finding in its words: when what was seen changes, the waiver speaks of it no longer. */
export function fingerprintOf(check: string, { subject, evidence }: Finding): string {
  return sha256([check, subject, evidence].join("\n")).slice(0, 16);
}

/** Findings with their fingerprints, and those with a waiver that still holds with it. @param at ISO time of the run */
export function applyWaivers(results: ReportedCheck[], waivers: readonly Waiver[], at: string): ReportedCheck[] {
  return results.map((result) => ({
    ...result,
    findings: result.findings.map((finding) => {
      if (finding.ok) return finding;
      const fingerprint = fingerprintOf(result.id, finding);
      const waiver = waivers.find(
        (one) => one.check === result.id && one.fingerprint === fingerprint && holds(one, at),
      );
      if (!waiver) return { ...finding, fingerprint };
      const { owner, reason, expires } = waiver;
      return { ...finding, fingerprint, waived: { owner, reason, expires } };
    }),
  }));
}

/** What became of each waiver. One whose check was not decided is not judged, since it may be needed. */
export function judgeWaivers(
  results: readonly ReportedCheck[],
  waivers: readonly Waiver[],
  at: string,
): Report["waivers"] {
  return waivers.map((waiver) => {
    const result = results.find(({ id }) => id === waiver.check);
    const needed = result?.findings.some(({ fingerprint }) => fingerprint === waiver.fingerprint) ?? false;
    const decided = result?.outcome === "PASS" || result?.outcome === "FAIL";
    if (!holds(waiver, at)) return { ...waiver, state: "expired" as const };
    return { ...waiver, state: needed ? ("used" as const) : decided ? ("unused" as const) : ("not judged" as const) };
  });
}

const holds = ({ expires }: Waiver, at: string) => at.slice(0, 10) <= expires;
