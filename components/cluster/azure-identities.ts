/** Who an AKS cluster is in Azure: its control plane, and its nodes. Pods are neither. */
import { UserAssignedIdentity } from "@pulumi/azure-native/managedidentity/userAssignedIdentity.js";
import type * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { MadeVaultKey } from "../encryption/azure.ts";
import type { SealerPlace } from "../encryption/azure-sealer.ts";
import { builtInRoles, grant } from "../identity/azure-grants.ts";

export interface ClusterIdentities {
  control: UserAssignedIdentity;
  /** By which nodes pull images; the registry lets it. */
  nodes: UserAssignedIdentity;
  /** The control plane's rights, which must be there before the cluster. */
  granted: pulumi.CustomResource[];
}

export interface ClusterIdentitiesArgs extends SealerPlace {
  /** ARM id of the nodes' subnet. */
  subnetId: pulumi.Input<string>;
  /** Seals Secrets. */
  key: MadeVaultKey;
}

export function createClusterIdentities(
  name: string,
  args: ClusterIdentitiesArgs,
  parent: pulumi.Resource,
): ClusterIdentities {
  const { subscription, group, region, tags } = args;
  const create = (what: string) =>
    new UserAssignedIdentity(
      `${name}-${what}`,
      {
        ...{ resourceGroupName: group, location: region, tags },
        resourceName: physicalName("azure-resource", name, what),
      },
      { parent },
    );
  const control = create("control");
  const nodes = create("node");
  const rights = {
    network: { role: builtInRoles.networkContributor, scope: args.subnetId, description: "Places nodes and the API" },
    nodes: { role: builtInRoles.identityOperator, scope: nodes.id, description: "Gives nodes their identity" },
    secrets: { role: builtInRoles.keyVaultCryptoUser, scope: args.key.id, description: "Seals Secrets with this key" },
  };
  const granted = Object.entries(rights).map(([what, right]) =>
    grant(`${name}-control-${what}`, { ...right, subscription, principalId: control.principalId }, parent),
  );
  return { control, nodes, granted };
}
