import { defineCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { planeFactNames } from "../reason/iam/plane-world.ts";
import { grants, type Statement } from "../reason/iam-policy.ts";
import { judgeWays } from "./cls-03-managed-by-vendor.ts";

const enforced = "BucketOwnerEnforced";

/** In BYOC one role trusts the vendor by design; of that, as CLS-03 does, it is asked whether it leads to data. */
export const noForeignPrincipals = defineCheck({
  id: "IAM-06",
  title:
    "No role, bucket or registry of the account trusts another account, and no bucket heeds access lists; BYOC: but the management role, short of data",
  severity: "critical",
  claims: ["human-no-iam-credentials", "tenant-separate-iam-boundaries"],
  documented: ["C07"],
  fix: "Remove the foreign principal from the policy; set the bucket's object ownership to BucketOwnerEnforced.",
  needs: planeFactNames,
  evaluate(facts, target) {
    const { iam, buckets, repositories } = facts;
    const managing = iam.roles.find(({ arn }) => arn === target.management?.roleArn);
    const policies = [
      ...iam.roles.filter((role) => role !== managing).map(({ arn, trust }) => ({ subject: arn, document: trust })),
      ...buckets.map(({ name, policy }) => ({ subject: `bucket ${name}`, document: policy })),
      ...repositories.map(({ arn, policy }) => ({ subject: arn, document: policy })),
    ];
    const named = policies.map(({ subject, document }): Finding => {
      const foreign = (document ? grants([document]) : [])
        .flatMap(namedBy)
        .find((principal) => !isOwn(principal, iam.account));
      return foreign ? fail(subject, `trusts ${foreign}`) : pass(subject, "own account and services only");
    });
    const found = [...named, ...buckets.map(judgeLists)];
    // The search is long, and for what names do not show.
    if (!managing || found.some(({ ok }) => !ok)) return found;
    const vendors = grants([managing.trust]).flatMap(({ principals }) => principals);
    return [...found, ...judgeWays(facts, target, vendors)];
  },
  sabotages: [
    {
      name: "an unrelated role trusts the vendor's account",
      apply(facts, { management }) {
        const last = facts.iam.roles.findLast(({ arn }) => arn !== management?.roleArn);
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
    {
      name: "the first bucket's policy lets everybody in but one role",
      apply({ buckets, iam }) {
        buckets.at(0)?.policy?.statements.push({
          effect: "Allow",
          actions: ["s3:getobject"],
          notActions: [],
          resources: ["*"],
          notResources: [],
          principals: [],
          notPrincipals: [`AWS:arn:aws:iam::${iam.account}:role/blocked`],
          conditions: {},
        });
      },
    },
    {
      name: "the last bucket heeds access lists, since nobody says otherwise",
      apply({ buckets }) {
        delete buckets.at(-1)?.ownership;
      },
    },
    {
      name: "objects of the first bucket are whose writes them",
      apply({ buckets }) {
        const [first] = buckets;
        if (first) first.ownership = "ObjectWriter";
      },
    },
  ],
});

/** An access list names accounts by ids that tell nobody whose they are, of the bucket and of every object: off is off. */
function judgeLists({ name, ownership }: Facts["buckets"][number]): Finding {
  const subject = `bucket ${name}`;
  if (ownership === enforced) return pass(subject, "heeds no access list, of its own or of an object");
  return fail(subject, `heeds access lists, which can let anybody in: object ownership is ${ownership ?? "not set"}`);
}

/** Whom a statement lets in; who is let in by being none of some is anybody. */
export function namedBy({ principals, notPrincipals }: Statement): string[] {
  return notPrincipals ? ["everybody but some"] : principals;
}

/** A principal of a policy: a service, or somebody or something of the account. */
export function isOwn(principal: string, account: string): boolean {
  if (principal.startsWith("Service:")) return true;
  const arn = principal.replace(/^(AWS|Federated):/, "");
  return arn === account || arn.split(":")[4] === account;
}
