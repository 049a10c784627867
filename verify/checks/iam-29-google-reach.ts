import { defineGoogleCheck } from "../check.ts";
import { taskAccounts } from "../google-accounts.ts";
import { googlePlaneFacts, named } from "../reason/gcp/plane.ts";
import type { GoogleTarget } from "../target.ts";
import { type Asked, askAll, objectRights, secretOf, secretRights } from "./google-questions.ts";
import { grantInProject } from "./iam-23-google-families.ts";

/** By the policies themselves, each right with its counterpart next door that must be refused. */
export const googleReach = defineGoogleCheck({
  id: "IAM-29",
  title: "The admin's account works on objects of both buckets and of no other, tasks' accounts have no secret",
  severity: "high",
  claims: ["iam-admin-object-store-rw", "iam-user-no-secrets-manager"],
  documented: ["C07"],
  fix: "Bring the customer's stack up again: it grants both.",
  needs: googlePlaneFacts,
  evaluate: (facts, target) => askAll(facts, questionsOf(target, facts.googleProject.number), target.accountGroups),
  sabotages: [
    {
      name: "the second bucket grants the admin's account nothing",
      apply({ googleBuckets }, { accounts, buckets }) {
        const bucket = googleBuckets.find(({ name }) => name === buckets.fastRegistration);
        if (!bucket) return false;
        for (const binding of bucket.bindings)
          binding.members = binding.members.filter((one) => !one.endsWith(`:${accounts.admin}`));
        return undefined;
      },
    },
    {
      name: "the organisation denies the admin's account reads of objects",
      apply({ googleProject }, { accounts }) {
        googleProject.denyPolicies.push({
          on: googleProject.policies.at(-1)?.name ?? "",
          rules: [
            {
              deniedPrincipals: [`principal://iam.googleapis.com/projects/-/serviceAccounts/${accounts.admin}`],
              ...{ exceptionPrincipals: [], exceptionPermissions: [] },
              deniedPermissions: ["storage.googleapis.com/objects.get"],
            },
          ],
        });
      },
    },
    {
      name: "the admin's account may change who reads the buckets",
      apply: (facts, { accounts }) =>
        grantInProject(facts, accounts.admin, "roles/storage.admin", ["storage.buckets.setIamPolicy"]),
    },
    {
      name: "tasks read secrets",
      apply: (facts, target) =>
        grantInProject(facts, taskAccounts(target).at(-1)?.email, "roles/secretmanager.secretAccessor", [
          "secretmanager.versions.access",
        ]),
    },
  ],
});

function questionsOf(target: GoogleTarget, number: string): Asked[] {
  const { accounts, buckets, org } = target;
  const admin = `serviceAccount:${accounts.admin}`;
  const ask = (wanted: Asked["wanted"], principal: string, rights: readonly string[], resource: string): Asked[] =>
    rights.map((permission) => ({ wanted, principal, permission, resource }));
  return [
    ...[buckets.metadata, buckets.fastRegistration].flatMap((name) => [
      ...ask("allow", admin, objectRights, named.object(name, `${org}/object`)),
      ...ask("allow", admin, ["storage.objects.list"], named.bucket(name)),
      ...ask("deny", admin, objectRights, named.object(`${name}-next-door`, `${org}/object`)),
      ...ask("deny", admin, ["storage.buckets.setIamPolicy", "storage.buckets.delete"], named.bucket(name)),
    ]),
    ...taskAccounts(target).flatMap(({ email }) =>
      ask("deny", `serviceAccount:${email}`, [...secretRights, "secretmanager.secrets.list"], secretOf(org, number)),
    ),
  ];
}
