import { workloadIdentityUser } from "../../components/identity/gcp-roles.ts";
import { defineGoogleCheck } from "../check.ts";
import type { GoogleAccountFact } from "../facts-google.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { vendorSession } from "../reason/gcp/own.ts";
import { googlePlaneFacts } from "../reason/gcp/plane.ts";
import { allows, type Grant, grantsToUser, textOf } from "../reason/rbac/grants.ts";
import { judgeRights } from "./cls-03-managed-by-vendor.ts";
import { grantLogs, grantSettings, refusedIn } from "./cls-06-management-apart.ts";
import { askAll, waysToData } from "./google-questions.ts";
import { grantInProject } from "./iam-23-google-families.ts";

/** The account is there, it manages the cluster as far as its level says, and leads nowhere else. */
export const googleManagement = defineGoogleCheck({
  id: "CLS-23",
  title:
    "BYOC: the vendor manages the cluster by one account, with the rights of its level, refused data, secrets, logs and sessions",
  severity: "critical",
  claims: ["human-byoc-k8s-management", "model-byoc-separated-from-data"],
  documented: [],
  fix: "Make account, trust and rights by the customer's two stacks, and remove every other.",
  needs: [...googlePlaneFacts, "roles", "clusterRoles", "roleBindings", "clusterRoleBindings"],
  notApplicable: ({ model }) =>
    model === "self-managed" ? "self-managed: no account of the vendor's exists, as VND-21 decides" : undefined,
  evaluate(facts, target) {
    const { management, accountGroups } = target;
    if (!management) return [fail("management", "the target names no management account")];
    const account = facts.googleAccounts.find(({ email }) => email === management.account);
    if (!account) return [fail(management.account, "does not exist")];
    const principal = `serviceAccount:${management.account}`;
    const ways = waysToData(target, facts.googleProject.number);
    // A right on one named Secret is a right on a Secret.
    const held = grantsToUser(management.account, facts).map(({ name: _, ...grant }): Grant => grant);
    return [
      ...judgeTakers(account),
      judgeRights({ kind: "User", name: management.account }, management.level, facts, target),
      ...refusedIn(target).map((asked): Finding => {
        const subject = `user ${management.account} → ${textOf({ ...asked, via: "" })}`;
        const grant = allows(held, asked);
        return grant ? fail(subject, `allowed by ${grant.via}`) : pass(subject, "no rule says so");
      }),
      ...askAll(
        facts,
        ways.map((way) => ({ ...way, principal, wanted: "deny" as const })),
        accountGroups,
      ),
    ];
  },
  sabotages: [
    {
      name: "the account is gone",
      apply(facts, { management }) {
        facts.googleAccounts = facts.googleAccounts.filter(({ email }) => email !== management?.account);
      },
    },
    {
      name: "a whole account of AWS may take it",
      apply({ googleAccounts }, { management }) {
        const account = googleAccounts.find(({ email }) => email === management?.account);
        const pool = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/vendor/*";
        account?.bindings.push({ role: workloadIdentityUser, members: [pool] });
      },
    },
    {
      name: "nobody may take it",
      apply({ googleAccounts }, { management }) {
        for (const account of googleAccounts) if (account.email === management?.account) account.bindings = [];
      },
    },
    {
      name: "it reads objects of the whole project",
      apply: (facts, { management }) =>
        grantInProject(facts, management?.account, "roles/storage.objectViewer", ["storage.objects.get"]),
    },
    {
      name: "it administers clusters by a role of Google's",
      apply: (facts, { management }) =>
        grantInProject(facts, management?.account, "roles/container.admin", ["container.secrets.get"]),
    },
    {
      name: "it reads the pods' logs in the last project",
      apply: (facts, target) => grantLogs(facts, target, { kind: "User", name: target.management?.account ?? "" }),
    },
    {
      name: "it reads every setting of what serves apps",
      apply: (facts, target) => grantSettings(facts, target, { kind: "User", name: target.management?.account ?? "" }),
    },
    {
      name: "the managers' role lacks its last rule",
      apply({ clusterRoles, roles }) {
        for (const role of [...clusterRoles, ...roles]) {
          if (role.metadata?.name === "biplane-managers") role.rules = role.rules?.slice(0, -1);
        }
      },
    },
  ],
});

function judgeTakers({ email, bindings }: GoogleAccountFact): Finding[] {
  const granted = bindings.flatMap(({ role, members }) => members.map((member) => ({ role, member })));
  const owners = new Set(granted.map(({ member }) => vendorSession.exec(member)?.[1]));
  if (granted.length === 0) return [fail(email, "nobody may take it: the vendor cannot manage the cluster")];
  if (owners.size > 1) return [fail(email, "is taken from more than one account of AWS, or by another means")];
  return granted.map(({ role, member }) =>
    role === workloadIdentityUser && vendorSession.test(member)
      ? pass(email, `taken by ${member}`)
      : fail(email, `${member} has ${role} on it`),
  );
}
