/** The good plane once more, as it stands on Google Cloud: what differs is who its pods are, and by whom they are told so. */
import { identityAnnotations } from "../../components/identity/contract.ts";
import { podMember, workloadIdentityUser } from "../../components/identity/gcp-roles.ts";
import type { Facts } from "../facts.ts";
import { adminAccounts, type GoogleTarget, googleTargetSchema, projectNamespaces, type Targets } from "../target.ts";
import { goodFacts, goodTarget } from "./good-plane.ts";
import { goodControlPlane } from "./good-region.ts";

const { org, model, clusterName, projects, buckets, registryHosts, releasedDigests, kubeconfig } = goodTarget;
const node = "gke-main-a";

export const goodGoogleTarget: GoogleTarget = googleTargetSchema.parse({
  ...{ org, model, clusterName, projects, buckets, registryHosts, releasedDigests, kubeconfig },
  ...{ cloud: "gcp", project: "acme-data", region: "europe-west4" },
  accounts: {
    admin: "adminflyterole@acme-data.iam.gserviceaccount.com",
    user: "userflyterole@acme-data.iam.gserviceaccount.com",
  },
});

export const goodGoogleTargets: Targets = { google: goodGoogleTarget, controlPlane: goodControlPlane };

export function goodGoogleFacts(): Facts {
  const facts = goodFacts();
  const { admin, user } = goodGoogleTarget.accounts;
  const platform = new Set(adminAccounts(goodGoogleTarget));
  for (const { metadata } of facts.serviceAccounts) {
    if (!metadata?.annotations) continue;
    metadata.annotations = { [identityAnnotations.gcp]: platform.has(metadata.name ?? "") ? admin : user };
  }
  for (const { spec } of facts.pods) {
    if (!spec) continue;
    spec.nodeName = node;
    delete spec.volumes;
    for (const container of spec.containers) {
      container.env = (container.env ?? []).filter(({ name }) => !name.startsWith("AWS_"));
    }
  }
  facts.nodes = [{ metadata: { name: node, labels: { "iam.gke.io/gke-metadata-server-enabled": "true" } } }];
  facts.googleAccounts = googleAccounts();
  return facts;
}

function googleAccounts(): Facts["googleAccounts"] {
  const { accounts, project, namespace } = goodGoogleTarget;
  const takenBy = (members: string[]) => ({ role: workloadIdentityUser, members });
  const signs = { role: `projects/${project}/roles/acme_local_signer`, members: [`serviceAccount:${accounts.admin}`] };
  const platform = adminAccounts(goodGoogleTarget).map((name) => podMember(project, namespace, name));
  const tasks = projectNamespaces(goodGoogleTarget).map((space) => podMember(project, space, "default"));
  return [
    { email: accounts.admin, userKeys: [], bindings: [takenBy(platform), signs] },
    { email: accounts.user, userKeys: [], bindings: [takenBy(tasks)] },
    { email: `nodes@${project}.iam.gserviceaccount.com`, userKeys: [], bindings: [] },
  ];
}
