import { defineGoogleCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { taskAccounts } from "../google-accounts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { googlePlaneFacts, heldBy } from "../reason/gcp/plane.ts";
import { type GoogleTarget, secretsInCloud } from "../target.ts";

/** By which the admin's account signs URLs in its own name; no key does (docs/decisions/0031). */
const signs = "iam.serviceAccounts.signBlob";

export const googleFamilies = defineGoogleCheck({
  id: "IAM-23",
  title:
    "The admin's account has object store, secrets and logs, as far as they are in the cloud; tasks' the object store",
  severity: "critical",
  claims: ["iam-admin-permission-set", "iam-user-permission-set"],
  documented: ["C07"],
  fix: "Take the binding away that gives the account another service's rights, in the project or above it.",
  needs: googlePlaneFacts,
  evaluate(facts, target) {
    return accountsOf(target).map(({ email, families, also }): Finding => {
      if (!facts.googleAccounts.some((account) => account.email === email)) return fail(email, "does not exist");
      const permissions = new Set(heldBy(facts, email, target).flatMap((held) => held.permissions));
      const granted = [...new Set([...permissions].filter((one) => !also.includes(one)).map(familyOf))].sort();
      const beyond = granted.filter((family) => !families.includes(family));
      if (beyond.length > 0)
        return fail(
          email,
          `also has ${[...permissions]
            .filter((one) => beyond.includes(familyOf(one)))
            .slice(0, 5)
            .join(", ")}`,
        );
      const missing = families.filter((family) => !granted.includes(family));
      if (missing.length > 0) return fail(email, `lacks ${missing.join(", ")}`);
      return pass(email, `has ${granted.join(", ")}`);
    });
  },
  sabotages: [
    {
      name: "a role in the project gives tasks the secrets",
      apply: (facts, target) =>
        grantInProject(facts, target.accounts.user, "roles/secretmanager.secretAccessor", [
          "secretmanager.versions.access",
        ]),
    },
    {
      name: "a role above gives the admin's account the project",
      apply: (facts, target) =>
        grantInProject(facts, target.accounts.admin, "roles/editor", ["compute.instances.create"]),
    },
    {
      name: "a bucket gives the last account of tasks nothing any more",
      apply(facts, target) {
        const email = taskAccounts(target).at(-1)?.email;
        for (const { bindings } of facts.googleBuckets)
          for (const binding of bindings) binding.members = binding.members.filter((one) => !one.endsWith(`:${email}`));
      },
    },
    {
      name: "everybody who is signed in may read the project's instances, tasks among them",
      apply: (facts) =>
        grantInProject(facts, undefined, "roles/compute.viewer", ["compute.instances.list"], "allAuthenticatedUsers"),
    },
  ],
});

function accountsOf(target: GoogleTarget): { email: string; families: string[]; also: string[] }[] {
  const admin = [
    "storage",
    ...(secretsInCloud(target) ? ["secretmanager"] : []),
    ...(target.logView ? ["logging"] : []),
  ];
  return [
    { email: target.accounts.admin, families: admin, also: [signs] },
    ...taskAccounts(target).map(({ email }) => ({ email, families: ["storage"], also: [] })),
  ];
}

const familyOf = (permission: string) => permission.split(".")[0] ?? "";

/** Of whatever the project lies in, the last that was read. */
export function grantInProject(
  { googleProject, googleRoles }: Pick<Facts, "googleProject" | "googleRoles">,
  email: string | undefined,
  role: string,
  permissions: string[],
  member = `serviceAccount:${email}`,
): undefined {
  googleProject.policies.at(-1)?.bindings.push({ role, members: [member] });
  googleRoles.push({ name: role, permissions });
}
