/**
 * What the collectors ask, by the fact that it is for: the one list that the reviewer's rights are made of. A test lets
 * the collectors run with exactly these, and without each of them.
 */
import type { Plane } from "../check.ts";
import type { FactName } from "../facts.ts";

/** `service:Operation` of AWS's API. */
type AwsCalls = Partial<Record<FactName, readonly string[]>>;

const identities = [
  "iam:ListRoles",
  "iam:ListRolePolicies",
  "iam:GetRolePolicy",
  "iam:ListAttachedRolePolicies",
  "iam:GetPolicy",
  "iam:GetPolicyVersion",
  "iam:ListUsers",
  "iam:ListAccessKeys",
  "iam:ListOpenIDConnectProviders",
  "iam:GetOpenIDConnectProvider",
] as const;

const inEachRegion = "ec2:DescribeRegions";

/** What the benchmark looks at. */
const baselineCalls: AwsCalls = {
  regionRoot: ["iam:GetAccountSummary", "iam:ListVirtualMFADevices"],
  regionPasswordPolicy: ["iam:GetAccountPasswordPolicy"],
  regionCredentials: ["iam:GetCredentialReport"],
  regionPrincipals: ["iam:GetAccountAuthorizationDetails"],
  regionServerCertificates: ["iam:ListServerCertificates"],
  regionBuckets: [
    ...["s3:ListBuckets", "s3:GetBucketEncryption", "s3:GetBucketPolicy", "s3:GetBucketVersioning"],
    "s3:GetPublicAccessBlock",
  ],
  regionPublicAccess: ["s3control:GetPublicAccessBlock"],
  regionTrailEvents: [
    ...["cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors"],
    ...["s3:GetBucketLogging", "s3:GetPublicAccessBlock"],
  ],
  regionLogFilters: ["logs:DescribeMetricFilters"],
  regionSubscribed: ["sns:ListSubscriptions"],
  regionAnalyzers: [inEachRegion, "accessanalyzer:ListAnalyzers"],
  regionDiskDefaults: [inEachRegion, "ec2:GetEbsEncryptionByDefault"],
  regionRecorders: [
    inEachRegion,
    "configservice:DescribeConfigurationRecorders",
    "configservice:DescribeConfigurationRecorderStatus",
  ],
  regionSealing: [
    ...[inEachRegion, "rds:DescribeDBInstances", "kms:ListKeys", "kms:DescribeKey", "kms:GetKeyRotationStatus"],
  ],
  regionNetworks: [
    ...[inEachRegion, "ec2:DescribeVpcs", "ec2:DescribeFlowLogs", "ec2:DescribeNetworkAcls"],
    ...["ec2:DescribeSecurityGroups", "ec2:DescribeSecurityGroupRules", "ec2:GetManagedPrefixListEntries"],
  ],
};

export const awsCalls: Record<Plane, AwsCalls> = {
  compute: {
    iam: identities,
    principals: ["iam:GetAccountAuthorizationDetails"],
    roleCreations: ["iam:GetRole", "cloudtrail:LookupEvents"],
    buckets: [
      "s3:GetBucketLocation",
      "s3:GetBucketEncryption",
      "s3:GetPublicAccessBlock",
      "s3:GetBucketVersioning",
      "s3:GetBucketPolicy",
      "s3:GetBucketCors",
      "s3:GetBucketReplication",
      "s3:GetBucketOwnershipControls",
      "s3:ListObjectsV2",
    ],
    repositories: ["ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:GetRepositoryPolicy"],
    cluster: ["eks:DescribeCluster"],
    clusterAccess: [
      "eks:ListAccessEntries",
      "eks:DescribeAccessEntry",
      "eks:ListAssociatedAccessPolicies",
      "eks:ListPodIdentityAssociations",
      "eks:DescribePodIdentityAssociation",
    ],
    network: [
      // Which network it is, the cluster says.
      "eks:DescribeCluster",
      "ec2:DescribeVpcs",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeInstances",
      "ec2:DescribeVpcPeeringConnections",
      "ec2:DescribeTransitGatewayAttachments",
      "ec2:DescribeVpnConnections",
      "ec2:DescribeVpcEndpoints",
      "ec2:DescribeVpcEndpointServiceConfigurations",
      "ec2:DescribeVpcEndpointServicePermissions",
      "ec2:DescribeVpcEndpointConnections",
      "elasticloadbalancing:DescribeLoadBalancers",
    ],
    instances: ["eks:DescribeCluster", "ec2:DescribeInstances", "ec2:DescribeInstanceTypes"],
    keys: ["kms:ListKeys", "kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants"],
    stores: [
      "secretsmanager:ListSecrets",
      "secretsmanager:DescribeSecret",
      "secretsmanager:GetResourcePolicy",
      "logs:DescribeLogGroups",
      "logs:DescribeSubscriptionFilters",
      "ecr:DescribeRegistry",
      "s3:ListBuckets",
    ],
  },
  control: {
    regionIam: identities,
    regionDatabases: ["rds:DescribeDBInstances", "rds:DescribeDBSnapshots"],
    regionRecovery: ["rds:DescribeDBInstances"],
    regionManagedSecrets: ["secretsmanager:ListSecrets"],
    regionKeys: ["kms:ListKeys", "kms:DescribeKey", "kms:GetKeyRotationStatus"],
    regionSubnets: ["ec2:DescribeSubnets", "ec2:DescribeRouteTables"],
    regionSecurityGroups: [
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSecurityGroupRules",
      "ec2:GetManagedPrefixListEntries",
    ],
    regionBalancers: ["elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeListeners"],
    regionCluster: ["eks:DescribeCluster", "eks:ListNodegroups", "eks:DescribeNodegroup"],
    regionAlarms: ["cloudwatch:DescribeAlarms"],
    regionTrails: ["cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus"],
    regionBackupPlans: [
      "backup:ListBackupPlans",
      "backup:GetBackupPlan",
      "backup:ListBackupSelections",
      "backup:GetBackupSelection",
    ],
    regionSchedules: ["scheduler:ListSchedules", "scheduler:GetSchedule"],
    ...baselineCalls,
  },
};

