/** Identities of Azure's services, by which they seal with a customer's key: one for each thing that is sealed. */
import { UserAssignedIdentity } from "@pulumi/azure-native/managedidentity/userAssignedIdentity.js";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import { builtInRoles, grant } from "../identity/azure-grants.ts";
import type { Tags } from "../ownership/tags.ts";
import type { VaultKeyReference } from "./azure.ts";

export interface SealerPlace {
  subscription: string;
  group: pulumi.Input<string>;
  region: string;
  tags: Tags;
}

interface Sealer {
  /** ARM id and client id, answered once it may use the key. */
  id: pulumi.Output<string>;
  clientId: pulumi.Output<string>;
}

/** It wraps and unwraps with that one key, and may do nothing else anywhere; no pod takes it. */
export function createSealer(
  name: string,
  key: VaultKeyReference,
  { subscription, group, region, tags }: SealerPlace,
  parent: pulumi.Resource,
): Sealer {
  const identity = new UserAssignedIdentity(
    name,
    { resourceGroupName: group, location: region, resourceName: physicalName("azure-resource", name), tags },
    { parent },
  );
  const granted = grant(
    name,
    {
      ...{ subscription, role: builtInRoles.keyVaultSealer, scope: key.id, principalId: identity.principalId },
      description: "Seals with this key",
    },
    parent,
  );
  const known = pulumi.all([identity.id, identity.clientId, granted.id]);
  return { id: known.apply(([id]) => id), clientId: known.apply(([, clientId]) => clientId) };
}
