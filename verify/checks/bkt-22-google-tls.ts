import { defineGoogleCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { type Refusal, refusesPlainHttp } from "../reason/gcp/transport.ts";
import type { GoogleTarget } from "../target.ts";

export const transportFix =
  "Have the organisation, or the base stack by transportPolicies: base, enforce storage.secureHttpTransport and deny TLS_VERSION_1 and TLS_VERSION_1_1 by gcp.restrictTLSVersion, on the project or above it.";

/** A bucket has no rule of its own for it: its project's policies are its. */
export const googleBucketsRefusePlainHttp = defineGoogleCheck({
  id: "BKT-22",
  title: "Both buckets lie in the project, of whose storage the organisation's policy refuses requests without TLS",
  severity: "high",
  claims: ["comm-taskpod-object-store-tls"],
  documented: [],
  fix: transportFix,
  needs: ["googleConstraints", "googleBuckets", "googleProject"],
  evaluate: (facts, target) => judgeBuckets(facts, target, refusesPlainHttp(facts.googleConstraints)),
  sabotages: [
    {
      name: "the policy is off",
      apply: ({ googleConstraints }) => everyRule(googleConstraints.at(0), (rule) => ({ ...rule, enforce: false })),
    },
    {
      name: "no rule is left",
      apply: ({ googleConstraints }) => everyRule(googleConstraints.at(0), () => undefined),
    },
    {
      name: "it holds for what bears a tag alone",
      apply: ({ googleConstraints }) =>
        everyRule(googleConstraints.at(0), (rule) => ({ ...rule, condition: 'resource.matchTag("acme/tls", "on")' })),
    },
    {
      name: "what bears a tag is let off, by the last rule",
      apply({ googleConstraints }) {
        const [first] = googleConstraints;
        const rule = first?.rules.at(0);
        if (!first || !rule) return false;
        first.rules.push({ ...rule, enforce: false, condition: 'resource.matchTag("acme/tls", "off")' });
        return undefined;
      },
    },
    {
      name: "the first bucket is another project's",
      apply: ({ googleBuckets }) => moveAway(googleBuckets.at(0)),
    },
    {
      name: "the last bucket is another project's",
      apply: ({ googleBuckets }) => moveAway(googleBuckets.at(-1)),
    },
  ],
});

type Constraint = Facts["googleConstraints"][number];
type Rule = Constraint["rules"][number];

/** @param refusal what the policies of the project say */
export function judgeBuckets(
  { googleBuckets, googleProject }: Pick<Facts, "googleBuckets" | "googleProject">,
  { buckets }: GoogleTarget,
  { refused, told }: Refusal,
): Finding[] {
  return [buckets.metadata, buckets.fastRegistration].map((name) => {
    const subject = `gs://${name}`;
    const bucket = googleBuckets.find((one) => one.name === name);
    if (!bucket) return fail(subject, "does not exist");
    if (bucket.projectNumber !== googleProject.number)
      return fail(subject, `of project ${bucket.projectNumber}, whose policies nobody read`);
    return refused ? pass(subject, told) : fail(subject, told);
  });
}

/** @param change undefined takes the rule away */
export function everyRule(
  constraint: Constraint | undefined,
  change: (rule: Rule) => Rule | undefined,
): undefined | false {
  if (!constraint || constraint.rules.length === 0) return false;
  constraint.rules = constraint.rules.flatMap((rule) => change(rule) ?? []);
  return undefined;
}

function moveAway(bucket: Facts["googleBuckets"][number] | undefined): undefined | false {
  if (!bucket) return false;
  bucket.projectNumber = "999999999999";
  return undefined;
}
