import { defineCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { grants } from "../reason/iam-policy.ts";

export const noForeignPrincipals = defineCheck({
  id: "IAM-06",
  title: "No role, bucket or registry of the account trusts another account",
  severity: "critical",
  claims: ["human-no-iam-credentials", "tenant-separate-iam-boundaries"],
  documented: ["C07"],
  fix: "Remove the foreign principal from the policy.",
  needs: ["iam", "buckets", "repositories"],
  notApplicable: (target) =>
    target.model === "byoc" ? "BYOC: the management role trusts the vendor by design" : undefined,
  evaluate({ iam, buckets, repositories }) {
    const policies = [
      ...iam.roles.map(({ arn, trust }) => ({ subject: arn, document: trust })),
      ...buckets.map(({ name, policy }) => ({ subject: `bucket ${name}`, document: policy })),
      ...repositories.map(({ arn, policy }) => ({ subject: arn, document: policy })),
    ];
    return policies.map(({ subject, document }): Finding => {
      const foreign = (document ? grants([document]) : [])
        .flatMap(({ principals }) => principals)
        .find((principal) => !isOwn(principal, iam.account));
      return foreign ? fail(subject, `trusts ${foreign}`) : pass(subject, "own account and services only");
    });
  },
  sabotages: [
    {
      name: "an unrelated role trusts the vendor's account",
      apply(facts) {
        const last = facts.iam.roles.at(-1);
        const statement = last?.trust.statements.at(-1);
        if (!statement) return false;
        statement.principals = ["AWS:arn:aws:iam::999999999999:role/support"];
        return undefined;
      },
    },
    {
      name: "the last bucket's policy lets everybody read",
      apply(facts) {
        const bucket = facts.buckets.at(-1);
        bucket?.policy?.statements.push({
          effect: "Allow",
          actions: ["s3:getobject"],
          notActions: [],
          resources: ["*"],
          notResources: [],
          principals: ["*"],
          conditions: {},
        });
      },
    },
  ],
});

/** A principal of a policy: a service, or somebody or something of the account. */
export function isOwn(principal: string, account: string): boolean {
  if (principal.startsWith("Service:")) return true;
  const arn = principal.replace(/^(AWS|Federated):/, "");
  return arn === account || arn.split(":")[4] === account;
}
