import { BlobContainer } from "@pulumi/azure-native/storage/blobContainer.js";
import { BlobServiceProperties } from "@pulumi/azure-native/storage/blobServiceProperties.js";
import { ManagementPolicy } from "@pulumi/azure-native/storage/managementPolicy.js";
import { StorageAccount } from "@pulumi/azure-native/storage/storageAccount.js";
import * as pulumi from "@pulumi/pulumi";
import type { VaultKeyReference } from "../encryption/azure.ts";
import { createSealer } from "../encryption/azure-sealer.ts";
import type { Tags } from "../ownership/tags.ts";
import { azureLifecycle } from "./azure-lifecycle.ts";
import { noncurrentDays } from "./lifecycle.ts";
import { bucketNames } from "./names.ts";

export interface AzureBucketsArgs {
  subscription: string;
  group: pulumi.Input<string>;
  region: string;
  /** From `storageAccountName`. */
  account: string;
  /** Both containers' names begin with it: `<prefix>-metadata` and `<prefix>-fast-reg`. */
  prefix: string;
  /** Every object's name begins with it: `<org>/<project>/<domain>/<run>/<action>/`. */
  org: string;
  /** Where the console is served from: browsers read signed URLs from there. */
  consoleOrigin: string;
  /** Seals both. */
  key: VaultKeyReference;
  /** On: Pulumi refuses to destroy them. */
  dataProtection: boolean;
  tags: Tags;
}

/**
 * The compute plane's two containers, run data and code bundles, in a storage account of their own: rights by Entra
 * alone, since the account's keys sign nothing; never public, over TLS 1.2 and newer, versioned, sealed under the
 * customer's own key. Without a hierarchical namespace, which knows no versions.
 * Proved by buckets-two-per-cluster, enc-at-rest-object-store, n-bucket-cors-exact, n-bucket-lifecycle-scoped,
 * cmk-customer-keys and residency-region-chosen.
 */
export class AzureBuckets extends pulumi.ComponentResource {
  /** Names of the containers, once they are as they shall be. */
  readonly metadata: pulumi.Output<string>;
  readonly fastRegistration: pulumi.Output<string>;
  /** ARM ids, for rights. */
  readonly storage: {
    account: pulumi.Output<string>;
    containers: { metadata: pulumi.Output<string>; "fast-reg": pulumi.Output<string> };
  };

  constructor(name: string, args: AzureBucketsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:buckets:AzureBuckets", name, {}, opts);
    const names = bucketNames(args.prefix);
    const account = createAccount(name, args, this);
    const kept = keepAndServe(name, account, Object.values(names), args, this);
    const create = (which: string, containerName: string) =>
      new BlobContainer(
        `${name}-${which}`,
        {
          ...{ resourceGroupName: args.group, accountName: account.name, containerName },
          ...{ publicAccess: "None", defaultEncryptionScope: "$account-encryption-key" },
          denyEncryptionScopeOverride: true,
        },
        { parent: this, protect: args.dataProtection },
      );
    const metadata = create("metadata", names.metadata);
    const fastRegistration = create("fast-reg", names.fastRegistration);
    const ready = pulumi.all(kept.map(({ id }) => id));
    this.metadata = pulumi.all([metadata.name, ready]).apply(([known]) => known);
    this.fastRegistration = pulumi.all([fastRegistration.name, ready]).apply(([known]) => known);
    this.storage = { account: account.id, containers: { metadata: metadata.id, "fast-reg": fastRegistration.id } };
    this.registerOutputs({ metadata: this.metadata, fastRegistration: this.fastRegistration });
  }
}

function createAccount(name: string, args: AzureBucketsArgs, parent: pulumi.Resource): StorageAccount {
  const { group, region, key, dataProtection, tags } = args;
  const sealer = createSealer(`${name}-data-key`, key, args, parent);
  return new StorageAccount(
    name,
    {
      ...{ resourceGroupName: group, location: region, accountName: args.account, tags },
      ...{ kind: "StorageV2", sku: { name: "Standard_ZRS" }, accessTier: "Hot", isHnsEnabled: false },
      ...{ allowBlobPublicAccess: false, allowSharedKeyAccess: false, defaultToOAuthAuthentication: true },
      ...{ allowCrossTenantReplication: false, isLocalUserEnabled: false, isSftpEnabled: false },
      ...{ enableHttpsTrafficOnly: true, minimumTlsVersion: "TLS1_2" },
      // Clients and browsers read by signed URL, wherever they are.
      ...{ publicNetworkAccess: "Enabled", networkRuleSet: { defaultAction: "Allow", bypass: "AzureServices" } },
      identity: { type: "UserAssigned", userAssignedIdentities: [sealer.id] },
      encryption: {
        keySource: "Microsoft.Keyvault",
        keyVaultProperties: { keyVaultUri: key.vaultUri, keyName: key.keyName },
        encryptionIdentity: { encryptionUserAssignedIdentity: sealer.id },
        services: { blob: { enabled: true, keyType: "Account" }, file: { enabled: true, keyType: "Account" } },
      },
    },
    { parent, protect: dataProtection },
  );
}

function keepAndServe(
  name: string,
  account: StorageAccount,
  containers: string[],
  { group, org, consoleOrigin }: AzureBucketsArgs,
  parent: pulumi.Resource,
): pulumi.CustomResource[] {
  const place = { resourceGroupName: group, accountName: account.name };
  const again = { enabled: true, days: noncurrentDays };
  const service = new BlobServiceProperties(
    name,
    {
      ...{ ...place, blobServicesName: "default", isVersioningEnabled: true },
      ...{ deleteRetentionPolicy: again, containerDeleteRetentionPolicy: again },
      cors: {
        // As documented, for the console's own origin: browsers read by signed URL and never write.
        corsRules: [
          {
            ...{ allowedOrigins: [consoleOrigin], allowedMethods: ["GET", "HEAD"], allowedHeaders: ["*"] },
            ...{ exposedHeaders: ["ETag"], maxAgeInSeconds: 3600 },
          },
        ],
      },
    },
    { parent },
  );
  const lifecycle = new ManagementPolicy(
    name,
    { ...place, managementPolicyName: "default", policy: { rules: azureLifecycle(org, containers) } },
    { parent, dependsOn: [service] },
  );
  return [service, lifecycle];
}
