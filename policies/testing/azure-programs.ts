/** Azure. */
import { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment.js";
import { RoleDefinition } from "@pulumi/azure-native/authorization/roleDefinition.js";
import { Registry, type RegistryArgs } from "@pulumi/azure-native/containerregistry/registry.js";
import { AgentPool } from "@pulumi/azure-native/containerservice/agentPool.js";
import { ManagedCluster, type ManagedClusterArgs } from "@pulumi/azure-native/containerservice/managedCluster.js";
import { Key } from "@pulumi/azure-native/keyvault/key.js";
import { Vault } from "@pulumi/azure-native/keyvault/vault.js";
import { FederatedIdentityCredential } from "@pulumi/azure-native/managedidentity/federatedIdentityCredential.js";
import { DiagnosticSetting } from "@pulumi/azure-native/monitor/diagnosticSetting.js";
import { NetworkSecurityGroup } from "@pulumi/azure-native/network/networkSecurityGroup.js";
import { PrivateEndpoint, type PrivateEndpointArgs } from "@pulumi/azure-native/network/privateEndpoint.js";
import { Subnet } from "@pulumi/azure-native/network/subnet.js";
import { Workspace } from "@pulumi/azure-native/operationalinsights/workspace.js";
import { BlobContainer } from "@pulumi/azure-native/storage/blobContainer.js";
import {
  BlobServiceProperties,
  type BlobServicePropertiesArgs,
} from "@pulumi/azure-native/storage/blobServiceProperties.js";
import { StorageAccount, type StorageAccountArgs } from "@pulumi/azure-native/storage/storageAccount.js";
import type { Pair } from "./programs.ts";

const resourceGroupName = "group";
const tags = { "biplane:managed-by": "pulumi", "biplane:plane": "compute", "biplane:cluster": "one" };
const keyIdentifier = "https://one.vault.azure.net/keys/images";

const account = (args: Partial<StorageAccountArgs>) =>
  new StorageAccount("account", {
    ...{ resourceGroupName, kind: "StorageV2", sku: { name: "Standard_ZRS" }, tags },
    ...{ allowBlobPublicAccess: false, allowSharedKeyAccess: false, allowCrossTenantReplication: false },
    minimumTlsVersion: "TLS1_2",
    encryption: { keySource: "Microsoft.Keyvault", keyVaultProperties: { keyName: "data" } },
    ...args,
  });

const service = (args: Partial<BlobServicePropertiesArgs>) =>
  new BlobServiceProperties("service", {
    ...{ resourceGroupName, accountName: "account", isVersioningEnabled: true },
    deleteRetentionPolicy: { enabled: true, days: 30 },
    cors: { corsRules: [rule(["https://console.example.com"])] },
    ...args,
  });

const rule = (allowedOrigins: string[]) => ({
  ...{ allowedOrigins, allowedMethods: ["GET"], allowedHeaders: ["*"], exposedHeaders: ["ETag"], maxAgeInSeconds: 60 },
});

const container = (publicAccess: "None" | "Blob") =>
  new BlobContainer("container", {
    ...{ resourceGroupName, accountName: "account", publicAccess, denyEncryptionScopeOverride: true },
  });

const vault = (enablePurgeProtection: boolean) =>
  new Vault("vault", {
    ...{ resourceGroupName, tags },
    properties: {
      ...{ tenantId: "tenant", sku: { family: "A", name: "standard" }, enableRbacAuthorization: true },
      ...{ enablePurgeProtection, softDeleteRetentionInDays: 90 },
    },
  });

const key = (type: "rotate" | "notify") =>
  new Key("key", {
    ...{ resourceGroupName, vaultName: "vault" },
    properties: { rotationPolicy: { lifetimeActions: [{ action: { type }, trigger: { timeAfterCreate: "P90D" } }] } },
  });

const registry = (args: Partial<RegistryArgs>) =>
  new Registry("registry", {
    ...{ resourceGroupName, sku: { name: "Premium" }, adminUserEnabled: false, tags },
    encryption: { status: "enabled", keyVaultProperties: { keyIdentifier } },
    ...args,
  });

const workspace = (disableLocalAuth: boolean) =>
  new Workspace("logs", { resourceGroupName, retentionInDays: 90, features: { disableLocalAuth }, tags });

const cluster = (args: Partial<ManagedClusterArgs>) =>
  new ManagedCluster("cluster", {
    ...{ resourceGroupName, tags, disableLocalAccounts: true, aadProfile: { managed: true } },
    apiServerAccessProfile: { enablePrivateCluster: true, disableRunCommand: true },
    networkProfile: { networkPolicy: "cilium" },
    oidcIssuerProfile: { enabled: true },
    securityProfile: { workloadIdentity: { enabled: true }, azureKeyVaultKms: { enabled: true, keyId: "key" } },
    diskEncryptionSetID: "disks",
    agentPoolProfiles: [{ name: "system", enableEncryptionAtHost: true }],
    ...args,
  });

const listed = (...authorizedIPRanges: string[]) =>
  cluster({ apiServerAccessProfile: { authorizedIPRanges, disableRunCommand: true } });

const pool = (enableNodePublicIP: boolean) =>
  new AgentPool("pool", {
    resourceGroupName,
    resourceName: "cluster",
    enableEncryptionAtHost: true,
    enableNodePublicIP,
  });

const records = (...categories: string[]) =>
  new DiagnosticSetting("records", {
    ...{ resourceUri: "cluster", workspaceId: "logs" },
    logs: categories.map((category) => ({ category, enabled: true })),
  });

const trusting = (subject: string) =>
  new FederatedIdentityCredential("trust", {
    ...{ resourceGroupName, resourceName: "identity", issuer: "https://oidc.example.com", subject },
    audiences: ["api://AzureADTokenExchange"],
  });

const group = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/group";
const assigned = (scope: string) =>
  new RoleAssignment("grant", {
    ...{ scope, principalId: "principal", principalType: "ServicePrincipal" },
    roleDefinitionId: "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/one",
  });

const custom = (action: string) =>
  new RoleDefinition("role", { scope: group, roleName: "one", permissions: [{ actions: [action], dataActions: [] }] });

const walls = (sourceAddressPrefix: string) =>
  new NetworkSecurityGroup("walls", {
    resourceGroupName,
    securityRules: [
      {
        ...{ name: "in", direction: "Inbound", access: "Allow", protocol: "Tcp", priority: 100, sourcePortRange: "*" },
        ...{ sourceAddressPrefix, destinationAddressPrefix: "*", destinationPortRange: "443" },
      },
    ],
  });

const subnet = (defaultOutboundAccess: boolean) =>
  new Subnet("nodes", {
    ...{ resourceGroupName, virtualNetworkName: "network", addressPrefix: "10.0.0.0/24", defaultOutboundAccess },
    ...{ networkSecurityGroup: { id: "walls" }, natGateway: { id: "nat" } },
  });

const connection = [{ name: "api", privateLinkServiceId: "cluster", groupIds: ["management"] }];
const endpoint = (args: Partial<PrivateEndpointArgs>) => new PrivateEndpoint("link", { resourceGroupName, ...args });

export const azurePrograms: Record<string, Pair> = {
  "azure-no-ingress-from-anywhere": { bad: () => walls("Internet"), good: () => walls("203.0.113.0/24") },
  "azure-subnets-are-private-and-walled": { bad: () => subnet(true), good: () => subnet(false) },
  "azure-private-link-peers-are-approved": {
    bad: () => endpoint({ privateLinkServiceConnections: connection, manualPrivateLinkServiceConnections: connection }),
    good: () => endpoint({ manualPrivateLinkServiceConnections: connection }),
  },
  "azure-kubernetes-api-not-public": {
    bad: () => listed("203.0.113.7/32", "0.0.0.0/0"),
    good: () => listed("203.0.113.7/32"),
  },
  "azure-cluster-people-come-by-entra": {
    bad: () => cluster({ disableLocalAccounts: false }),
    good: () => cluster({}),
  },
  "azure-cluster-secrets-encrypted": {
    bad: () => cluster({ securityProfile: { workloadIdentity: { enabled: true } } }),
    good: () => cluster({}),
  },
  "azure-cluster-enforces-its-walls": {
    bad: () => cluster({ networkProfile: { networkPolicy: "none" } }),
    good: () => cluster({}),
  },
  "azure-node-disks-encrypted": { bad: () => pool(true), good: () => pool(false) },
  "azure-cluster-tells-all": {
    bad: () => records("kube-apiserver", "guard"),
    good: () => records("kube-apiserver", "kube-audit-admin", "guard"),
  },
  "azure-trust-is-exact": {
    bad: () => trusting("system:serviceaccount:union:*"),
    good: () => trusting("system:serviceaccount:union:executor"),
  },
  "azure-rights-are-bounded": {
    bad: () => assigned(group),
    good: () => assigned(`${group}/providers/Microsoft.KeyVault/vaults/one`),
  },
  "azure-custom-roles-cannot-grow": {
    bad: () => custom("Microsoft.Authorization/roleAssignments/write"),
    good: () => custom("Microsoft.ContainerService/managedClusters/read"),
  },
  "azure-storage-closed-to-the-public": { bad: () => account({ allowSharedKeyAccess: true }), good: () => account({}) },
  "azure-container-closed-to-the-public": { bad: () => container("Blob"), good: () => container("None") },
  "azure-storage-sealed": { bad: () => registry({ encryption: undefined }), good: () => registry({}) },
  "azure-storage-keeps-its-objects": {
    bad: () => service({ cors: { corsRules: [rule(["*"])] } }),
    good: () => service({}),
  },
  "azure-vault-is-rbacs-and-keeps": { bad: () => vault(false), good: () => vault(true) },
  "azure-key-rotates": { bad: () => key("notify"), good: () => key("rotate") },
  "azure-registry-has-no-password": { bad: () => registry({ adminUserEnabled: true }), good: () => registry({}) },
  "azure-logs-kept-and-asked-by-name": { bad: () => workspace(false), good: () => workspace(true) },
  "azure-owner-is-tagged": { bad: () => account({ tags: { team: "x" } }), good: () => account({}) },
};
