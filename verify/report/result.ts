/** The one result model; every report format is a rendering of it. */
import { z } from "zod";
import type { Fact, FactName } from "../facts.ts";
import { outcomes } from "../outcome.ts";
import type { CheckResult } from "../runner.ts";
import type { Target } from "../target.ts";

const findingSchema = z.strictObject({ subject: z.string(), ok: z.boolean(), evidence: z.string() });

export const reportSchema = z.strictObject({
  tool: z.literal("biplane verify"),
  commit: z.string(),
  startedAt: z.iso.datetime(),
  seconds: z.number(),
  target: z.strictObject({
    org: z.string(),
    account: z.string(),
    region: z.string(),
    clusterName: z.string(),
    model: z.string(),
    cloud: z.string(),
  }),
  counts: z.record(z.enum(outcomes), z.int()),
  exitCode: z.int(),
  checks: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      severity: z.string(),
      claims: z.array(z.string()),
      documented: z.array(z.string()),
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
  requests: z.array(
    z.strictObject({ fact: z.string(), request: z.string(), read: z.boolean(), reason: z.string().optional() }),
  ),
});

export type Report = z.infer<typeof reportSchema>;
export type ReportedCheck = Report["checks"][number];

export function reportCheck({ check, verdict }: CheckResult): ReportedCheck {
  const { id, title, severity, claims, documented, fix } = check;
  const base = { id, title, severity, claims: [...claims], documented: [...documented], fix, outcome: verdict.outcome };
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

export function reportRequests(collected: Record<FactName, Fact<unknown>>): Report["requests"] {
  return Object.entries(collected).map(([fact, answer]) => ({
    fact,
    request: answer.request,
    read: answer.read,
    ...(answer.read ? {} : { reason: answer.reason }),
  }));
}

export function reportTarget({ org, account, region, clusterName, model, cloud }: Target): Report["target"] {
  return { org, account, region, clusterName, model, cloud };
}
