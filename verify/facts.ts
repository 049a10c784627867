/** What collectors read. A fact that could not be read whole keeps the reason, and no check can use it. */
import type {
  KubernetesObject,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1CustomResourceDefinition,
  V1Deployment,
  V1LimitRange,
  V1Namespace,
  V1NetworkPolicy,
  V1Node,
  V1Pod,
  V1ReplicaSet,
  V1ResourceQuota,
  V1Role,
  V1RoleBinding,
  V1Service,
  V1ServiceAccount,
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
} from "@kubernetes/client-node";
import type {
  AccessReview,
  ClusterAccessFact,
  IdentityMapFact,
  InstanceFact,
  KeyFact,
  NetworkFact,
  RoleCreationFact,
  StoresFact,
} from "./facts-account.ts";
import type {
  AzureClusterFact,
  AzureCreationFact,
  AzureDefenderFact,
  AzureIdentityFact,
  AzureKeyFact,
  AzureLogsFact,
  AzureNetworkFact,
  AzureObjectsFact,
  AzureRegistryFact,
  AzureRightsFact,
  AzureRoleFact,
  AzureStorageFact,
  AzureVaultFact,
} from "./facts-azure.ts";
import type { BaselineFacts } from "./facts-baseline.ts";
import type {
  GoogleAccountFact,
  GoogleBucketFact,
  GoogleClusterFact,
  GoogleConstraintFact,
  GoogleCreationFact,
  GoogleKeyFact,
  GoogleNetworkFact,
  GoogleProjectFact,
  GoogleRepositoryFact,
  GoogleRoleFact,
  GoogleStoresFact,
} from "./facts-google.ts";
import type { PlacesFact } from "./facts-places.ts";
import type { ProbeFacts } from "./facts-probes.ts";
import type { RegionFacts } from "./facts-region.ts";
import type { World } from "./reason/iam/world.ts";
import type { PolicyDocument } from "./reason/iam-policy.ts";

/** A Secret or ConfigMap without its values: key names, and which kinds of cloud credential its values look like. */
export interface ScannedObject {
  kind: "Secret" | "ConfigMap";
  namespace: string;
  name: string;
  keys: string[];
  /** Key and pattern only, never the value. */
  suspicious: { key: string; looksLike: string }[];
}

/** One place that a log shipper is told to send to. */
export interface ShipperOutput {
  /** ConfigMap and file. */
  from: string;
  /** As the shipper calls what sends: `cloudwatch_logs`. */
  plugin: string;
  /** Those that say where to and how safely, by their names in lower case. */
  settings: Record<string, string>;
}

/** A StatefulSet of a metrics store's namespace. */
export interface MetricsServer {
  name: string;
  ready: number;
  wanted: number;
  /** Of its pod, those that run before included. */
  containers: string[];
  /** On which its data lie; absent: on no claim. */
  dataClaim?: string;
  /** What whoever asks it is to show, as Prometheus words it; absent: it answers without TLS. */
  clientAuth?: string;
  /** By the file that it is started with; absent: nothing that could be read. */
  told?: {
    /** What it looks at, and how. */
    jobs: { name: string; scheme: string }[];
    /** To whom it passes on what it sees. */
    sendsTo: string[];
    /** What else stands in the file, by name. */
    unread: string[];
  };
}

/** All of it may be there or not: that nothing was found is an answer. */
export interface MetricsStoreFact {
  servers: MetricsServer[];
  claims: { name: string; phase: string; className?: string; volume?: string }[];
  /** Those of the claims, with the driver that makes them; times as ISO 8601. */
  volumes: { name: string; madeAt: string; className?: string; driver?: string; handle?: string }[];
  classes: { name: string; madeAt: string; provisioner: string; parameters: Record<string, string> }[];
}

export interface IamRole {
  name: string;
  arn: string;
  trust: PolicyDocument;
  inline: { name: string; document: PolicyDocument }[];
  attached: { arn: string; document: PolicyDocument }[];
}

export interface IamAccount {
  account: string;
  roles: IamRole[];
  users: { name: string; accessKeys: number }[];
  oidcProviders: { arn: string; url: string; clientIds: string[] }[];
}

export interface BucketFact {
  name: string;
  region: string;
  encryption?: string;
  publicAccessBlocked: boolean;
  versioning?: string;
  policy?: PolicyDocument;
  corsOrigins: string[];
  corsMethods: string[];
  replicationTargets: string[];
  /** BucketOwnerEnforced: no access list is heeded, of the bucket or of an object. Absent: nobody set it. */
  ownership?: string;
  places: PlacesFact;
}

