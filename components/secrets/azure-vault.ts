/** A Key Vault as the kit makes every one: rights by Azure's RBAC alone, and nothing in it is ever purged early. */
import { Vault } from "@pulumi/azure-native/keyvault/vault.js";
import type * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../ownership/tags.ts";

export interface VaultArgs {
  group: pulumi.Input<string>;
  region: string;
  tenant: string;
  /** From `vaultName`. */
  name: string;
  /** ARM ids of the subnets that reach it; or anywhere, where rights are its only wall. */
  reachedFrom: pulumi.Input<string>[] | "anywhere";
  dataProtection: boolean;
  tags: Tags;
}

/** Longest that Azure knows, so that a mistaken deletion can be called back. */
const keepDeletedDays = 90;

export function createVault(name: string, args: VaultArgs, parent: pulumi.Resource): Vault {
  const { group, region, tenant, reachedFrom, dataProtection, tags } = args;
  const open = reachedFrom === "anywhere";
  return new Vault(
    name,
    {
      ...{ resourceGroupName: group, location: region, vaultName: args.name, tags },
      properties: {
        tenantId: tenant,
        sku: { family: "A", name: "standard" },
        enableRbacAuthorization: true,
        ...{ enableSoftDelete: true, softDeleteRetentionInDays: keepDeletedDays, enablePurgeProtection: true },
        ...{ enabledForDeployment: false, enabledForDiskEncryption: false, enabledForTemplateDeployment: false },
        networkAcls: {
          bypass: "AzureServices",
          defaultAction: open ? "Allow" : "Deny",
          virtualNetworkRules: open ? [] : reachedFrom.map((id) => ({ id, ignoreMissingVnetServiceEndpoint: false })),
        },
      },
    },
    { parent, protect: dataProtection },
  );
}
