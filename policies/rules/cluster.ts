/** Kubernetes clusters and their nodes, as the cloud makes them. */
import { isAnywhere, listOf, objectOf, objectsOf, textsOf } from "../inputs.ts";
import type { Rule } from "../rule.ts";

const cluster = "aws:eks/cluster:Cluster";

export const apiNotPublic: Rule = {
  name: "kubernetes-api-not-public",
  controls: ["byoc-k8s-api-never-public"],
  says: "A cluster's API answers inside its network, or to listed networks besides; never to the internet.",
  types: [cluster],
  judge: ({ vpcConfig }) => {
    const { endpointPublicAccess, endpointPrivateAccess, publicAccessCidrs } = objectOf(vpcConfig);
    const open = endpointPublicAccess !== false;
    const from = listOf(publicAccessCidrs);
    return [
      ...(endpointPrivateAccess === true ? [] : ["endpointPrivateAccess is not on"]),
      ...(open && (from.length === 0 || from.some(isAnywhere)) ? ["its API answers the whole internet"] : []),
    ];
  },
};

export const clusterSecretsEncrypted: Rule = {
  name: "cluster-secrets-encrypted",
  controls: ["enc-at-rest-secrets-backend"],
  says: "Secrets rest in the cluster under an envelope key of ours.",
  types: [cluster],
  judge: ({ encryptionConfig }) => {
    const { resources, provider } = objectOf(encryptionConfig);
    return textsOf(resources).includes("secrets") && objectOf(provider).keyArn
      ? []
      : ["encryptionConfig names no key for secrets"];
  },
};

const logTypes = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

export const clusterTellsAll: Rule = {
  name: "cluster-tells-all",
  controls: ["cp-continuous-monitoring"],
  says: "All five logs of a cluster's control plane are kept.",
  types: [cluster],
  judge: ({ enabledClusterLogTypes }) => {
    const kept = textsOf(enabledClusterLogTypes);
    return logTypes.filter((type) => !kept.includes(type)).map((type) => `log ${type} is off`);
  },
};

export const nodesKeepTheirRole: Rule = {
  name: "nodes-keep-their-role",
  controls: ["k8s-workload-identity-per-pod"],
  says: "A pod cannot borrow its node's role: the metadata service wants a session token, one hop away.",
  types: ["aws:ec2/launchTemplate:LaunchTemplate"],
  judge: ({ metadataOptions }) => {
    const { httpTokens, httpPutResponseHopLimit } = objectOf(metadataOptions);
    return [
      ...(httpTokens === "required" ? [] : ["httpTokens is not required"]),
      ...(httpPutResponseHopLimit === 1 ? [] : ["httpPutResponseHopLimit is not 1"]),
    ];
  },
};

export const nodeDisksEncrypted: Rule = {
  name: "node-disks-encrypted",
  controls: ["enc-at-rest-metrics-store"],
  says: "Every disk of a node is encrypted.",
  types: ["aws:ec2/launchTemplate:LaunchTemplate"],
  judge: ({ blockDeviceMappings }) => {
    const disks = objectsOf(blockDeviceMappings);
    if (disks.length === 0) return ["no disk is described, so the image's own is taken as it is"];
    return disks
      .filter(({ ebs }) => String(objectOf(ebs).encrypted) !== "true")
      .map(({ deviceName }) => `${String(deviceName)} is not encrypted`);
  },
};