/** Where AWS calls the right otherwise than the operation. Source: its service authorization reference. */
const rights: Readonly<Record<string, string>> = {
  "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
  "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
  "s3:GetBucketCors": "s3:GetBucketCORS",
  "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
  "s3:ListObjectsV2": "s3:ListBucket",
  "s3:ListBuckets": "s3:ListAllMyBuckets",
  "s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
  "accessanalyzer:ListAnalyzers": "access-analyzer:ListAnalyzers",
  "configservice:DescribeConfigurationRecorders": "config:DescribeConfigurationRecorders",
  "configservice:DescribeConfigurationRecorderStatus": "config:DescribeConfigurationRecorderStatus",
};

/** The IAM action that a call needs. */
export const rightFor = (call: string) => rights[call] ?? call;

/** Permissions of Google Cloud, by the fact whose calls need them. */
export const googlePermissions: Partial<Record<FactName, readonly string[]>> = {
  googleAccounts: ["iam.serviceAccounts.list", "iam.serviceAccountKeys.list", "iam.serviceAccounts.getIamPolicy"],
  googleCreations: [
    "iam.serviceAccounts.list",
    "iam.serviceAccounts.getIamPolicy",
    "logging.buckets.list",
    "logging.views.access",
  ],
  googleProject: [
    "resourcemanager.projects.get",
    "resourcemanager.projects.getIamPolicy",
    "resourcemanager.folders.getIamPolicy",
    "resourcemanager.organizations.getIamPolicy",
    "iam.denypolicies.list",
    "iam.denypolicies.get",
  ],
  googleConstraints: ["orgpolicy.policy.get"],
  googleRoles: ["iam.roles.get"],
  googleBuckets: ["storage.buckets.get", "storage.buckets.getIamPolicy", "storage.objects.list"],
  googleRepositories: ["artifactregistry.repositories.list", "artifactregistry.repositories.getIamPolicy"],
  googleStores: [
    "secretmanager.secrets.list",
    "secretmanager.secrets.getIamPolicy",
    "logging.buckets.list",
    "logging.views.list",
    "logging.views.getIamPolicy",
    "logging.sinks.list",
    "logging.exclusions.list",
  ],
  googleKeys: ["cloudkms.cryptoKeys.get", "cloudkms.cryptoKeys.getIamPolicy"],
  googleCluster: ["container.clusters.get"],
  googleNetwork: [
    // The cluster tells which network it lies in.
    "container.clusters.get",
    "compute.networks.get",
    "compute.networks.getRegionEffectiveFirewalls",
    "compute.subnetworks.list",
    "compute.forwardingRules.list",
    "compute.vpnTunnels.list",
    "compute.interconnectAttachments.list",
    "compute.instances.list",
    "compute.serviceAttachments.list",
    "compute.networkEndpointGroups.list",
    "compute.networkAttachments.list",
    "compute.routes.list",
  ],
};

