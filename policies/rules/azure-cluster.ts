/** AKS clusters and their nodes. */
import { isAnywhere, objectOf, objectsOf, textOf, textsOf } from "../inputs.ts";
import type { Rule } from "../rule.ts";

const cluster = "azure-native:containerservice:ManagedCluster";
const pool = "azure-native:containerservice:AgentPool";

export const azureApiNotPublic: Rule = {
  name: "azure-kubernetes-api-not-public",
  controls: ["byoc-k8s-api-never-public"],
  says: "A cluster's API answers inside its network, or to listed networks only; nobody runs commands past it.",
  types: [cluster],
  judge: ({ apiServerAccessProfile }) => {
    const { enablePrivateCluster, authorizedIPRanges, disableRunCommand } = objectOf(apiServerAccessProfile);
    const listed = textsOf(authorizedIPRanges);
    const narrow = listed.length > 0 && !listed.some(isAnywhere);
    return [
      ...(enablePrivateCluster === true || narrow ? [] : ["its API answers more than listed networks"]),
      ...(disableRunCommand === true ? [] : ["commands run through Azure, past its network"]),
    ];
  },
};

export const azurePeopleByEntra: Rule = {
  name: "azure-cluster-people-come-by-entra",
  controls: ["iam-no-static-credentials", "k8s-rbac-service-accounts"],
  says: "People come to a cluster by Entra alone: no certificate of its administrator's is handed out.",
  types: [cluster],
  judge: ({ disableLocalAccounts, enableRBAC, aadProfile }) => [
    ...(disableLocalAccounts === true ? [] : ["local accounts are not disabled"]),
    ...(objectOf(aadProfile).managed === true ? [] : ["aadProfile is not managed"]),
    ...(enableRBAC === false ? ["enableRBAC is off"] : []),
  ],
};

export const azureSecretsEncrypted: Rule = {
  name: "azure-cluster-secrets-encrypted",
  controls: ["enc-at-rest-secrets-backend"],
  says: "Secrets rest in the cluster under an envelope key of ours.",
  types: [cluster],
  judge: ({ securityProfile }) => {
    const envelope = objectOf(objectOf(securityProfile).azureKeyVaultKms);
    return envelope.enabled === true && "keyId" in envelope ? [] : ["azureKeyVaultKms names no key"];
  },
};

export const azureClusterWalls: Rule = {
  name: "azure-cluster-enforces-its-walls",
  controls: ["k8s-network-policies-isolate-pods", "k8s-workload-identity-per-pod"],
  says: "A cluster enforces NetworkPolicy, and gives pods identities of their own.",
  types: [cluster],
  judge: ({ networkProfile, securityProfile, oidcIssuerProfile }) => [
    ...(["cilium", "azure", "calico"].includes(textOf(objectOf(networkProfile).networkPolicy))
      ? []
      : ["networkPolicy enforces nothing"]),
    ...(objectOf(objectOf(securityProfile).workloadIdentity).enabled === true ? [] : ["workloadIdentity is off"]),
    ...(objectOf(oidcIssuerProfile).enabled === true ? [] : ["oidcIssuerProfile is off"]),
  ],
};

export const azureNodeDisksSealed: Rule = {
  name: "azure-node-disks-encrypted",
  controls: ["enc-at-rest-metrics-store"],
  says: "Disks of a cluster's nodes rest under a named key, their caches too, and no node has a public address.",
  types: [cluster, pool],
  judge: (inputs, { type }) => {
    const pools = type === pool ? [inputs] : objectsOf(inputs.agentPoolProfiles);
    return [
      ...(type === pool || "diskEncryptionSetID" in inputs ? [] : ["diskEncryptionSetID is not set"]),
      ...(pools.every(({ enableEncryptionAtHost }) => enableEncryptionAtHost === true)
        ? []
        : ["enableEncryptionAtHost is not on"]),
      ...(pools.some(({ enableNodePublicIP }) => enableNodePublicIP === true) ? ["enableNodePublicIP is on"] : []),
    ];
  },
};

const needed = ["kube-apiserver", "kube-audit-admin", "guard"];

export const azureClusterTellsAll: Rule = {
  name: "azure-cluster-tells-all",
  controls: ["cp-continuous-monitoring"],
  says: "What a cluster's control plane records goes to a workspace: who asked for what, and by which sign-in.",
  types: ["azure-native:monitor:DiagnosticSetting"],
  judge: (inputs) => {
    const kept = objectsOf(inputs.logs).flatMap(({ category, enabled }) =>
      enabled === true ? [textOf(category)] : [],
    );
    return [
      ...needed.filter((category) => !kept.includes(category)).map((category) => `log ${category} is off`),
      ...("workspaceId" in inputs ? [] : ["workspaceId is not set"]),
    ];
  },
};
