/**
 * Kubernetes' Pod Security Standards by version, as its admission controller enforces them (kubernetes.io: "Pod Security
 * Standards"). Up to 1.34 a pod with users of its own (`hostUsers: false`) is judged like any other, since the feature
 * that relaxes this is off by default there.
 */
import { z } from "zod";
import { refusal } from "../../../shared/errors.ts";
import { baseline } from "./baseline.ts";
import type { Pod } from "./pod.ts";
import { restricted } from "./restricted.ts";
import type { Judge } from "./seen.ts";

export interface Check {
  id: string;
  /** From which minor version of Kubernetes 1 on, how. */
  since: Readonly<Record<number, Judge>>;
  /** The check of `baseline` whose place it takes once it is there. */
  instead?: string;
}

export const levels = ["baseline", "restricted"] as const;
export type Level = (typeof levels)[number];

/** The last whose standards are known here. */
const latest = 37;

export const podSecurityAnswer = z.object({
  pod: z.string().describe("NAMESPACE/NAME; of a workload's template NAMESPACE/KIND/NAME"),
  allowed: z.boolean(),
  violations: z.array(z.string()).describe("Check, place and value of each"),
});

export type PodSecurityAnswer = z.infer<typeof podSecurityAnswer>;

/** @param version such as v1.34, or latest @throws UserError for one that is not known */
export function podSecurity(level: Level, version: string): (pod: Pod) => PodSecurityAnswer {
  const checks = checksOf(level, minorOf(version));
  return (pod) => {
    const violations = checks.flatMap(({ id, judge }) => judge(pod).map((found) => `${id}: ${found}`));
    return { pod: pod.title, allowed: violations.length === 0, violations };
  };
}

function minorOf(version: string): number {
  if (version === "latest") return latest;
  const minor = Number(/^v?1\.(\d+)$/.exec(version)?.[1] ?? Number.NaN);
  if (minor <= latest) return minor;
  throw refusal({
    subject: "--version",
    value: version,
    allowed: `v1.0 to v1.${latest}, or latest, which is the last of them`,
  });
}

function checksOf(level: Level, minor: number): { id: string; judge: Judge }[] {
  const known = (checks: readonly Check[]) =>
    checks.flatMap(({ id, since, instead }) => {
      const from = Math.max(
        ...Object.keys(since)
          .map(Number)
          .filter((first) => first <= minor),
      );
      const judge = since[from];
      return judge ? [{ id, instead, judge }] : [];
    });
  const first = known(baseline);
  if (level === "baseline") return first;
  const more = known(restricted);
  return [...first.filter(({ id }) => !more.some(({ instead }) => instead === id)), ...more];
}
