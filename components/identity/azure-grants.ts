/** Role definitions and assignments of Azure's, as the plane's parts ask for them. */
import { RoleAssignment } from "@pulumi/azure-native/authorization/roleAssignment.js";
import { RoleDefinition } from "@pulumi/azure-native/authorization/roleDefinition.js";
import * as pulumi from "@pulumi/pulumi";
import { guidOf } from "../account/azure-names.ts";

/** Azure's own roles, by the name of their definition. Source: Azure, "Azure built-in roles". */
export const builtInRoles = {
  acrPull: "7f951dda-4ed3-4680-a7ca-43fe172d538d",
  /** Asks for a user delegation key, and nothing else. */
  blobDelegator: "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
  clusterAdmin: "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
  clusterReader: "7f6c6a51-bcf8-42ba-9220-52d62157d7db",
  identityOperator: "f1a07417-d97a-45cb-824c-7a7467783830",
  /** Wraps and unwraps with a key. */
  keyVaultSealer: "e147488a-f6f5-4113-8e2d-b22465e65bf6",
  /** AKS envelopes Secrets by encrypting and decrypting, which the one before does not allow. */
  keyVaultCryptoUser: "12338af0-0e69-4776-bea7-57ae8d297424",
  networkContributor: "4d97b98b-1d4f-4787-a291-c67834d212e7",
} as const;

export interface Grant {
  subscription: string;
  /** A definition's name, or the whole id of one made here. */
  role: pulumi.Input<string>;
  /** ARM id of the one thing that it holds on. */
  scope: pulumi.Input<string>;
  /** Object id. */
  principalId: pulumi.Input<string>;
  /** @default ServicePrincipal, which every managed identity is */
  principalType?: "ServicePrincipal" | "User" | "Group";
  /** In the words of `azure-roles.ts`. @default none */
  condition?: pulumi.Input<string>;
  description: string;
}

/** @param name names the assignment too, in its subscription */
export function grant(name: string, wanted: Grant, parent: pulumi.Resource): RoleAssignment {
  const { subscription, role, scope, principalId, principalType, condition, description } = wanted;
  const roleDefinitionId = typeof role === "string" ? definitionId(subscription, role) : role;
  return new RoleAssignment(
    name,
    {
      ...{ roleAssignmentName: guidOf(subscription, "assignment", name), roleDefinitionId, scope, principalId },
      ...{ principalType: principalType ?? "ServicePrincipal", description },
      ...(condition === undefined ? {} : { condition, conditionVersion: "2.0" }),
    },
    // Azure takes no change of an assignment, and no second one of its name.
    { parent, deleteBeforeReplace: true },
  );
}

export function definitionId(subscription: string, name: string): string {
  return `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${name}`;
}

/** What a role of ours allows: management of resources, and their data. */
export interface RolePermissions {
  title: string;
  actions: readonly string[];
  dataActions: readonly string[];
}

/** @returns ARM id of a role that can be given in the group, and nowhere else */
export function createRole(
  name: string,
  { title, actions, dataActions }: RolePermissions,
  { subscription, group }: { subscription: string; group: pulumi.Input<string> },
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const scope = groupId(subscription, group);
  return new RoleDefinition(
    name,
    {
      roleDefinitionId: guidOf(subscription, "role", name),
      // One of a name in the whole of a tenant.
      roleName: `${name} (${subscription.slice(0, 8)})`,
      description: title,
      roleType: "CustomRole",
      scope,
      assignableScopes: [scope],
      permissions: [{ actions: [...actions], notActions: [], dataActions: [...dataActions], notDataActions: [] }],
    },
    { parent },
  ).id;
}

function groupId(subscription: string, group: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.output(group).apply((known) => `/subscriptions/${subscription}/resourceGroups/${known}`);
}