/** Actions of Azure's, by the fact whose calls need them. */
export const azureActions: Partial<Record<FactName, readonly string[]>> = {
  azureIdentities: [
    "Microsoft.ManagedIdentity/userAssignedIdentities/read",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read",
  ],
  azureCreations: ["Microsoft.Resources/subscriptions/resources/read", "Microsoft.Insights/eventtypes/values/read"],
  azureRights: [
    "Microsoft.Authorization/roleAssignments/read",
    "Microsoft.Authorization/denyAssignments/read",
    "Microsoft.ManagedServices/registrationAssignments/read",
  ],
  azureRoles: ["Microsoft.Authorization/roleDefinitions/read"],
  azureStorage: [
    "Microsoft.Storage/storageAccounts/read",
    "Microsoft.Storage/storageAccounts/blobServices/read",
    "Microsoft.Storage/storageAccounts/blobServices/containers/read",
    "Microsoft.Storage/storageAccounts/objectReplicationPolicies/read",
  ],
  azureVaults: ["Microsoft.KeyVault/vaults/read", "Microsoft.KeyVault/vaults/secrets/read"],
  azureRegistry: [
    "Microsoft.ContainerRegistry/registries/read",
    "Microsoft.ContainerRegistry/registries/tokens/read",
    "Microsoft.ContainerRegistry/registries/replications/read",
  ],
  azureCluster: [
    "Microsoft.ContainerService/managedClusters/read",
    "Microsoft.ContainerService/managedClusters/agentPools/read",
    "Microsoft.ContainerService/managedClusters/privateEndpointConnections/read",
    "Microsoft.Compute/diskEncryptionSets/read",
    "Microsoft.Compute/virtualMachineScaleSets/read",
  ],
  azureDefender: ["Microsoft.Security/pricings/read"],
  azureNetwork: [
    "Microsoft.Network/virtualNetworks/read",
    "Microsoft.Network/networkSecurityGroups/read",
    "Microsoft.Network/publicIPAddresses/read",
    "Microsoft.Network/privateLinkServices/read",
    "Microsoft.Network/privateEndpoints/read",
    "Microsoft.Network/networkManagerConnections/read",
  ],
  azureKeys: ["Microsoft.KeyVault/vaults/keys/read"],
  azureLogs: [
    "Microsoft.OperationalInsights/workspaces/read",
    "Microsoft.OperationalInsights/workspaces/dataExports/read",
    "Microsoft.Insights/dataCollectionRules/read",
    "Microsoft.Insights/dataCollectionRuleAssociations/read",
    "Microsoft.Insights/diagnosticSettings/read",
  ],
};

/** What is read of one fact tells what to ask for another. */
export const azureFollows: Partial<Record<FactName, readonly FactName[]>> = {
  azureNetwork: ["azureCluster"],
  azureRoles: ["azureRights"],
  azureKeys: ["azureCluster", "azureStorage", "azureRegistry", "azureVaults"],
};

/** Listing blobs is reading them to Azure; a condition leaves the names alone. */
export const azureListing = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read";

/** Reading a log's entries; a condition leaves that of the project's audit alone. */
export const googleAuditLog = "logging.views.access";

/** No custom role of a project can hold them: they are granted on the folder and the organisation. */
export const aboveProjects: readonly string[] = [
  "resourcemanager.folders.getIamPolicy",
  "resourcemanager.organizations.getIamPolicy",
];

export interface ClusterCall {
  /** Empty: the core group. */
  group: string;
  resource: string;
  verb: "list" | "create";
}

const list = (group: string, resource: string): ClusterCall => ({ group, resource, verb: "list" });
const rbac = "rbac.authorization.k8s.io";
const scanned = [list("", "secrets"), list("", "configmaps")];

export const clusterCalls: Record<Plane, Partial<Record<FactName, readonly ClusterCall[]>>> = {
  compute: {
    namespaces: [list("", "namespaces")],
    nodes: [list("", "nodes")],
    pods: [list("", "pods")],
    services: [list("", "services")],
    serviceAccounts: [list("", "serviceaccounts")],
    resourceQuotas: [list("", "resourcequotas")],
    limitRanges: [list("", "limitranges")],
    deployments: [list("apps", "deployments")],
    replicaSets: [list("apps", "replicasets")],
    roles: [list(rbac, "roles")],
    clusterRoles: [list(rbac, "clusterroles")],
    roleBindings: [list(rbac, "rolebindings")],
    clusterRoleBindings: [list(rbac, "clusterrolebindings")],
    networkPolicies: [list("networking.k8s.io", "networkpolicies")],
    customResourceDefinitions: [list("apiextensions.k8s.io", "customresourcedefinitions")],
    admissionPolicies: [list("admissionregistration.k8s.io", "validatingadmissionpolicies")],
    admissionBindings: [list("admissionregistration.k8s.io", "validatingadmissionpolicybindings")],
    scanned,
    shipperOutputs: [list("", "configmaps")],
    identityMap: [list("", "configmaps")],
    metricsStore: [
      list("apps", "statefulsets"),
      list("storage.k8s.io", "storageclasses"),
      ...["configmaps", "persistentvolumes", "persistentvolumeclaims"].map((resource) => list("", resource)),
    ],
    accessReviews: [{ group: "authorization.k8s.io", resource: "subjectaccessreviews", verb: "create" }],
  },
  control: {
    regionPods: [list("", "pods")],
    regionServices: [list("", "services")],
    regionDeployments: [list("apps", "deployments")],
    regionBudgets: [list("policy", "poddisruptionbudgets")],
    regionClusterRoles: [list(rbac, "clusterroles")],
    regionRoleBindings: [list(rbac, "rolebindings")],
    regionClusterRoleBindings: [list(rbac, "clusterrolebindings")],
    regionScanned: scanned,
    regionNodeZones: [list("", "nodes")],
  },
};
