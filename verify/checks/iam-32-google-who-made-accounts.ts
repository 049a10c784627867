import { defineGoogleCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import type { GoogleCreationFact } from "../facts-google.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { callThatMadeAccount } from "../reason/gcp/creation.ts";
import { isOwnMember } from "../reason/gcp/own.ts";
import type { GoogleTarget } from "../target.ts";
import { changing } from "./who-made.ts";

type Call = GoogleCreationFact["calls"][number];
type Project = Facts["googleProject"];

/**
 * In BYOC too: whoever writes an account's policy can take it, so a vendor that made these would have a way to data. The
 * account that the call was made by is asked for its policy as it is now.
 */
export const accountsMadeByCustomer = defineGoogleCheck({
  id: "IAM-32",
  title:
    "The customer's own principals made both service accounts, and nobody else could have acted as one of them, by its policy",
  severity: "high",
  claims: ["iam-provisioned-by-customer-sm"],
  supersedes: { "iam-provisioned-by-vendor-byoc": "docs/decisions/0059-roles-made-with-the-customers-rights.md" },
  documented: ["C07"],
  fix: "Replace the account by the customer stack, run by the customer's own people or by an account of the project.",
  needs: ["googleCreations", "googleProject"],
  evaluate({ googleCreations, googleProject }, target) {
    return [target.accounts.admin, target.accounts.user].map((email) => {
      const made = googleCreations.find((one) => one.email === email);
      return made ? judge(made, googleProject, target) : fail(email, "nothing is told of its making");
    });
  },
  sabotages: [
    {
      name: "somebody of the vendor's made the first",
      apply: ({ googleCreations }) =>
        change(googleCreations.at(0), ({ by }) => {
          by.member = stranger;
          delete by.bindings;
        }),
    },
    {
      name: "an account of the vendor's project made the last",
      apply: ({ googleCreations }) =>
        change(googleCreations.at(-1), ({ by }) => {
          by.member = "serviceAccount:onboarding@vendor-ops.iam.gserviceaccount.com";
          by.bindings = [];
        }),
    },
    {
      name: "the last was made by an own account that somebody of the vendor's acted as",
      apply: ({ googleCreations }) =>
        change(googleCreations.at(-1), ({ by }) => {
          by.through.push(stranger);
        }),
    },
    {
      name: "the last was made by an own account that somebody of the vendor's may act as",
      apply: ({ googleCreations }, { project }) =>
        change(googleCreations.at(-1), ({ by }) => {
          by.member = `serviceAccount:deployer@${project}.iam.gserviceaccount.com`;
          by.bindings = [
            { role: "roles/iam.workloadIdentityUser", members: [] },
            { role: "roles/iam.serviceAccountTokenCreator", members: ["user:root@acme.test", stranger] },
          ];
        }),
    },
    {
      name: "the first was made by the vendor's management account, whoever that trusts",
      apply: ({ googleCreations }, { management, project }) =>
        change(googleCreations.at(0), ({ by }) => {
          by.member = `serviceAccount:${management?.account ?? `support@${project}-vendor.iam.gserviceaccount.com`}`;
          by.bindings = [];
        }),
    },
    {
      name: "whom the account trusts that made the last is not told",
      apply: ({ googleCreations }, { project }) =>
        change(googleCreations.at(-1), ({ by }) => {
          by.member = `serviceAccount:deployer@${project}.iam.gserviceaccount.com`;
          delete by.bindings;
        }),
    },
    {
      name: "the call for the first failed",
      apply: ({ googleCreations }) =>
        change(googleCreations.at(0), (call) => {
          call.error = "6 already exists";
        }),
    },
    {
      name: "the call for the last made an earlier one of its name",
      apply: ({ googleCreations }) =>
        change(googleCreations.at(-1), (call) => {
          call.madeId = "1";
        }),
    },
    {
      name: "no call made the first",
      apply({ googleCreations }) {
        for (const made of googleCreations.slice(0, 1)) made.calls = [];
      },
    },
    {
      name: "nothing is told of the last",
      apply({ googleCreations }) {
        googleCreations.pop();
      },
    },
  ],
});

function judge(made: GoogleCreationFact, project: Project, target: GoogleTarget): Finding {
  const { email, uniqueId } = made;
  const call = callThatMadeAccount(made);
  if (!call) return fail(email, `none of ${made.calls.length} calls to make an account of its name made ${uniqueId}`);
  const { by, at, insertId } = call;
  const reason = foreignness(by, project, target);
  return reason
    ? fail(email, `made at ${at} by ${reason}`)
    : pass(email, `made at ${at} by ${by.member} (${insertId})`);
}

/** Why it is none of the customer's alone. */
function foreignness({ member, through, bindings }: Call["by"], project: Project, target: GoogleTarget) {
  const isOwn = (one: string) =>
    isOwnMember(one, project, target) && one !== `serviceAccount:${target.management?.account}`;
  if (!isOwn(member)) return `${member}, none of the customer's own`;
  const actor = through.find((one) => !isOwn(one));
  if (actor !== undefined) return `${actor}, as ${member}`;
  if (!member.startsWith("serviceAccount:")) return undefined;
  if (!bindings) return `${member}, and whom it trusts is not told`;
  const guest = bindings.flatMap(({ members }) => members).find((one) => !isOwn(one));
  return guest && `${member}, whose policy names ${guest}`;
}

const stranger = "user:staff@vendor.test";

const change = changing(callThatMadeAccount);
