/** GKE clusters and their nodes. */
import { isAnywhere, objectOf, objectsOf, textsOf } from "../inputs.ts";
import type { Inputs, Rule } from "../rule.ts";

const cluster = "gcp:container/cluster:Cluster";
const pool = "gcp:container/nodePool:NodePool";

export const googleApiNotPublic: Rule = {
  name: "google-kubernetes-api-not-public",
  controls: ["byoc-k8s-api-never-public"],
  says: "A cluster's API answers inside its network, or to listed networks besides; its nodes have no public address.",
  types: [cluster],
  judge: ({ privateClusterConfig, masterAuthorizedNetworksConfig }) => {
    const { enablePrivateNodes, enablePrivateEndpoint } = objectOf(privateClusterConfig);
    const listed = objectOf(masterAuthorizedNetworksConfig);
    const open = objectsOf(listed.cidrBlocks).some(({ cidrBlock }) => isAnywhere(cidrBlock));
    const unlisted = masterAuthorizedNetworksConfig === undefined || listed.gcpPublicCidrsAccessEnabled === true;
    return [
      ...(enablePrivateNodes === true ? [] : ["enablePrivateNodes is not on"]),
      ...(open || unlisted ? ["its API answers more than listed networks"] : []),
      ...(enablePrivateEndpoint === true || listed.cidrBlocks !== undefined ? [] : ["no network is listed"]),
    ];
  },
};

export const googleSecretsEncrypted: Rule = {
  name: "google-cluster-secrets-encrypted",
  controls: ["enc-at-rest-secrets-backend"],
  says: "Secrets rest in the cluster under an envelope key of ours.",
  types: [cluster],
  judge: ({ databaseEncryption }) => {
    const { state, keyName } = objectOf(databaseEncryption);
    return state === "ENCRYPTED" && keyName ? [] : ["databaseEncryption names no key"];
  },
};

const needed = ["SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"];

export const googleClusterTellsAll: Rule = {
  name: "google-cluster-tells-all",
  controls: ["cp-continuous-monitoring"],
  says: "The logs of a cluster's control plane are kept.",
  types: [cluster],
  judge: ({ loggingConfig }) => {
    const kept = textsOf(objectOf(loggingConfig).enableComponents);
    return needed.filter((component) => !kept.includes(component)).map((component) => `log ${component} is off`);
  },
};

export const googleClusterWalls: Rule = {
  name: "google-cluster-enforces-its-walls",
  controls: ["k8s-network-policies-isolate-pods", "k8s-workload-identity-per-pod"],
  says: "A cluster enforces NetworkPolicy, gives pods identities of their own, and knows no older way in.",
  types: [cluster],
  judge: ({ datapathProvider, workloadIdentityConfig, enableShieldedNodes, enableLegacyAbac, masterAuth }) => [
    ...(datapathProvider === "ADVANCED_DATAPATH" ? [] : ["datapathProvider is not ADVANCED_DATAPATH"]),
    ...(objectOf(workloadIdentityConfig).workloadPool ? [] : ["workloadIdentityConfig names no pool"]),
    ...(enableShieldedNodes === false ? ["enableShieldedNodes is off"] : []),
    ...(enableLegacyAbac === true ? ["enableLegacyAbac is on"] : []),
    ...(objectOf(objectOf(masterAuth).clientCertificateConfig).issueClientCertificate === true
      ? ["a client certificate is issued, which never ends"]
      : []),
  ],
};

export const googleNodesHideThemselves: Rule = {
  name: "google-nodes-keep-their-account",
  controls: ["k8s-workload-identity-per-pod"],
  says: "A pod cannot borrow its node's account, which is one of its own; a node is measured when it starts.",
  types: [cluster, pool],
  judge: ({ nodeConfig }) =>
    nodeConfig === undefined ? ["nodeConfig is left to Google"] : faultsOf(objectOf(nodeConfig)),
};

function faultsOf(node: Inputs): string[] {
  const { enableSecureBoot, enableIntegrityMonitoring } = objectOf(node.shieldedInstanceConfig);
  const legacy = objectOf(node.metadata)["disable-legacy-endpoints"];
  return [
    ...(objectOf(node.workloadMetadataConfig).mode === "GKE_METADATA" ? [] : ["its metadata server is the instance's"]),
    ...("serviceAccount" in node ? [] : ["its account is the project's default one"]),
    ...(enableSecureBoot === true && enableIntegrityMonitoring === true ? [] : ["shieldedInstanceConfig is not whole"]),
    ...(legacy === "true" ? [] : ["legacy metadata endpoints answer"]),
  ];
}

export const googleNodeDisksSealed: Rule = {
  name: "google-node-disks-encrypted",
  controls: ["enc-at-rest-metrics-store"],
  says: "Every disk of a node rests under a named key.",
  types: [pool],
  judge: ({ nodeConfig }) => ("bootDiskKmsKey" in objectOf(nodeConfig) ? [] : ["bootDiskKmsKey is not set"]),
};
