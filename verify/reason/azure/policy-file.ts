/** What holds in a part of Azure, as a file gives it: role definitions, assignments and denials as Azure's REST API returns them. */
import { z } from "zod";
import { refusal } from "../../../shared/errors.ts";
import { readJson } from "../input/json-file.ts";
import { parseOrRefuse } from "../input/parsed.ts";

const names = z.array(z.string()).default([]);

const permission = z.object({ actions: names, notActions: names, dataActions: names, notDataActions: names });
export type AzurePermission = z.output<typeof permission>;

const condition = z.string().nullish().describe("In the language of Azure's attribute conditions");

const role = z.object({
  id: z.string("a role definition's id"),
  properties: z.object({ permissions: z.array(permission).default([]) }),
});

const assignment = z.object({
  properties: z.object({
    scope: z.string("a scope, such as /subscriptions/<id>"),
    principalId: z.string("an object id"),
    principalType: z.string().nullish().describe("User, Group, ServicePrincipal, …: when absent, it may be a group"),
    roleDefinitionId: z.string("a role definition's id"),
    condition,
  }),
});

const denied = z.object({ id: z.string("an object id"), type: z.string().nullish() });
const denial = z.object({
  properties: z.object({
    scope: z.string("a scope, such as /subscriptions/<id>"),
    doNotApplyToChildScopes: z.boolean().default(false),
    permissions: z.array(permission).default([]),
    principals: z.array(denied).default([]),
    excludePrincipals: z.array(denied).default([]),
    condition,
  }),
});

const identity = z.object({
  properties: z.object({ clientId: z.string("a client id"), principalId: z.string("an object id") }),
  federatedCredentials: z
    .array(
      z.object({
        name: z.string().default("without a name"),
        properties: z.object({
          issuer: z.string("an issuer"),
          subject: z.string().nullish(),
          audiences: names,
          claimsMatchingExpression: z
            .unknown()
            .optional()
            .describe("A pattern in place of the subject; not understood here"),
        }),
      }),
    )
    .default([]),
});

export const azurePolicyFile = z.strictObject({
  roleDefinitions: z
    .array(role)
    .default([])
    .describe("As roleDefinitions.get answers them, Azure's own too: what a role that is not here holds is not known"),
  roleAssignments: z.array(assignment).default([]).describe("As roleAssignments.listForSubscription answers them"),
  denyAssignments: z.array(denial).default([]).describe("As denyAssignments.list answers them"),
  parents: z
    .record(z.string(), z.string().nullable())
    .default({})
    .describe(
      "What lies above a subscription or management group, by its id; null: only the root. What is not here is not known",
    ),
  groups: z
    .record(z.string(), z.array(z.string()))
    .default({})
    .describe("Object ids of members by object id of the group: who is in a group that is not here is not known"),
  identities: z
    .array(identity)
    .default([])
    .describe("User-assigned identities with their federated credentials, for questions by token"),
});

export type AzurePolicies = z.output<typeof azurePolicyFile>;
export type Denial = AzurePolicies["denyAssignments"][number]["properties"];
export type Assignment = AzurePolicies["roleAssignments"][number]["properties"];

/** @throws UserError for what is no such file, with the place in it */
export function readAzurePolicies(file: string): AzurePolicies {
  return azurePoliciesFrom(readJson(file, "policies"), file);
}

export function azurePoliciesFrom(raw: unknown, subject: string): AzurePolicies {
  const policies = parseOrRefuse(
    azurePolicyFile,
    raw,
    subject,
    "See docs/schemas/reason-iam-azure-policies.schema.json.",
  );
  for (const [index, { properties }] of policies.roleAssignments.entries())
    checkScope(`${subject}: roleAssignments.${index}.properties.scope`, properties.scope);
  for (const [index, { properties }] of policies.denyAssignments.entries())
    checkScope(`${subject}: denyAssignments.${index}.properties.scope`, properties.scope);
  return policies;
}

function checkScope(subject: string, value: string): void {
  if (value.startsWith("/")) return;
  throw refusal({ subject, value, allowed: "a scope that begins with /, such as /subscriptions/<id>" });
}
