import { listManagedClusterUserCredentialsOutput } from "@pulumi/azure-native/containerservice/listManagedClusterUserCredentials.js";
import { ManagedCluster } from "@pulumi/azure-native/containerservice/managedCluster.js";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { MadeVaultKey } from "../encryption/azure.ts";
import { builtInRoles, grant } from "../identity/azure-grants.ts";
import { createWorkspace } from "../logs/azure-workspace.ts";
import { dnsServiceAddress } from "../network/azure-plan.ts";
import type { Tags } from "../ownership/tags.ts";
import { type ClusterIdentities, createClusterIdentities } from "./azure-identities.ts";
import { aksKubeconfigOf, authorityIn } from "./azure-kubeconfig.ts";
import { createAksPool, createDiskEncryption, nodeSettings } from "./azure-nodes.ts";
import {
  type AksAccess,
  type AksPoolSpec,
  checkAksAccess,
  checkAksVersion,
  defaultAksPools,
  defaultAksVersion,
  hostOf,
  planAksEndpoint,
  planAksPools,
  systemPool,
} from "./azure-plan.ts";
import { keepRecords } from "./azure-records.ts";
import type { AksCluster } from "./contract.ts";
import { minorOf } from "./version.ts";

export interface AzureClusterArgs {
  subscription: string;
  tenant: string;
  /** Resource group, once it is there. */
  group: pulumi.Input<string>;
  region: string;
  /** Numbers of the region's zones, such as 1. */
  zones: string[];
  /** ARM id of the nodes' subnet, once there is a way out of it. */
  subnetId: pulumi.Input<string>;
  /** Pods' and services' own, which the network does not see. */
  ranges: { pods: string; services: string };
  /** Seal Kubernetes Secrets, and the nodes' disks. */
  keys: { cluster: MadeVaultKey; disks: MadeVaultKey };
  /** Kubernetes minor version. @default 1.34 */
  version?: string;
  /** Which versions AKS takes by itself. @default patch */
  channel?: "patch" | "stable" | "none";
  /** Kinds of nodes, by name. @default one kind, 1 to 5 nodes a zone */
  nodePools?: Record<string, AksPoolSpec>;
  /** Networks that may reach the API over the internet. @default none: the API is private */
  publicApi?: string[];
  /** Who may use the Kubernetes API beside whoever may by rights on the subscription already. @default nobody */
  access?: AksAccess[];
  /** Days that the control plane's records are kept. @default 365 */
  recordDays?: number;
  /** On: the cluster cannot be destroyed. */
  dataProtection: boolean;
  tags: Tags;
}

/**
 * An AKS cluster with its nodes: private API, Cilium, workload identity, people by Entra and nobody by a certificate,
 * Secrets and disks under the customer's keys, records of its control plane. AKS scales its pools itself, so there is no
 * autoscaler of ours.
 * Proved by byoc-k8s-api-never-public, enc-at-rest-secrets-backend, k8s-network-policies-isolate-pods,
 * k8s-workload-identity-per-pod and iam-user-no-platform-access.
 */
export class AzureCluster extends pulumi.ComponentResource implements AksCluster {
  readonly clusterName: string;
  readonly version: pulumi.Output<string>;
  readonly kubeconfig: pulumi.Output<string>;
  readonly apiHost: pulumi.Output<string>;
  readonly apiPort: pulumi.Output<number>;
  readonly id: pulumi.Output<string>;
  readonly issuer: pulumi.Output<string>;
  readonly nodePrincipal: pulumi.Output<string>;
  readonly nodeSubnetId: pulumi.Output<string>;

  constructor(name: string, args: AzureClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:cluster:AzureCluster", name, {}, opts);
    const { group, zones, subnetId, keys } = args;
    const pools = planAksPools(args.nodePools ?? defaultAksPools, zones.length);
    this.clusterName = physicalName("azure-resource", name);
    const disks = createDiskEncryption(name, keys.disks, args, this);
    const who = createClusterIdentities(name, { ...args, key: keys.cluster }, this);
    const workspace = createWorkspace(name, { ...args, retentionDays: args.recordDays ?? 365 }, this);
    const around = { who, diskEncryptionSetID: disks.id, workspaceId: workspace.id };
    const cluster = createCluster(name, args, around, this);
    const place = { group, zones, subnetId, cluster: cluster.name };
    const ready = [
      ...pools.map((pool) => createAksPool(name, pool, place, this)),
      ...admit(name, args, cluster.id, this),
      keepRecords(name, { clusterId: cluster.id, workspaceId: workspace.id }, this),
    ].map(({ id }) => id);

    this.id = pulumi.all([cluster.id, pulumi.all(ready)]).apply(([id]) => id);
    this.version = cluster.currentKubernetesVersion.apply(minorOf);
    this.apiHost = pulumi.all([cluster.privateFQDN, cluster.fqdn]).apply(hostOf);
    this.apiPort = pulumi.output(443);
    this.issuer = cluster.oidcIssuerProfile.apply((profile) => profile?.issuerURL ?? "");
    this.nodePrincipal = who.nodes.principalId;
    this.nodeSubnetId = pulumi.output(subnetId);
    const names = { resourceGroupName: group, resourceName: cluster.name };
    const { kubeconfigs } = listManagedClusterUserCredentialsOutput(names, { parent: this });
    this.kubeconfig = aksKubeconfigOf({
      name: this.id.apply(() => this.clusterName),
      host: this.apiHost,
      certificateAuthorityData: kubeconfigs.apply(authorityIn),
    });
    this.registerOutputs({ clusterName: this.clusterName });
  }
}

