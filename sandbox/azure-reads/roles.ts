/**
 * What Azure's own roles hold, of those that the kit's stacks grant, by the name of their definition.
 * Source: Azure RBAC, "Azure built-in roles", read in 2026; Azure adds to roles without a notice.
 */
const none = { actions: [], notActions: [], dataActions: [], notDataActions: [] };
const vaultKeys = "Microsoft.KeyVault/vaults/keys";
const sealing = [`${vaultKeys}/read`, `${vaultKeys}/wrap/action`, `${vaultKeys}/unwrap/action`];

export const builtInPermissions: Readonly<Record<string, { roleName: string; permissions: object[] }>> = {
  "7f951dda-4ed3-4680-a7ca-43fe172d538d": {
    roleName: "AcrPull",
    permissions: [{ ...none, actions: ["Microsoft.ContainerRegistry/registries/pull/read"] }],
  },
  "db58b8e5-c6ad-4a2a-8342-4190687cbf4a": {
    roleName: "Storage Blob Delegator",
    permissions: [
      { ...none, actions: ["Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action"] },
    ],
  },
  "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b": {
    roleName: "Azure Kubernetes Service RBAC Cluster Admin",
    permissions: [
      {
        ...none,
        actions: [
          "Microsoft.Authorization/*/read",
          "Microsoft.Resources/subscriptions/operationresults/read",
          "Microsoft.Resources/subscriptions/read",
          "Microsoft.Resources/subscriptions/resourceGroups/read",
          "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
        ],
        dataActions: ["Microsoft.ContainerService/managedClusters/*"],
      },
    ],
  },
  "7f6c6a51-bcf8-42ba-9220-52d62157d7db": {
    roleName: "Azure Kubernetes Service RBAC Reader",
    permissions: [
      {
        ...none,
        actions: ["Microsoft.Authorization/*/read", "Microsoft.Resources/subscriptions/resourceGroups/read"],
        // Of every kind but Secrets, dozens; these are such as somebody here is asked about.
        dataActions: [
          "Microsoft.ContainerService/managedClusters/apps/deployments/read",
          "Microsoft.ContainerService/managedClusters/pods/read",
          "Microsoft.ContainerService/managedClusters/services/read",
        ],
      },
    ],
  },
  "f1a07417-d97a-45cb-824c-7a7467783830": {
    roleName: "Managed Identity Operator",
    permissions: [
      {
        ...none,
        actions: [
          "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
          "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
          "Microsoft.Authorization/*/read",
          "Microsoft.Insights/alertRules/*",
          "Microsoft.Resources/subscriptions/resourceGroups/read",
          "Microsoft.Resources/deployments/*",
          "Microsoft.Support/*",
        ],
      },
    ],
  },
  "e147488a-f6f5-4113-8e2d-b22465e65bf6": {
    roleName: "Key Vault Crypto Service Encryption User",
    permissions: [
      {
        ...none,
        actions: [
          "Microsoft.EventGrid/eventSubscriptions/write",
          "Microsoft.EventGrid/eventSubscriptions/read",
          "Microsoft.EventGrid/eventSubscriptions/delete",
        ],
        dataActions: sealing,
      },
    ],
  },
  "12338af0-0e69-4776-bea7-57ae8d297424": {
    roleName: "Key Vault Crypto User",
    permissions: [
      {
        ...none,
        dataActions: [
          ...sealing,
          ...["update/action", "backup/action", "encrypt/action", "decrypt/action", "sign/action", "verify/action"].map(
            (verb) => `${vaultKeys}/${verb}`,
          ),
        ],
      },
    ],
  },
  "4d97b98b-1d4f-4787-a291-c67834d212e7": {
    roleName: "Network Contributor",
    permissions: [
      {
        ...none,
        actions: [
          "Microsoft.Authorization/*/read",
          "Microsoft.Insights/alertRules/*",
          "Microsoft.Network/*",
          "Microsoft.ResourceHealth/availabilityStatuses/read",
          "Microsoft.Resources/deployments/*",
          "Microsoft.Resources/subscriptions/resourceGroups/read",
          "Microsoft.Support/*",
        ],
      },
    ],
  },
};
