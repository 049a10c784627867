/** Identities in the cloud: no users, exact trust, no rights without bounds. */
import { listOf, textOf } from "../inputs.ts";
import type { Rule } from "../rule.ts";
import { type Statement, statementsOf } from "../statements.ts";

const identityPolicies = [
  "aws:iam/rolePolicy:RolePolicy",
  "aws:iam/policy:Policy",
  "aws:iam/groupPolicy:GroupPolicy",
  "aws:iam/userPolicy:UserPolicy",
] as const;

export const noStaticIdentity: Rule = {
  name: "no-static-identity",
  controls: ["iam-no-static-credentials", "iam-no-credentials-created-or-rotated"],
  says: "No IAM user, access key or login profile is made: workloads have roles, people come by their own provider.",
  types: ["aws:iam/user:User", "aws:iam/accessKey:AccessKey", "aws:iam/userLoginProfile:UserLoginProfile"],
  judge: (_, { type }) => [`${type.split(":").at(-1)} is a credential that never ends`],
};

export const trustIsExact: Rule = {
  name: "trust-is-exact",
  controls: ["lp-roles-bound-by-federation", "iam-aws-irsa", "human-no-cloud-account"],
  says: "A role trusts named principals; through a cluster's issuer it names subject and audience by StringEquals.",
  types: ["aws:iam/role:Role"],
  judge: ({ assumeRolePolicy }) => (statementsOf(assumeRolePolicy) ?? []).filter(({ allows }) => allows).flatMap(trust),
};

function trust({ principals, actions, conditions }: Statement): string[] {
  const problems = principals.includes("*") ? ["all the world may assume it"] : [];
  if (!actions.includes("sts:AssumeRoleWithWebIdentity")) return problems;
  for (const claim of ["sub", "aud"]) {
    const held = conditions.filter(({ key }) => key.endsWith(`:${claim}`));
    if (held.length === 0) problems.push(`no condition on ${claim}`);
    for (const { operator, values } of held) {
      if (operator !== "StringEquals") problems.push(`${claim} is compared by ${operator}`);
      if (values.some((value) => value.includes("*"))) problems.push(`${claim} has a wildcard`);
    }
  }
  return problems;
}

export const rightsAreBounded: Rule = {
  name: "rights-are-bounded",
  controls: ["lp-iam-minimum-permissions", "iam-roles-narrow"],
  says: "No policy allows all actions, all of a service's actions on everything, or whatever it does not name.",
  types: [...identityPolicies],
  judge: ({ policy }) => (statementsOf(policy) ?? []).filter(({ allows }) => allows).flatMap(bounds),
};

function bounds({ actions, resources, negated }: Statement): string[] {
  const whole = actions.filter(
    (action) => action === "*" || (/^[a-z0-9-]+:\*$/.test(action) && resources.includes("*")),
  );
  return [
    ...whole.map((action) => `${action} on ${resources.join(", ")}`),
    ...(negated ? ["it allows by what it does not name (NotAction or NotResource)"] : []),
  ];
}

/** AWS's own policies that give more than any part of Biplane needs. */
const tooWide = /:policy\/(?:AdministratorAccess|PowerUserAccess|IAMFullAccess|.*FullAccess)$/;

export const noWidePolicyAttached: Rule = {
  name: "no-wide-policy-attached",
  controls: ["lp-iam-minimum-permissions"],
  says: "None of AWS's full-access policies is attached.",
  types: ["aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:iam/role:Role"],
  judge: ({ policyArn, managedPolicyArns }) =>
    [policyArn, ...listOf(managedPolicyArns)].map(textOf).filter((arn) => tooWide.test(arn)),
};