interface RepositoryFact {
  name: string;
  arn: string;
  encryption?: string;
  scanOnPush: boolean;
  immutableTags: boolean;
  /** Of the image that was pushed last. */
  latestTag?: string;
  policy?: PolicyDocument;
}

export interface ClusterFact {
  name: string;
  arn: string;
  issuer: string;
  publicEndpoint: boolean;
  privateEndpoint: boolean;
  logTypes: string[];
  encryptedResources: string[];
  /** Of the envelope that Secrets are sealed in. */
  secretsKeyArn?: string;
  /** CONFIG_MAP, API_AND_CONFIG_MAP or API, which alone does not heed the ConfigMap aws-auth. */
  authenticationMode: string;
  vpcId: string;
  /** Security groups of the cluster's own interfaces. */
  groupIds: string[];
}

/** Of a customer's plane, and beside it of the region's. */
export interface Facts extends RegionFacts, BaselineFacts, ProbeFacts {
  namespaces: V1Namespace[];
  nodes: V1Node[];
  pods: V1Pod[];
  deployments: V1Deployment[];
  replicaSets: V1ReplicaSet[];
  services: V1Service[];
  serviceAccounts: V1ServiceAccount[];
  roles: V1Role[];
  clusterRoles: V1ClusterRole[];
  roleBindings: V1RoleBinding[];
  clusterRoleBindings: V1ClusterRoleBinding[];
  networkPolicies: V1NetworkPolicy[];
  resourceQuotas: V1ResourceQuota[];
  limitRanges: V1LimitRange[];
  customResourceDefinitions: V1CustomResourceDefinition[];
  admissionPolicies: V1ValidatingAdmissionPolicy[];
  admissionBindings: V1ValidatingAdmissionPolicyBinding[];
  scanned: ScannedObject[];
  /** Of the plane's own shipper, where there is one. */
  shipperOutputs: ShipperOutput[];
  /** Of the plane's own metrics store, where there is one. */
  metricsStore: MetricsStoreFact;
  accessReviews: AccessReview[];
  iam: IamAccount;
  buckets: BucketFact[];
  repositories: RepositoryFact[];
  cluster: ClusterFact;
  clusterAccess: ClusterAccessFact;
  identityMap: IdentityMapFact;
  /** Everybody in the account, for the search of ways. */
  principals: Pick<World, "account" | "entities" | "groups" | "policies">;
  roleCreations: RoleCreationFact[];
  network: NetworkFact;
  instances: InstanceFact[];
  keys: KeyFact[];
  stores: StoresFact;
  /** Of a project on Google Cloud. */
  googleAccounts: GoogleAccountFact[];
  googleCreations: GoogleCreationFact[];
  googleProject: GoogleProjectFact;
  googleConstraints: GoogleConstraintFact[];
  googleRoles: GoogleRoleFact[];
  googleBuckets: GoogleBucketFact[];
  googleRepositories: GoogleRepositoryFact[];
  googleStores: GoogleStoresFact;
  googleKeys: GoogleKeyFact[];
  googleCluster: GoogleClusterFact;
  googleNetwork: GoogleNetworkFact;
  /** Of a subscription on Azure. */
  azureIdentities: AzureIdentityFact[];
  azureCreations: AzureCreationFact[];
  azureRights: AzureRightsFact;
  azureRoles: AzureRoleFact[];
  azureStorage: AzureStorageFact;
  azureObjects: AzureObjectsFact[];
  azureVaults: AzureVaultFact[];
  azureKeys: AzureKeyFact[];
  azureRegistry: AzureRegistryFact;
  azureDefender: AzureDefenderFact;
  azureCluster: AzureClusterFact;
  azureNetwork: AzureNetworkFact;
  azureLogs: AzureLogsFact;
}

export type FactName = keyof Facts;

/** `request` is what was asked, in words that a reader can repeat. */
export type Fact<T> = { read: true; value: T; request: string } | { read: false; reason: string; request: string };

export type Collected = { [K in FactName]: Fact<Facts[K]> };

/** `Kind/namespace/name` or `Kind/name`. */
export function subjectOf(kind: string, object: KubernetesObject): string {
  const { namespace, name } = object.metadata ?? {};
  return [kind, namespace, name].filter(Boolean).join("/");
}
