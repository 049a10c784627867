import { defineCheck } from "../check.ts";
import type { IamRole } from "../facts.ts";
import { fail, pass } from "../outcome.ts";
import { grantedFamilies } from "../reason/iam-policy.ts";

/** KMS is allowed beside S3: with a customer's own key the objects cannot be read without it. */
const families = { admin: ["logs", "s3", "secretsmanager"], user: ["s3"] } as const;
const alsoAllowed = ["kms"];

export const exactFamilies = defineCheck({
  id: "IAM-03",
  title: "The admin role has object store, secrets manager and logs; the user role has the object store only",
  severity: "critical",
  claims: [
    "iam-admin-permission-set",
    "iam-user-permission-set",
    "iam-adminflyterole-three-families",
    "iam-userflyterole-object-store-only",
  ],
  documented: ["C07"],
  fix: "Remove the other service's actions from the role's policies, inline and attached.",
  needs: ["iam"],
  evaluate({ iam }, target) {
    return (["admin", "user"] as const).map((kind) => {
      const role = iam.roles.find(({ name }) => name === target.roles[kind]);
      if (!role) return fail(`role ${target.roles[kind]}`, "does not exist");
      const granted = grantedFamilies(documentsOf(role));
      const beyond = granted.filter((family) => ![...families[kind], ...alsoAllowed].includes(family));
      if (beyond.length > 0) return fail(role.arn, `also grants ${beyond.join(", ")}`);
      const missing = families[kind].filter((family) => !granted.includes(family));
      if (missing.length > 0) return fail(role.arn, `lacks ${missing.join(", ")}`);
      return pass(role.arn, `grants ${granted.join(", ")}`);
    });
  },
  sabotages: [
    {
      name: "an attached policy gives tasks the secrets manager",
      apply(facts, target) {
        const role = facts.iam.roles.find(({ name }) => name === target.roles.user);
        role?.attached.push({
          arn: "arn:aws:iam::aws:policy/SecretsManagerReadWrite",
          document: {
            version: "2012-10-17",
            statements: [allow(["secretsmanager:getsecretvalue"])],
          },
        });
      },
    },
    {
      name: "NotAction gives the admin role everything else",
      apply(facts, target) {
        const role = facts.iam.roles.find(({ name }) => name === target.roles.admin);
        role?.inline.push({
          name: "extra",
          document: { version: "2012-10-17", statements: [{ ...allow([]), notActions: ["iam:*"] }] },
        });
      },
    },
  ],
});

export function documentsOf(role: IamRole) {
  return [...role.inline, ...role.attached].map(({ document }) => document);
}

function allow(actions: string[]) {
  return {
    effect: "Allow" as const,
    actions,
    notActions: [],
    resources: ["*"],
    notResources: [],
    principals: [],
    conditions: {},
  };
}
