/** A subscription as it was read, as the evaluator takes it; and what an identity holds in it. */
import type { Facts } from "../../facts.ts";
import type { AzureAssignment, AzurePermissions } from "../../facts-azure.ts";
import type { AzureTarget } from "../../target.ts";
import type { IamAnswer } from "../iam/decide.ts";
import { azureIamQuery, decideAzure, standsFor } from "./decide.ts";
import type { AzurePolicies } from "./policy-file.ts";
import { roleNameOf } from "./scopes.ts";

export const azurePlaneFacts = ["azureIdentities", "azureRights", "azureRoles"] as const;
export type AzurePlane = Pick<Facts, (typeof azurePlaneFacts)[number]>;

/** Azure lists for a subscription what is above it, and nothing that is elsewhere: what is not beneath it is its root's. */
const root = "/";
const scopeOf = (scope: string) => (scope.toLowerCase().startsWith("/subscriptions/") ? scope : root);

export function evaluatorOf({ azureIdentities, azureRights, azureRoles }: AzurePlane): AzurePolicies {
  const { assignments, denials } = azureRights;
  return {
    roleDefinitions: azureRoles.map(({ id, permissions }) => ({ id, properties: { permissions } })),
    roleAssignments: assignments.map(({ scope, principal, roleId, condition }) => ({
      properties: {
        ...{ scope: scopeOf(scope), principalId: principal.id, principalType: principal.type || null },
        ...{ roleDefinitionId: roleId, condition: condition ?? null },
      },
    })),
    denyAssignments: denials.map(({ scope, onlyThere, permissions, principals, except, condition }) => ({
      properties: {
        ...{ scope: scopeOf(scope), doNotApplyToChildScopes: onlyThere, permissions, principals },
        ...{ excludePrincipals: except, condition: condition ?? null },
      },
    })),
    ...{ parents: {}, groups: {} },
    identities: azureIdentities.map(({ clientId, principalId, credentials }) => ({
      properties: { clientId, principalId },
      federatedCredentials: credentials.map(({ name, issuer, subject, audiences }) => ({
        name,
        properties: {
          ...{ issuer, audiences, subject: subject ?? null },
          ...(subject === undefined ? { claimsMatchingExpression: "not kept" } : {}),
        },
      })),
    })),
  };
}

export interface Question {
  /** Object id. */
  principal: string;
  action: string;
  data: boolean;
  /** ARM id; of a blob that of its container with /blobs/<path>. */
  resource: string;
  subOperation?: string;
  attributes?: Record<string, string>;
}

/** @param groups every group that whoever asks is in; undefined where nobody told */
export function asker(plane: AzurePlane, groups: readonly string[] | undefined): (question: Question) => IamAnswer {
  const policies = evaluatorOf(plane);
  return ({ subOperation, ...question }) =>
    decideAzure(
      policies,
      azureIamQuery.parse({
        ...{ ...question, subOperation: subOperation ?? null },
        ...(groups ? { groups: [...groups] } : {}),
      }),
    );
}

export interface Held extends Pick<AzureAssignment, "scope" | "roleId" | "condition"> {
  /** Nothing where the role was not told. */
  permissions: readonly AzurePermissions[];
}

/** What an identity has by any assignment that names it, or may name it; denials are not counted in its favour. */
export function heldBy(
  { azureRights, azureRoles }: AzurePlane,
  principal: string,
  { identityGroups }: Pick<AzureTarget, "identityGroups">,
): Held[] {
  const permissionsOf = new Map(azureRoles.map(({ id, permissions }) => [roleNameOf(id), permissions]));
  return azureRights.assignments
    .filter((one) => standsFor({ groups: {} }, one.principal, { principal, groups: identityGroups }).matches !== "no")
    .map(({ scope, roleId, condition }) => ({
      ...{ scope, roleId, permissions: permissionsOf.get(roleNameOf(roleId)) ?? [] },
      ...(condition === undefined ? {} : { condition }),
    }));
}
