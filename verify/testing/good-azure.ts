/** The good plane once more, as it stands on Azure: what differs is who its pods are, and by whom they are told so. */
import { identityAnnotations, podLabelsOf, secretsServiceAccount } from "../../components/identity/contract.ts";
import { adminIdentity, foundIdentity, taskIdentityIn } from "../azure-identities.ts";
import type { Facts } from "../facts.ts";
import { storeHost } from "../probes/store-host.ts";
import { type AzureTarget, adminAccounts, azureTargetSchema, projectNamespaces, type Targets } from "../target.ts";
import { goodAzureSubscription, nodeName, nodeProvider, staff } from "./good-azure-subscription.ts";
import { goodFacts, goodTarget } from "./good-plane.ts";
import { goodLogs } from "./good-probes.ts";
import { goodControlPlane } from "./good-region.ts";
import { kept } from "./kept.ts";

const { org, model, clusterName, projects, buckets, registryHosts, releasedDigests, kubeconfig } = goodTarget;

export const goodAzureTarget: AzureTarget = azureTargetSchema.parse({
  ...{ org, model, clusterName, projects, buckets, registryHosts, releasedDigests, kubeconfig },
  ...{ cloud: "azure", region: "westeurope", secretsBackend: "azure-key-vault" },
  subscription: "11111111-1111-4111-8111-111111111111",
  tenant: "22222222-2222-4222-8222-222222222222",
  groups: { cluster: `${clusterName}-base`, workloads: `${clusterName}-workloads` },
  ...{
    storageAccount: "acmelocal1",
    registry: "acmelocal1",
    repository: "union-tasks",
    secretsVault: "acme-secrets-1",
  },
  logWorkspace: "77777777-7777-4777-8777-777777777777",
  ...{ ownPrincipals: [staff], identityGroups: [] },
  azure: { accessTokenFile: "/nowhere/token", storageTokenFile: "/nowhere/storage-token" },
});

export const goodAzureTargets: Targets = { azure: goodAzureTarget, controlPlane: goodControlPlane };

export const goodAzureFacts = kept(makeFacts, goodAzureTarget);

function makeFacts(target: AzureTarget): Facts {
  const facts = goodFacts({ ...goodTarget, servesApps: target.servesApps });
  const own = goodAzureSubscription(target);
  const { namespace } = target;
  const clientOf = (identity: Parameters<typeof foundIdentity>[2]) =>
    foundIdentity(own.azureIdentities, target, identity)?.clientId ?? "";
  facts.serviceAccounts = [
    ...facts.serviceAccounts.filter(({ metadata }) => metadata?.name !== secretsServiceAccount),
    { metadata: { namespace, name: secretsServiceAccount, annotations: {} } },
  ];
  const platform = new Set(adminAccounts(target));
  const spaces = projectNamespaces(target);
  for (const { metadata } of facts.serviceAccounts) {
    if (!metadata?.annotations) continue;
    const identity =
      metadata.namespace === namespace && platform.has(metadata.name ?? "")
        ? adminIdentity(target)
        : spaces.includes(metadata.namespace ?? "") && metadata.name === "default"
          ? taskIdentityIn(target, metadata.namespace ?? "")
          : undefined;
    metadata.annotations = identity ? { [identityAnnotations.azure]: clientOf(identity) } : {};
  }
  const named = new Set(
    facts.serviceAccounts
      .filter(({ metadata }) => metadata?.annotations?.[identityAnnotations.azure])
      .map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`),
  );
  for (const { metadata, spec } of facts.pods) {
    if (!spec || !metadata) continue;
    spec.nodeName = nodeName;
    delete spec.volumes;
    if (named.has(`${metadata.namespace}/${spec.serviceAccountName ?? "default"}`))
      metadata.labels = { ...metadata.labels, ...podLabelsOf({ cloud: "azure" }) };
    for (const container of spec.containers) {
      container.env = (container.env ?? []).filter(({ name }) => !name.startsWith("AWS_"));
    }
  }
  for (const probed of facts.probedStore) probed.host = storeHost(target);
  facts.probedLogs = goodLogs(target);
  facts.nodes = [{ metadata: { name: nodeName }, spec: { providerID: nodeProvider(target) } }];
  return { ...facts, ...own };
}
