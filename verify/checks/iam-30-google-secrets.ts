import { defineGoogleCheck } from "../check.ts";
import { googlePlaneFacts, named } from "../reason/gcp/plane.ts";
import { secretsInCloud } from "../target.ts";
import { type Asked, askAll, secretOf, secretRights } from "./google-questions.ts";
import { grantInProject } from "./iam-23-google-families.ts";

export const googleSecretsReach = defineGoogleCheck({
  id: "IAM-30",
  title: "The admin's account keeps the plane's own secrets in Secret Manager, and no other",
  severity: "high",
  claims: ["iam-admin-secrets-manager"],
  documented: ["C07"],
  fix: "Bring the customer's stack up again: it grants making secrets, and keeping those of the plane's prefix.",
  needs: googlePlaneFacts,
  notApplicable: (target) =>
    secretsInCloud(target) ? undefined : "users' secrets lie in the cluster, and no right in Secret Manager is needed",
  evaluate(facts, { accounts, org, project, accountGroups }) {
    const { number } = facts.googleProject;
    const ask = (wanted: Asked["wanted"], rights: readonly string[], resource: string): Asked[] =>
      rights.map((permission) => ({ wanted, principal: `serviceAccount:${accounts.admin}`, permission, resource }));
    return askAll(
      facts,
      [
        ...ask("allow", ["secretmanager.secrets.create"], named.above(`projects/${project}`)),
        ...ask("allow", secretRights, secretOf(org, number)),
        ...ask("deny", secretRights, named.secret(`projects/${number}/secrets/next-door`)),
        ...ask(
          "deny",
          ["secretmanager.secrets.list", "secretmanager.secrets.setIamPolicy"],
          named.above(`projects/${project}`),
        ),
      ],
      accountGroups,
    );
  },
  sabotages: [
    {
      name: "the account may make none",
      apply({ googleRoles }) {
        for (const role of googleRoles)
          role.permissions = role.permissions.filter((one) => one !== "secretmanager.secrets.create");
      },
    },
    {
      name: "it reads every secret of the project",
      apply: (facts, { accounts }) =>
        grantInProject(facts, accounts.admin, "roles/secretmanager.secretAccessor", ["secretmanager.versions.access"]),
    },
    {
      name: "the condition on its secrets is another organisation's",
      apply({ googleProject }) {
        for (const { bindings } of googleProject.policies)
          for (const binding of bindings)
            if (binding.condition) binding.condition = binding.condition.replace("union_", "globex_");
      },
    },
  ],
});
