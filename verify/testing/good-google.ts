/** The good plane once more, as it stands on Google Cloud: what differs is who its pods are, and by whom they are told so. */
import { identityAnnotations, secretsServiceAccount } from "../../components/identity/contract.ts";
import type { Facts } from "../facts.ts";
import { adminAccounts, type GoogleTarget, googleTargetSchema, type Targets } from "../target.ts";
import { goodGoogleProject, nodeName, nodeProvider } from "./good-google-project.ts";
import { goodFacts, goodTarget } from "./good-plane.ts";
import { goodLogs } from "./good-probes.ts";
import { goodControlPlane } from "./good-region.ts";
import { kept } from "./kept.ts";

const { org, model, clusterName, projects, buckets, registryHosts, releasedDigests, kubeconfig } = goodTarget;

export const goodGoogleTarget: GoogleTarget = googleTargetSchema.parse({
  ...{ org, model, clusterName, projects, buckets, registryHosts, releasedDigests, kubeconfig },
  ...{ cloud: "gcp", project: "acme-data", region: "europe-west4" },
  ...{ repository: "union-tasks", secretsBackend: "gcp-secret-manager", ownDomains: ["acme.test"], accountGroups: [] },
  logView: `projects/acme-data/locations/europe-west4/buckets/${clusterName}-logs/views/${clusterName}-logs`,
  accounts: {
    admin: "adminflyterole@acme-data.iam.gserviceaccount.com",
    user: "userflyterole@acme-data.iam.gserviceaccount.com",
  },
});

export const goodGoogleTargets: Targets = { google: goodGoogleTarget, controlPlane: goodControlPlane };

export const goodGoogleFacts = kept(makeFacts, goodGoogleTarget);

function makeFacts(target: GoogleTarget): Facts {
  const facts = goodFacts({ ...goodTarget, servesApps: target.servesApps });
  const { namespace, accounts } = target;
  const { admin, user } = accounts;
  const keeper = { namespace, name: secretsServiceAccount, annotations: {} };
  facts.serviceAccounts = [
    ...facts.serviceAccounts.filter(({ metadata }) => metadata?.name !== secretsServiceAccount),
    { metadata: keeper },
  ];
  const platform = new Set(adminAccounts(target));
  for (const { metadata } of facts.serviceAccounts) {
    if (!metadata?.annotations) continue;
    metadata.annotations = { [identityAnnotations.gcp]: platform.has(metadata.name ?? "") ? admin : user };
  }
  for (const { spec } of facts.pods) {
    if (!spec) continue;
    spec.nodeName = nodeName;
    delete spec.volumes;
    for (const container of spec.containers) {
      container.env = (container.env ?? []).filter(({ name }) => !name.startsWith("AWS_"));
    }
  }
  const labels = { "iam.gke.io/gke-metadata-server-enabled": "true" };
  facts.nodes = [{ metadata: { name: nodeName, labels }, spec: { providerID: nodeProvider(target) } }];
  facts.probedLogs = goodLogs(target);
  return { ...facts, ...goodGoogleProject(target) };
}
