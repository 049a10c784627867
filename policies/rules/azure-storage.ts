/** What keeps data in Azure: storage accounts, containers, vaults, registries, workspaces; and whose each is. */
import { objectOf, objectsOf, textOf, textsOf } from "../inputs.ts";
import type { Rule } from "../rule.ts";

const account = "azure-native:storage:StorageAccount";
const vault = "azure-native:keyvault:Vault";
const registry = "azure-native:containerregistry:Registry";
const workspace = "azure-native:operationalinsights:Workspace";

export const azureStoreClosed: Rule = {
  name: "azure-storage-closed-to-the-public",
  controls: ["residency-data-in-dp-only", "enc-at-rest-object-store", "iam-no-static-credentials"],
  says: "Objects are reached by Entra alone, over TLS 1.2 and newer, and never by the public or by an account's key.",
  types: [account],
  judge: (inputs) => [
    ...(inputs.allowBlobPublicAccess === false ? [] : ["allowBlobPublicAccess is not off"]),
    ...(inputs.allowSharedKeyAccess === false ? [] : ["allowSharedKeyAccess is not off"]),
    ...(inputs.allowCrossTenantReplication === false ? [] : ["allowCrossTenantReplication is not off"]),
    ...(inputs.enableHttpsTrafficOnly === false ? ["enableHttpsTrafficOnly is off"] : []),
    ...(["TLS1_2", "TLS1_3"].includes(textOf(inputs.minimumTlsVersion)) ? [] : ["minimumTlsVersion is not TLS1_2"]),
  ],
};

export const azureContainerClosed: Rule = {
  name: "azure-container-closed-to-the-public",
  controls: ["residency-data-in-dp-only"],
  says: "No container is anybody's to read, and none is sealed by another key than its account's.",
  types: ["azure-native:storage:BlobContainer"],
  judge: ({ publicAccess = "None", denyEncryptionScopeOverride }) => [
    ...(publicAccess === "None" ? [] : [`publicAccess is ${textOf(publicAccess)}`]),
    ...(denyEncryptionScopeOverride === true ? [] : ["denyEncryptionScopeOverride is not on"]),
  ],
};

export const azureStoreSealed: Rule = {
  name: "azure-storage-sealed",
  controls: ["enc-at-rest-object-store", "enc-at-rest-registry"],
  says: "Objects and layers rest under a named key.",
  types: [account, registry],
  judge: ({ encryption }, { type }) => {
    const { keySource, keyVaultProperties } = objectOf(encryption);
    const named = objectOf(keyVaultProperties);
    if (type === registry) return "keyIdentifier" in named ? [] : ["encryption names no key"];
    return keySource === "Microsoft.Keyvault" && "keyName" in named ? [] : ["encryption names no key"];
  },
};

export const azureStoreKeeps: Rule = {
  name: "azure-storage-keeps-its-objects",
  controls: ["residency-data-in-dp-only"],
  says: "Replaced and deleted objects are kept, and browsers of named origins only read.",
  types: ["azure-native:storage:BlobServiceProperties"],
  judge: ({ isVersioningEnabled, deleteRetentionPolicy, cors }) => [
    ...(isVersioningEnabled === true ? [] : ["isVersioningEnabled is not on"]),
    ...(objectOf(deleteRetentionPolicy).enabled === true ? [] : ["deleteRetentionPolicy is not on"]),
    ...objectsOf(objectOf(cors).corsRules).flatMap(({ allowedOrigins, allowedMethods }) => [
      ...(textsOf(allowedOrigins).includes("*") ? ["any origin is allowed"] : []),
      ...textsOf(allowedMethods)
        .filter((method) => method !== "GET" && method !== "HEAD")
        .map((method) => `${method} is allowed`),
    ]),
  ],
};

export const azureVaultKeeps: Rule = {
  name: "azure-vault-is-rbacs-and-keeps",
  controls: ["enc-at-rest-secrets-backend", "lp-iam-minimum-permissions"],
  says: "Rights on a vault are RBAC's alone, and what is in it can be called back for 90 days.",
  types: [vault],
  judge: ({ properties }) => {
    const { enableRbacAuthorization, enablePurgeProtection, softDeleteRetentionInDays } = objectOf(properties);
    return [
      ...(enableRbacAuthorization === true ? [] : ["enableRbacAuthorization is not on"]),
      ...(enablePurgeProtection === true ? [] : ["enablePurgeProtection is not on"]),
      ...(softDeleteRetentionInDays === 90 ? [] : ["softDeleteRetentionInDays is not 90"]),
    ];
  },
};

export const azureKeyRotates: Rule = {
  name: "azure-key-rotates",
  controls: ["enc-at-rest-object-store"],
  says: "A key is made anew by a rule of its own.",
  types: ["azure-native:keyvault:Key"],
  judge: ({ properties }) => {
    const actions = objectsOf(objectOf(objectOf(properties).rotationPolicy).lifetimeActions);
    return actions.some(({ action }) => textOf(objectOf(action).type) === "rotate") ? [] : ["no rule rotates it"];
  },
};

export const azureImagesGuarded: Rule = {
  name: "azure-registry-has-no-password",
  controls: ["enc-at-rest-registry", "iam-no-static-credentials"],
  says: "A registry has no administrator's password, and nobody pulls without a name.",
  types: [registry],
  judge: ({ adminUserEnabled, anonymousPullEnabled }) => [
    ...(adminUserEnabled === false ? [] : ["adminUserEnabled is not off"]),
    ...(anonymousPullEnabled === true ? ["anonymousPullEnabled is on"] : []),
  ],
};

export const azureLogsKept: Rule = {
  name: "azure-logs-kept-and-asked-by-name",
  controls: ["cp-continuous-monitoring"],
  says: "A workspace says how long it keeps, and no key of its own opens it.",
  types: [workspace],
  judge: ({ retentionInDays, features }) => [
    ...(typeof retentionInDays === "number" && retentionInDays >= 30 ? [] : ["retentionInDays is not set"]),
    ...(objectOf(features).disableLocalAuth === true ? [] : ["disableLocalAuth is not on"]),
  ],
};

const owner = ["biplane:managed-by", "biplane:plane", "biplane:cluster"];

export const azureOwnerIsTagged: Rule = {
  name: "azure-owner-is-tagged",
  controls: ["cp-infrastructure-as-code", "tenant-separate-iam-boundaries"],
  says: "What costs or holds something carries its owner's tags.",
  types: [account, vault, registry, workspace, "azure-native:containerservice:ManagedCluster"],
  judge: ({ tags }) =>
    owner.filter((key) => objectOf(tags)[key] === undefined).map((key) => `the tag ${key} is missing`),
};