interface Around {
  who: ClusterIdentities;
  diskEncryptionSetID: pulumi.Output<string>;
  workspaceId: pulumi.Output<string>;
}

function createCluster(
  name: string,
  args: AzureClusterArgs,
  { who, diskEncryptionSetID, workspaceId }: Around,
  parent: pulumi.Resource,
): ManagedCluster {
  const { group, region, tags, ranges, keys, dataProtection } = args;
  const { control, nodes, granted } = who;
  return new ManagedCluster(
    name,
    {
      ...{ resourceGroupName: group, location: region, tags },
      ...{ resourceName: physicalName("azure-resource", name), dnsPrefix: physicalName("azure-resource", name) },
      nodeResourceGroup: physicalName("azure-resource", name, "nodes"),
      // What is in it is AKS's: nobody changes a node behind its back.
      nodeResourceGroupProfile: { restrictionLevel: "ReadOnly" },
      sku: { name: "Base", tier: "Standard" },
      kubernetesVersion: checkAksVersion(args.version ?? defaultAksVersion),
      autoUpgradeProfile: { upgradeChannel: args.channel ?? "patch", nodeOSUpgradeChannel: "NodeImage" },
      ...{ enableRBAC: true, disableLocalAccounts: true },
      aadProfile: { managed: true, enableAzureRBAC: true, tenantID: args.tenant },
      apiServerAccessProfile: planAksEndpoint(args.publicApi),
      networkProfile: {
        ...{
          networkPlugin: "azure",
          networkPluginMode: "overlay",
          networkDataplane: "cilium",
          networkPolicy: "cilium",
        },
        ...{ podCidr: ranges.pods, serviceCidr: ranges.services, dnsServiceIP: dnsServiceAddress(ranges) },
        ...{ outboundType: "userAssignedNATGateway", loadBalancerSku: "standard" },
      },
      identity: { type: "UserAssigned", userAssignedIdentities: [control.id] },
      identityProfile: {
        kubeletidentity: { resourceId: nodes.id, clientId: nodes.clientId, objectId: nodes.principalId },
      },
      oidcIssuerProfile: { enabled: true },
      securityProfile: {
        workloadIdentity: { enabled: true },
        azureKeyVaultKms: { enabled: true, keyId: keys.cluster.versionUrl, keyVaultNetworkAccess: "Public" },
        imageCleaner: { enabled: true, intervalHours: 168 },
      },
      diskEncryptionSetID,
      addonProfiles: {
        // Writes nothing until a rule of the workloads says what, and to where.
        omsagent: { enabled: true, config: { logAnalyticsWorkspaceResourceID: workspaceId, useAADAuth: "true" } },
        azurepolicy: { enabled: false },
      },
      agentPoolProfiles: [
        {
          ...nodeSettings(args),
          ...{ name: systemPool, mode: "System", vmSize: "Standard_D2s_v5", osDiskSizeGB: 128 },
          nodeTaints: ["CriticalAddonsOnly=true:NoSchedule"],
          ...{ count: args.zones.length, minCount: args.zones.length, maxCount: 2 * args.zones.length },
        },
      ],
    },
    {
      parent,
      protect: dataProtection,
      dependsOn: granted,
      // The channel moves on by itself, whoever scales the pool owns its size, and a rotated key seals anew by hand.
      ignoreChanges: ["agentPoolProfiles[0].count", "securityProfile.azureKeyVaultKms.keyId"],
    },
  );
}

function admit(
  name: string,
  { subscription, access = [] }: AzureClusterArgs,
  scope: pulumi.Output<string>,
  parent: pulumi.Resource,
) {
  return checkAksAccess(access).map((entry) =>
    grant(
      `${name}-${entry.name}`,
      {
        ...{ subscription, scope, principalId: entry.objectId, principalType: entry.kind },
        role: entry.access === "cluster-admin" ? builtInRoles.clusterAdmin : builtInRoles.clusterReader,
        description: `${entry.access} of the Kubernetes API`,
      },
      parent,
    ),
  );
}
