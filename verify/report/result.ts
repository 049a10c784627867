/** The one result model; every report format is a rendering of it. */
import { z } from "zod";
import type { Fact, FactName } from "../facts.ts";
import { outcomes } from "../outcome.ts";
import type { CheckResult } from "../runner.ts";
import { severities } from "../severity.ts";
import type { AzureTarget, GoogleTarget, Target, Targets } from "../target.ts";
import { waiverSchema } from "../waiver-schema.ts";

const findingSchema = z.strictObject({
  subject: z.string(),
  ok: z.boolean(),
  evidence: z.string(),
  fingerprint: z.string().optional().describe("Of a finding that is not ok: what a waiver names"),
  waived: z.strictObject({ owner: z.string(), reason: z.string(), expires: z.iso.date() }).optional(),
});

export const reportSchema = z.strictObject({
  tool: z.literal("biplane verify"),
  commit: z.string(),
  startedAt: z.iso.datetime(),
  seconds: z.number(),
  target: z.strictObject({
    org: z.string().optional().describe("Absent where the region alone was looked at"),
    account: z.string(),
    region: z.string(),
    clusterName: z.string(),
    model: z.string().optional(),
    cloud: z.string(),
    controlPlane: z
      .strictObject({ account: z.string(), region: z.string(), clusterName: z.string(), endpoint: z.string() })
      .optional(),
  }),
  counts: z.record(z.enum(outcomes), z.int()),
  exitCode: z.int(),
  checks: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      severity: z.enum(severities),
      plane: z.enum(["compute", "control"]),
      claims: z.array(z.string()),
      supersedes: z
        .record(z.string(), z.string())
        .optional()
        .describe("Those of the claims that a stricter statement stands for, each with its decision record"),
      documented: z.array(z.string()),
      reads: z.array(z.string()).describe("Facts, whose requests stand below"),
      outcome: z.enum(outcomes),
      reason: z.string().optional(),
      findings: z.array(findingSchema),
      sabotages: z.array(z.strictObject({ name: z.string(), red: z.boolean() })),
      fix: z.string(),
    }),
  ),
  documentedCommands: z.array(
    z.strictObject({
      group: z.string(),
      line: z.string(),
      weakness: z.string().optional(),
      exitCode: z.int().optional(),
      stdout: z.string().optional(),
      stderr: z.string().optional(),
      seconds: z.number().optional(),
      notRun: z.string().optional(),
    }),
  ),
  acceptedUnevaluated: z.array(z.strictObject({ claim: z.string(), reason: z.string() })),
  standIns: z
    .array(z.strictObject({ for: z.string(), is: z.string() }))
    .describe("What judged at this place instead of the real thing; empty everywhere but on a local run"),
  waivers: z
    .array(waiverSchema.extend({ state: z.enum(["used", "expired", "unused", "not judged"]) }))
    .describe("expired and unused ones count as findings"),
  requests: z.array(
    z.strictObject({ fact: z.string(), request: z.string(), read: z.boolean(), reason: z.string().optional() }),
  ),
});

export type Report = z.infer<typeof reportSchema>;
export type ReportedCheck = Report["checks"][number];

export function reportCheck({ check, verdict }: CheckResult): ReportedCheck {
  const { id, title, severity, plane, supersedes, documented, fix } = check;
  const base = {
    ...{ id, title, severity, plane, documented: [...documented], fix, outcome: verdict.outcome },
    reads: [...check.needs],
    claims: [...check.claims, ...Object.keys(supersedes ?? {})],
    ...(supersedes ? { supersedes: { ...supersedes } } : {}),
  };
  switch (verdict.outcome) {
    case "PASS":
      return { ...base, findings: [...verdict.inspected], sabotages: [...verdict.sabotages] };
    case "FAIL":
      return { ...base, findings: [...verdict.findings], sabotages: [] };
    case "NOT_APPLICABLE":
      return { ...base, reason: verdict.evidence, findings: [], sabotages: [] };
    default:
      return { ...base, reason: verdict.reason, findings: [], sabotages: [] };
  }
}

/** Somebody answers for every one of its findings. */
export function isWaived({ findings }: ReportedCheck): boolean {
  const bad = findings.filter(({ ok }) => !ok);
  return bad.length > 0 && bad.every(({ waived }) => waived);
}

export function reportRequests(collected: Partial<Record<FactName, Fact<unknown>>>): Report["requests"] {
  return Object.entries(collected).map(([fact, answer]) => ({
    fact,
    request: answer.request,
    read: answer.read,
    ...(answer.read ? {} : { reason: answer.reason }),
  }));
}

export function reportTarget({ customer, google, azure, controlPlane }: Targets): Report["target"] {
  const region = controlPlane && {
    account: controlPlane.account,
    region: controlPlane.region,
    clusterName: controlPlane.clusterName,
    endpoint: controlPlane.endpoint,
  };
  const plane = customer ?? google ?? azure;
  if (plane) {
    const { org, region: place, clusterName, model, cloud } = plane;
    const known = { org, account: accountOf(plane), region: place, clusterName, model, cloud };
    return { ...known, ...(region ? { controlPlane: region } : {}) };
  }
  if (!controlPlane || !region) throw new Error("a report of no plane");
  const { account, region: place, clusterName, cloud } = controlPlane;
  return { account, region: place, clusterName, cloud, controlPlane: region };
}

/** What its cloud calls the account that is the customer's. */
function accountOf(plane: Target | GoogleTarget | AzureTarget): string {
  if (plane.cloud === "gcp") return plane.project;
  return plane.cloud === "azure" ? plane.subscription : plane.account;
}

/** Whose report it is, in words. */
export function titleOf({ org, account, region, model, controlPlane }: Report["target"]): string {
  const plane = org === undefined ? "control plane" : org;
  const both =
    org !== undefined && controlPlane ? `; control plane (${controlPlane.account}, ${controlPlane.region})` : "";
  return `${plane} (${[account, region, model].filter(Boolean).join(", ")})${both}`;
}
