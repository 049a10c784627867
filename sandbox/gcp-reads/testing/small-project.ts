/** One resource of each type that is answered for, in the words of the official package's own inputs. */
import type {
  artifactregistry,
  compute,
  container,
  kms,
  logging,
  orgpolicy,
  projects,
  serviceaccount,
  storage,
} from "@pulumi/gcp";
import { rows } from "../../providers/gcp/rows.ts";
import type { Entry } from "../../providers/machine/kept.ts";
import { properties } from "../../providers/machine/resource.ts";

const project = "acme-data";
const region = "europe-west4";
const place = { project, region };
const key = `projects/${project}/locations/${region}/keyRings/main/cryptoKeys/data`;
const network = `projects/${project}/global/networks/main`;
const labels = { "biplane-org": "acme" };

export const inputs = {
  "gcp:serviceaccount/account:Account": {
    project,
    accountId: "admin",
    displayName: "Admin",
  } satisfies serviceaccount.AccountArgs,
  "gcp:projects/iAMCustomRole:IAMCustomRole": {
    ...{ project, roleId: "main_signer", title: "Signs" },
    permissions: ["iam.serviceAccounts.signBlob"],
  } satisfies projects.IAMCustomRoleArgs,
  "gcp:orgpolicy/policy:Policy": {
    ...{ name: `projects/${project}/policies/storage.secureHttpTransport`, parent: `projects/${project}` },
    spec: { rules: [{ enforce: "TRUE" }] },
  } satisfies orgpolicy.PolicyArgs,
  "gcp:storage/bucket:Bucket": {
    ...{ project, name: "acme-metadata", location: "europe-west4", storageClass: "STANDARD", labels },
    ...{ uniformBucketLevelAccess: true, publicAccessPrevention: "enforced", versioning: { enabled: true } },
    encryption: { defaultKmsKeyName: key },
    softDeletePolicy: { retentionDurationSeconds: 604_800 },
    lifecycleRules: [
      {
        action: { type: "Delete" },
        condition: { matchesPrefixes: ["acme/"], withState: "ARCHIVED", daysSinceNoncurrentTime: 30 },
      },
    ],
    cors: [{ origins: ["https://union.test"], methods: ["GET"], responseHeaders: ["ETag"], maxAgeSeconds: 3600 }],
  } satisfies storage.BucketArgs,
  "gcp:artifactregistry/repository:Repository": {
    ...{ project, location: region, repositoryId: "tasks", format: "DOCKER", mode: "STANDARD_REPOSITORY" },
    ...{ kmsKeyName: key, dockerConfig: { immutableTags: true } },
    vulnerabilityScanningConfig: { enablementConfig: "INHERITED" },
    cleanupPolicies: [{ id: "untagged", action: "DELETE", condition: { tagState: "UNTAGGED", olderThan: "86400s" } }],
  } satisfies artifactregistry.RepositoryArgs,
  "gcp:kms/cryptoKey:CryptoKey": {
    ...{ keyRing: key.replace(/\/cryptoKeys.*$/, ""), name: "data", purpose: "ENCRYPT_DECRYPT" },
    rotationPeriod: "7776000s",
  } satisfies kms.CryptoKeyArgs,
  "gcp:logging/projectBucketConfig:ProjectBucketConfig": {
    ...{ project, location: region, bucketId: "main-logs", retentionDays: 30 },
    cmekSettings: { kmsKeyName: key },
  } satisfies logging.ProjectBucketConfigArgs,
  "gcp:logging/logView:LogView": {
    ...{ name: "main-logs", bucket: `projects/${project}/locations/${region}/buckets/main-logs` },
    filter: 'resource.type = "k8s_container"',
  } satisfies logging.LogViewArgs,
  "gcp:logging/projectSink:ProjectSink": {
    ...{ project, name: "main-logs", filter: "x", uniqueWriterIdentity: true },
    destination: `logging.googleapis.com/projects/${project}/locations/${region}/buckets/main-logs`,
  } satisfies logging.ProjectSinkArgs,
  "gcp:logging/projectExclusion:ProjectExclusion": {
    project,
    name: "main-logs",
    filter: "x",
  } satisfies logging.ProjectExclusionArgs,
  "gcp:compute/network:Network": {
    ...{ project, name: "main", autoCreateSubnetworks: false, routingMode: "REGIONAL" },
  } satisfies compute.NetworkArgs,
  "gcp:compute/subnetwork:Subnetwork": {
    ...{ ...place, name: "main", network, ipCidrRange: "10.40.0.0/18", privateIpGoogleAccess: true },
    secondaryIpRanges: [{ rangeName: "gke-pods", ipCidrRange: "10.64.0.0/15" }],
  } satisfies compute.SubnetworkArgs,
  "gcp:compute/firewall:Firewall": {
    ...{ project, name: "main-refuse", network, direction: "INGRESS", priority: 65_534 },
    ...{ denies: [{ protocol: "all" }], sourceRanges: ["0.0.0.0/0"] },
    logConfig: { metadata: "INCLUDE_ALL_METADATA" },
  } satisfies compute.FirewallArgs,
  "gcp:compute/forwardingRule:ForwardingRule": {
    ...{ ...place, name: "api", loadBalancingScheme: "INTERNAL_MANAGED", ipProtocol: "TCP", portRange: "443", network },
    target: `projects/${project}/regions/${region}/targetTcpProxies/api`,
  } satisfies compute.ForwardingRuleArgs,
  "gcp:compute/serviceAttachment:ServiceAttachment": {
    ...{ ...place, name: "api", connectionPreference: "ACCEPT_MANUAL", enableProxyProtocol: false },
    consumerAcceptLists: [{ projectIdOrNum: "vendor-ops", connectionLimit: 4 }],
    natSubnets: [`projects/${project}/regions/${region}/subnetworks/link`],
    targetService: `https://www.googleapis.com/compute/v1/projects/${project}/regions/${region}/forwardingRules/api`,
  } satisfies compute.ServiceAttachmentArgs,
  "gcp:container/cluster:Cluster": {
    ...{ project, location: region, name: "main", network, nodeLocations: [`${region}-a`] },
    ...{ datapathProvider: "ADVANCED_DATAPATH", enableShieldedNodes: true, enableLegacyAbac: false },
    inTransitEncryptionConfig: "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT",
    subnetwork: `projects/${project}/regions/${region}/subnetworks/main`,
    privateClusterConfig: {
      ...{ enablePrivateNodes: true, enablePrivateEndpoint: true, masterIpv4CidrBlock: "10.40.128.0/28" },
    },
    masterAuthorizedNetworksConfig: { cidrBlocks: [{ cidrBlock: "10.0.0.0/8" }], gcpPublicCidrsAccessEnabled: false },
    databaseEncryption: { state: "ENCRYPTED", keyName: key },
    workloadIdentityConfig: { workloadPool: `${project}.svc.id.goog` },
    releaseChannel: { channel: "REGULAR" },
    loggingConfig: { enableComponents: ["SYSTEM_COMPONENTS"] },
  } satisfies container.ClusterArgs,
  "gcp:container/nodePool:NodePool": {
    ...{ project, location: region, cluster: "main", name: "general", initialNodeCount: 1 },
    autoscaling: { minNodeCount: 1, maxNodeCount: 5 },
    networkConfig: { enablePrivateNodes: true },
    nodeConfig: { serviceAccount: "nodes", workloadMetadataConfig: { mode: "GKE_METADATA" } },
  } satisfies container.NodePoolArgs,
} as const;

/** As the sandbox's provider keeps them, by their paths; on each policy one member, under a condition. */
export function smallProject(): Record<string, Entry> {
  const made = Object.entries(inputs).map(([type, given]): [string, Entry] => {
    const row = rows[type];
    if (!row) throw new Error(`the provider has no row for ${type}`);
    const kept = properties(given);
    const path = row.path(kept);
    return [path, { type, inputs: kept, outputs: row.outputs?.(kept, path) ?? {} }];
  });
  const grant = {
    ...{ role: "roles/storage.objectUser", member: "user:ops@acme.test" },
    condition: { title: "own", expression: 'resource.name.startsWith("x")' },
  };
  return Object.fromEntries([
    ...made,
    ...[`projects/${project}`, ...made.map(([path]) => path)].map((path): [string, Entry] => [
      `${path}:iam/${grant.role}/${grant.member}/own`,
      { type: "a member", inputs: properties(grant), outputs: {} },
    ]),
  ]);
}

/** As Secret Manager has it. */
export const smallSecret = {
  name: "projects/123456789012/secrets/union_acme_KEY",
  labels,
  replication: { userManaged: { replicas: [{ location: region, customerManagedEncryption: { kmsKeyName: key } }] } },
};
