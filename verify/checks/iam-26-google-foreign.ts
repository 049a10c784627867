import { workloadIdentityUser } from "../../components/identity/gcp-roles.ts";
import { defineGoogleCheck } from "../check.ts";
import type { GoogleBinding } from "../facts-google.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { isOwnMember, vendorSession } from "../reason/gcp/own.ts";
import { type GooglePlane, googlePlaneFacts, named, policiesIn } from "../reason/gcp/plane.ts";
import type { GoogleTarget } from "../target.ts";
import { askAll, waysToData } from "./google-questions.ts";

/** In BYOC one account is the vendor's by design; of that it is asked whether it leads to data. */
export const noForeignMembers = defineGoogleCheck({
  id: "IAM-26",
  title:
    "No policy of the project, of what lies in it or of what it lies in names anybody else's account; BYOC: but the management account's, short of data",
  severity: "critical",
  claims: ["human-no-iam-credentials", "human-no-cloud-account", "tenant-separate-iam-boundaries"],
  documented: ["C07"],
  fix: "Take the member off the policy, or name its domain as the customer's own (ownDomains).",
  needs: googlePlaneFacts,
  evaluate(facts, target) {
    const judged = judgeMembers(facts, target);
    if (!target.management || judged.some(({ ok }) => !ok)) return judged;
    const principal = `serviceAccount:${target.management.account}`;
    const ways = waysToData(target, facts.googleProject.number);
    return [
      ...judged,
      ...askAll(
        facts,
        ways.map((way) => ({ ...way, principal, wanted: "deny" as const })),
        target.accountGroups,
      ),
    ];
  },
  sabotages: [
    {
      name: "the last of what the project lies in lets a person of the vendor's in",
      apply({ googleProject }) {
        googleProject.policies.at(-1)?.bindings.push({ role: "roles/viewer", members: ["user:staff@vendor.test"] });
      },
    },
    {
      name: "the first bucket lets everybody read",
      apply({ googleBuckets }) {
        googleBuckets.at(0)?.bindings.unshift({ role: "roles/storage.objectViewer", members: ["allUsers"] });
      },
    },
    {
      name: "another project's account uses a key",
      apply({ googleKeys }) {
        const members = ["serviceAccount:support@vendor-ops.iam.gserviceaccount.com"];
        googleKeys.at(-1)?.bindings.push({ role: "roles/cloudkms.cryptoKeyDecrypter", members });
      },
    },
    {
      name: "an agent of Google's for another project reads images",
      apply({ googleRepositories }) {
        const members = ["serviceAccount:service-999999999999@container-engine-robot.iam.gserviceaccount.com"];
        googleRepositories.at(-1)?.bindings.push({ role: "roles/artifactregistry.reader", members });
      },
    },
    {
      name: "pods of another project's clusters may take the admin's account",
      apply({ googleAccounts }, { accounts }) {
        const members = ["serviceAccount:vendor-ops.svc.id.goog[union/executor]"];
        googleAccounts
          .find(({ email }) => email === accounts.admin)
          ?.bindings.push({ role: workloadIdentityUser, members });
      },
    },
  ],
});

/** Everywhere that somebody can be named. */
export function judgeMembers(plane: GooglePlane, target: GoogleTarget): Finding[] {
  return policiesIn(plane).map(({ resource, bindings }): Finding => {
    const foreign = bindings
      .flatMap((binding) => binding.members.map((member) => ({ binding, member })))
      .find(
        ({ binding, member }) =>
          !isOwnMember(member, plane.googleProject, target) && !isVendors(resource, binding, member, target),
      );
    return foreign
      ? fail(resource, `gives ${foreign.member} ${foreign.binding.role}`)
      : pass(resource, `${bindings.length} grants, to own accounts and people only`);
  });
}

/** One named role of AWS's becomes the one account that is there for it. */
function isVendors(resource: string, { role }: GoogleBinding, member: string, { management, project }: GoogleTarget) {
  if (!management || resource !== named.account(project, management.account)) return false;
  return role === workloadIdentityUser && vendorSession.test(member);
}
