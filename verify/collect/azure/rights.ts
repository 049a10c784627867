/** Role assignments, denials and delegations: a right is given above a subscription and in it, and all of these are listed there. */
import { z } from "zod";
import type { AzureRightsFact, AzureRoleFact } from "../../facts-azure.ts";
import type { Reads } from "./client.ts";

const rbac = "2022-04-01";
const texts = z
  .array(z.string())
  .nullish()
  .transform((found) => found ?? []);
const permissionSchema = z.object({ actions: texts, notActions: texts, dataActions: texts, notDataActions: texts });
const condition = z.string().nullish();
const assignmentSchema = z.object({
  properties: z.object({
    ...{ scope: z.string(), principalId: z.string(), roleDefinitionId: z.string(), condition },
    principalType: z.string().nullish(),
  }),
});
const deniedSchema = z.array(z.object({ id: z.string(), type: z.string().nullish() })).default([]);
const denialSchema = z.object({
  properties: z.object({
    ...{ scope: z.string(), condition, principals: deniedSchema, excludePrincipals: deniedSchema },
    doNotApplyToChildScopes: z.boolean().default(false),
    permissions: z.array(permissionSchema).default([]),
  }),
});
const delegationSchema = z.object({
  id: z.string(),
  properties: z.object({
    registrationDefinition: z.object({
      properties: z.object({
        managedByTenantId: z.string(),
        registrationDefinitionName: z.string().default("without a name"),
      }),
    }),
  }),
});
const roleSchema = z.object({
  id: z.string(),
  properties: z.object({ permissions: z.array(permissionSchema).default([]) }),
});

export async function readAzureRights(reads: Reads, subscription: string): Promise<AzureRightsFact> {
  const at = `${subscription}/providers/Microsoft.Authorization`;
  const managed = `${subscription}/providers/Microsoft.ManagedServices/registrationAssignments`;
  const [assignments, denials, delegations] = await Promise.all([
    reads.all(`${at}/roleAssignments`, rbac, assignmentSchema),
    reads.all(`${at}/denyAssignments`, rbac, denialSchema),
    reads.all(managed, "2022-10-01", delegationSchema, { $expandRegistrationDefinition: "true" }),
  ]);
  return {
    assignments: assignments.map(({ properties: own }) => ({
      ...{ scope: own.scope, roleId: own.roleDefinitionId },
      principal: { id: own.principalId, type: own.principalType ?? "" },
      ...(own.condition ? { condition: own.condition } : {}),
    })),
    denials: denials.map(({ properties: own }) => ({
      ...{ scope: own.scope, onlyThere: own.doNotApplyToChildScopes, permissions: own.permissions },
      ...{ principals: own.principals.map(asPrincipal), except: own.excludePrincipals.map(asPrincipal) },
      ...(own.condition ? { condition: own.condition } : {}),
    })),
    delegations: delegations.map(
      ({
        id,
        properties: {
          registrationDefinition: { properties },
        },
      }) => ({
        ...{ id, toTenant: properties.managedByTenantId, name: properties.registrationDefinitionName },
      }),
    ),
  };
}

const asPrincipal = ({ id, type }: { id: string; type?: string | null | undefined }) => ({ id, type: type ?? "" });

/** What each role holds. @param ids as assignments name them */
export async function readAzureRoles(reads: Reads, ids: readonly string[]): Promise<AzureRoleFact[]> {
  return Promise.all(
    [...new Set(ids)].sort().map(async (id) => {
      const { properties } = await reads.one(id, rbac, roleSchema);
      return { id, permissions: properties.permissions };
    }),
  );
}
