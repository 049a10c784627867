import { podMember, workloadIdentityUser } from "../../components/identity/gcp-roles.ts";
import { defineGoogleCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { taskAccounts } from "../google-accounts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { adminAccounts, type GoogleTarget } from "../target.ts";

/** The exact pods, and nobody else: whoever is named on the account's policy otherwise could take it or hand it out. */
export const googleIdentitiesTaken = defineGoogleCheck({
  id: "IAM-12",
  title: "Two identities, each taken by its own Kubernetes accounts through Workload Identity, and by nobody else",
  severity: "critical",
  claims: [
    "iam-two-roles-per-plane",
    "lp-two-iam-roles",
    "lp-roles-bound-by-federation",
    "iam-admin-assumed-by-platform",
    "iam-admin-used-by",
  ],
  documented: ["C08"],
  fix: "Take the member off the service account's policy; the customer stack sets the ones that belong there.",
  needs: ["googleAccounts"],
  evaluate({ googleAccounts }, target) {
    return Object.entries(wantedOf(target)).flatMap(([email, members]): Finding[] => {
      const account = googleAccounts.find((one) => one.email === email);
      if (!account) return [fail(email, "does not exist")];
      const granted = account.bindings.flatMap(({ role, members, condition }) =>
        members.map((member) => ({ role, member, condition })),
      );
      const takers = new Set(granted.filter(({ role }) => role === workloadIdentityUser).map(({ member }) => member));
      return [
        ...members.map((member) =>
          takers.has(member) ? pass(email, `taken by ${member}`) : fail(email, `is not taken by ${member}`),
        ),
        ...(members.length === 0 ? [pass(email, "is there as documented, and each project has one of its own")] : []),
        ...granted
          .filter(({ role, member }) => !(role === workloadIdentityUser && members.includes(member)))
          .filter(({ role, member }) => !(signsAlone(role) && member === `serviceAccount:${email}`))
          .map(({ role, member }) => fail(email, `${member} has ${role} on it`)),
      ];
    });
  },
  sabotages: [
    {
      name: "the tasks' account may be taken by the executor too",
      apply: (facts, target) =>
        allowTaking(facts, target.accounts.user, podMember(target.project, target.namespace, "executor")),
    },
    {
      name: "any pod of the project may take the admin's",
      apply: (facts, target) =>
        allowTaking(
          facts,
          target.accounts.admin,
          `principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/${target.project}.svc.id.goog/*`,
        ),
    },
    {
      name: "a person may make tokens of the admin's",
      apply: (facts, { accounts }) =>
        allowTaking(facts, accounts.admin, "user:staff@vendor.test", "roles/iam.serviceAccountTokenCreator"),
    },
    {
      name: "the executor may not take its own",
      apply({ googleAccounts }, { accounts, project, namespace }) {
        const member = podMember(project, namespace, "executor");
        for (const { email, bindings } of googleAccounts)
          for (const binding of bindings)
            if (email === accounts.admin) binding.members = binding.members.filter((one) => one !== member);
      },
    },
  ],
});

/** The kit's own role, whose id ends so: an account may have it on itself. */
function signsAlone(role: string): boolean {
  return /^projects\/[^/]+\/roles\/\w+_signer$/.test(role);
}

function wantedOf(target: GoogleTarget): Record<string, string[]> {
  const { accounts, project, namespace } = target;
  const tasks = taskAccounts(target).map(({ email, namespaces }): [string, string[]] => [
    email,
    namespaces.map((space) => podMember(project, space, "default")),
  ]);
  return Object.fromEntries([
    [accounts.admin, adminAccounts(target).map((name) => podMember(project, namespace, name))],
    ...tasks,
  ]);
}

function allowTaking(
  { googleAccounts }: Pick<Facts, "googleAccounts">,
  email: string,
  member: string,
  role: string = workloadIdentityUser,
): undefined | false {
  const account = googleAccounts.find((one) => one.email === email);
  if (!account) return false;
  account.bindings.push({ role, members: [member] });
  return undefined;
}
