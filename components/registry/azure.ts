import { Registry } from "@pulumi/azure-native/containerregistry/registry.js";
import * as pulumi from "@pulumi/pulumi";
import type { VaultKeyReference } from "../encryption/azure.ts";
import { createSealer } from "../encryption/azure-sealer.ts";
import { builtInRoles, grant } from "../identity/azure-grants.ts";
import type { Tags } from "../ownership/tags.ts";
import { untaggedDays } from "./lifecycle.ts";

export interface AzureRegistryArgs {
  subscription: string;
  group: pulumi.Input<string>;
  region: string;
  /** From `registryName`. */
  registry: string;
  /** Of the task images, such as `union-tasks`: the first push makes it. */
  repository: string;
  /** Seals the layers. A registry keeps it for life. */
  key: VaultKeyReference;
  /** Object ids of those who pull: the nodes' identity. */
  pulledBy: Record<string, pulumi.Input<string>>;
  /** On: Pulumi refuses to destroy it. */
  dataProtection: boolean;
  tags: Tags;
}

/**
 * A registry in the plane's region, under the customer's key, without its administrator's password and without anonymous
 * pulls. Azure locks a tag one by one, and no registry as a whole: that tags never move is the pusher's to keep.
 * Proved by builder-images-stay and enc-at-rest-registry.
 */
export class AzureRegistry extends pulumi.ComponentResource {
  /** Where images are pushed to and pulled from. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: AzureRegistryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:registry:AzureRegistry", name, {}, opts);
    const { subscription, group, region, key, pulledBy, dataProtection, tags } = args;
    const sealer = createSealer(`${name}-key`, key, args, this);
    const registry = new Registry(
      name,
      {
        ...{ resourceGroupName: group, location: region, registryName: args.registry, tags },
        // Keys of the customer's and retention are Premium's.
        sku: { name: "Premium" },
        ...{ adminUserEnabled: false, anonymousPullEnabled: false, zoneRedundancy: "Enabled" },
        identity: { type: "UserAssigned", userAssignedIdentities: sealer.id.apply((id) => ({ [id]: {} })) },
        encryption: { status: "enabled", keyVaultProperties: { identity: sealer.clientId, keyIdentifier: key.url } },
        policies: { retentionPolicy: { status: "enabled", days: untaggedDays } },
      },
      { parent: this, protect: dataProtection },
    );
    const pulls = Object.entries(pulledBy).map(
      ([who, principalId]) =>
        grant(
          `${name}-${who}`,
          {
            ...{ subscription, role: builtInRoles.acrPull, scope: registry.id, principalId },
            description: "Pulls task images",
          },
          this,
        ).id,
    );
    this.url = pulumi
      .all([registry.id, pulumi.all(pulls)])
      .apply(() => `${args.registry}.azurecr.io/${args.repository}`);
    this.registerOutputs({ url: this.url });
  }
}
