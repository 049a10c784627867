/** What Google Cloud's provider computes and answers, for programs built against mocks. */
type Inputs = Record<string, unknown>;

const number = "123456789012";

export const googleComputed: Record<string, (inputs: Inputs, name: string) => Inputs> = {
  "gcp:serviceaccount/account:Account": ({ accountId, project }) => ({
    email: `${accountId}@${project}.iam.gserviceaccount.com`,
    member: `serviceAccount:${accountId}@${project}.iam.gserviceaccount.com`,
    name: `projects/${project}/serviceAccounts/${accountId}@${project}.iam.gserviceaccount.com`,
  }),
  "gcp:projects/serviceIdentity:ServiceIdentity": ({ service }) => ({ member: `serviceAccount:agent of ${service}` }),
  "gcp:compute/address:Address": ({ name, addressType }) => ({
    address: addressType === "INTERNAL" ? "10.9.0.7" : `address of ${name}`,
    selfLink: `link of ${name}`,
  }),
  "gcp:compute/forwardingRule:ForwardingRule": ({ name }) => ({ selfLink: `link of ${name}`, pscConnectionId: "4711" }),
  "gcp:compute/serviceAttachment:ServiceAttachment": ({ project, region, name }) => ({
    selfLink: `projects/${project}/regions/${region}/serviceAttachments/${name}`,
  }),
  "gcp:container/cluster:Cluster": () => ({
    endpoint: "10.40.128.2",
    masterVersion: "1.34.1-gke.1829001",
    masterAuth: { clusterCaCertificate: "Q0E=" },
  }),
  "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": ({ workloadIdentityPoolId }) => ({
    name: `projects/${number}/locations/global/workloadIdentityPools/${workloadIdentityPoolId}`,
  }),
  "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": ({ workloadIdentityPoolId }) => ({
    name: `projects/${number}/locations/global/workloadIdentityPools/${workloadIdentityPoolId}/providers/vendor`,
  }),
};

export const googleAnswers: Record<string, Inputs> = {
  "gcp:organizations/getProject:getProject": { number },
  "gcp:storage/getProjectServiceAccount:getProjectServiceAccount": { member: "serviceAccount:agent of storage" },
  "gcp:logging/getProjectCmekSettings:getProjectCmekSettings": { serviceAccountId: "agent of logging" },
  "gcp:compute/getSubnetwork:getSubnetwork": {
    network: "projects/host/global/networks/shared",
    selfLink: "projects/host/regions/europe-west4/subnetworks/nodes",
    privateIpGoogleAccess: true,
    secondaryIpRanges: [{ rangeName: "pods" }, { rangeName: "services" }],
  },
  // A cluster that a base phase made.
  "gcp:container/getCluster:getCluster": {
    endpoint: "10.40.128.2",
    masterVersion: "1.34.1-gke.1829001",
    masterAuths: [{ clusterCaCertificate: "Q0E=" }],
    privateClusterConfigs: [{ enablePrivateNodes: true, enablePrivateEndpoint: true }],
    masterAuthorizedNetworksConfigs: [{ cidrBlocks: [] }],
    databaseEncryptions: [
      { state: "ENCRYPTED", keyName: "projects/acme-data/locations/europe-west4/keyRings/r/cryptoKeys/k" },
    ],
    workloadIdentityConfigs: [{ workloadPool: "acme-data.svc.id.goog" }],
    datapathProvider: "ADVANCED_DATAPATH",
    enableShieldedNodes: true,
    enableLegacyAbac: false,
    nodePools: [{ nodeConfigs: [{ workloadMetadataConfigs: [{ mode: "GKE_METADATA" }] }] }],
    loggingConfigs: [
      { enableComponents: ["SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER", "WORKLOADS"] },
    ],
  },
};
