/** The same plane on Google Cloud, operated by its vendor: its account, and its private link, as the stacks make them. */
import { workloadIdentityUser } from "../../components/identity/gcp-roles.ts";
import { managementPermissions } from "../../components/management/gcp-levels.ts";
import { sessionsOf } from "../../components/management/gcp-trust.ts";
import type { Facts } from "../facts.ts";
import { type GoogleTarget, googleTargetSchema, type Targets } from "../target.ts";
import { goodGoogleFacts, goodGoogleTarget, goodGoogleTargets } from "./good-google.ts";
import { projectNumber } from "./good-google-project.ts";
import { letManage } from "./good-management.ts";

/** The one by which the vendor changes anything there. */
const level = "full";
const { project, region } = goodGoogleTarget;
const account = `acme-local-management@${project}.iam.gserviceaccount.com`;
const attachment = `projects/${project}/regions/${region}/serviceAttachments/acme-local-api`;

const goodGoogleByocTarget: GoogleTarget = googleTargetSchema.parse({
  ...goodGoogleTarget,
  model: "byoc",
  servesApps: true,
  management: { account, level, serviceAttachment: attachment },
});

export const goodGoogleByocTargets: Targets = { ...goodGoogleTargets, google: goodGoogleByocTarget };

export function goodGoogleByocFacts(): Facts {
  const facts = goodGoogleFacts(goodGoogleByocTarget);
  const role = `projects/${project}/roles/acme_local_management`;
  const pool = `projects/${projectNumber}/locations/global/workloadIdentityPools/acme-local-vendor`;
  const [session = ""] = sessionsOf({ account: "111111111111", roles: ["operations"] });
  const member = `principalSet://iam.googleapis.com/${pool}/attribute.aws_role/${session}`;
  facts.googleAccounts.push({
    ...{ email: account, userKeys: [] },
    bindings: [{ role: workloadIdentityUser, members: [member] }],
  });
  facts.googleProject.policies[0]?.bindings.push({ role, members: [`serviceAccount:${account}`] });
  facts.googleRoles.push({ name: role, permissions: [...managementPermissions[level]] });
  facts.googleNetwork.attachments.push({
    ...{ name: attachment, preference: "ACCEPT_MANUAL", accepted: ["vendor-ops"], schemes: ["INTERNAL_MANAGED"] },
    connections: [{ endpoint: `projects/vendor-ops/regions/${region}/forwardingRules/api`, state: "ACCEPTED" }],
  });
  letManage(facts, { user: account, level }, goodGoogleByocTarget);
  return facts;
}
