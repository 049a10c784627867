/** Google Cloud. */
import * as gcp from "@pulumi/gcp";
import type { Pair } from "./programs.ts";

const labels = { "biplane-managed-by": "pulumi", "biplane-plane": "compute", "biplane-cluster": "one" };
const key = "projects/p/locations/r/keyRings/k/cryptoKeys/k";

const bucket = (args: Partial<gcp.storage.BucketArgs>) =>
  new gcp.storage.Bucket("bucket", {
    location: "EUROPE-WEST4",
    uniformBucketLevelAccess: true,
    publicAccessPrevention: "enforced",
    encryption: { defaultKmsKeyName: key },
    versioning: { enabled: true },
    cors: [{ origins: ["https://console.example.com"], methods: ["GET"] }],
    labels,
    ...args,
  });

const node = {
  serviceAccount: "nodes@p.iam.gserviceaccount.com",
  bootDiskKmsKey: key,
  workloadMetadataConfig: { mode: "GKE_METADATA" },
  shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
  metadata: { "disable-legacy-endpoints": "true" },
};

const cluster = (args: Partial<gcp.container.ClusterArgs>) =>
  new gcp.container.Cluster("cluster", {
    privateClusterConfig: { enablePrivateNodes: true, enablePrivateEndpoint: true },
    masterAuthorizedNetworksConfig: { cidrBlocks: [] },
    databaseEncryption: { state: "ENCRYPTED", keyName: key },
    loggingConfig: { enableComponents: ["SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"] },
    datapathProvider: "ADVANCED_DATAPATH",
    workloadIdentityConfig: { workloadPool: "p.svc.id.goog" },
    enableShieldedNodes: true,
    nodeConfig: node,
    resourceLabels: labels,
    ...args,
  });

const pool = (nodeConfig: gcp.types.input.container.NodePoolNodeConfig) =>
  new gcp.container.NodePool("pool", { cluster: "cluster", nodeConfig });

const trusting = (member: string) =>
  new gcp.serviceaccount.IAMMember("trust", {
    ...{ serviceAccountId: "account", role: "roles/iam.workloadIdentityUser", member },
  });

const inProject = (role: string, member: string) => new gcp.projects.IAMMember("grant", { project: "p", role, member });

const custom = (permission: string) =>
  new gcp.projects.IAMCustomRole("role", { title: "A role", roleId: "a_role", permissions: [permission] });

const cryptoKey = (rotationPeriod: string | undefined) =>
  new gcp.kms.CryptoKey("key", { keyRing: "ring", rotationPeriod, labels });

const repository = (immutableTags: boolean) =>
  new gcp.artifactregistry.Repository("images", {
    ...{ repositoryId: "images", format: "DOCKER", kmsKeyName: key, dockerConfig: { immutableTags }, labels },
  });

const logs = (cmekSettings: { kmsKeyName: string } | undefined) =>
  new gcp.logging.ProjectBucketConfig("logs", {
    ...{ project: "p", location: "r", bucketId: "logs", retentionDays: 90, cmekSettings },
  });

const firewall = (sourceRanges: string[]) =>
  new gcp.compute.Firewall("in", { network: "n", allows: [{ protocol: "tcp", ports: ["443"] }], sourceRanges });

const subnet = (flowSampling: number) =>
  new gcp.compute.Subnetwork("nodes", {
    ...{ network: "n", ipCidrRange: "10.0.0.0/24", privateIpGoogleAccess: true, logConfig: { flowSampling } },
  });

const attachment = (connectionPreference: string) =>
  new gcp.compute.ServiceAttachment("link", {
    ...{ region: "r", enableProxyProtocol: false, natSubnets: ["s"], targetService: "t", connectionPreference },
    consumerAcceptLists: [{ projectIdOrNum: "vendor", connectionLimit: 1 }],
  });

const role = "roles/container.defaultNodeServiceAccount";
const nodes = "serviceAccount:nodes@p.iam.gserviceaccount.com";
const pod = "serviceAccount:p.svc.id.goog[union/executor]";

export const googlePrograms: Record<string, Pair> = {
  "google-no-ingress-from-anywhere": {
    bad: () => firewall(["0.0.0.0/0"]),
    good: () => firewall(["203.0.113.0/24"]),
  },
  "google-subnets-are-private-and-logged": { bad: () => subnet(0.5), good: () => subnet(1) },
  "google-private-link-peers-are-accepted": {
    bad: () => attachment("ACCEPT_AUTOMATIC"),
    good: () => attachment("ACCEPT_MANUAL"),
  },
  "google-kubernetes-api-not-public": {
    bad: () => cluster({ masterAuthorizedNetworksConfig: { cidrBlocks: [{ cidrBlock: "0.0.0.0/0" }] } }),
    good: () => cluster({ masterAuthorizedNetworksConfig: { cidrBlocks: [{ cidrBlock: "203.0.113.7/32" }] } }),
  },
  "google-cluster-secrets-encrypted": {
    bad: () => cluster({ databaseEncryption: { state: "DECRYPTED" } }),
    good: () => cluster({}),
  },
  "google-cluster-tells-all": {
    bad: () => cluster({ loggingConfig: { enableComponents: ["SYSTEM_COMPONENTS"] } }),
    good: () => cluster({}),
  },
  "google-cluster-enforces-its-walls": {
    bad: () => cluster({ datapathProvider: "LEGACY_DATAPATH" }),
    good: () => cluster({}),
  },
  "google-nodes-keep-their-account": {
    bad: () => pool({ ...node, workloadMetadataConfig: { mode: "GCE_METADATA" } }),
    good: () => pool(node),
  },
  "google-node-disks-encrypted": {
    bad: () => pool({ serviceAccount: node.serviceAccount }),
    good: () => pool(node),
  },
  "google-no-static-identity": {
    bad: () => new gcp.serviceaccount.Key("robot", { serviceAccountId: "account" }),
    good: () => trusting(pod),
  },
  "google-trust-is-exact": { bad: () => trusting("serviceAccount:p.svc.id.goog[union/*]"), good: () => trusting(pod) },
  "google-rights-are-bounded": {
    bad: () => inProject("roles/storage.objectAdmin", nodes),
    good: () => inProject(role, nodes),
  },
  "google-nothing-is-everybodys": {
    bad: () => inProject(role, "allAuthenticatedUsers"),
    good: () => inProject(role, nodes),
  },
  "google-custom-roles-cannot-grow": {
    bad: () => custom("iam.serviceAccounts.getAccessToken"),
    good: () => custom("iam.serviceAccounts.signBlob"),
  },
  "google-key-rotates": { bad: () => cryptoKey(undefined), good: () => cryptoKey("7776000s") },
  "google-images-stay-what-they-are": { bad: () => repository(false), good: () => repository(true) },
  "google-logs-encrypted-and-kept": { bad: () => logs(undefined), good: () => logs({ kmsKeyName: key }) },
  "google-owner-is-labelled": { bad: () => bucket({ labels: { team: "x" } }), good: () => bucket({}) },
  "google-bucket-closed-to-the-public": {
    bad: () => bucket({ publicAccessPrevention: "inherited" }),
    good: () => bucket({}),
  },
  "google-bucket-sealed": { bad: () => bucket({ encryption: undefined }), good: () => bucket({}) },
  "google-bucket-keeps-its-objects": { bad: () => bucket({ forceDestroy: true }), good: () => bucket({}) },
  "google-bucket-cors-names-its-origins": {
    bad: () => bucket({ cors: [{ origins: ["*"], methods: ["GET"] }] }),
    good: () => bucket({}),
  },
};
