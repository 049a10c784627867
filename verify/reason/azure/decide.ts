/**
 * One question, answered as Azure RBAC decides: a token's exchange first where one is given, then any deny assignment that
 * holds on the resource, then whether any role assignment on it, or on what it lies in, gives a role with the action.
 * A role gives its actions without its notActions, and data actions apart from these. What is not told or not understood
 * stays open to the end. Keys of accounts, access policies of vaults and anonymous access are none of RBAC's matters.
 * Source: Azure RBAC, "How Azure RBAC determines if a user has access to a resource".
 */
import { z } from "zod";
import { allOf, anyOf, type Match, notOf } from "../gcp/members.ts";
import type { IamAnswer } from "../iam/decide.ts";
import { queryId } from "../input/parsed.ts";
import type { Given } from "./comparison.ts";
import { type Conditioned, conditionHolds } from "./condition.ts";
import type { Assignment, AzurePermission, AzurePolicies, Denial } from "./policy-file.ts";
import { actionCovers, folded, holdsOn, roleNameOf } from "./scopes.ts";
import { exchanged } from "./token.ts";

const objectId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const value = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.null()]);

export const azureIamQuery = z
  .strictObject({
    id: queryId,
    principal: z
      .string("an object id")
      .regex(objectId, "an object id")
      .optional()
      .describe("Object id of a user or of a service principal, which every managed identity is"),
    clientId: z.string("a client id").optional().describe("In place of principal: the identity that a token is for"),
    token: z
      .strictObject({ issuer: z.string("a string"), subject: z.string("a string"), audience: z.string("a string") })
      .optional()
      .describe("Of another issuer, such as a cluster's: the identity of clientId is asked as whoever brings it"),
    action: z
      .string("one action, such as Microsoft.Storage/storageAccounts/read")
      .regex(/^[A-Za-z0-9.]+(\/[A-Za-z0-9._$-]+)+$/, "one action, such as Microsoft.Storage/storageAccounts/read"),
    data: z.boolean().default(false).describe("Whether it is a data action"),
    resource: z
      .string("an ARM id")
      .regex(/^\/.+$/, "an ARM id, such as /subscriptions/<id>/resourceGroups/<name>")
      .describe("An ARM id; of a blob that of its container with /blobs/<path>"),
    subOperation: z
      .string()
      .nullable()
      .optional()
      .describe("Such as Blob.List; null: the request has none; when absent, not known"),
    attributes: z
      .record(z.string(), value)
      .default({})
      .describe("By their whole names, such as @Request[…:prefix]. null: not there. One that is not here is not known"),
    groups: z
      .array(z.string())
      .optional()
      .describe("Object ids of every group that the principal is in, in place of the file's groups"),
  })
  .refine(({ principal, clientId, token }) => (principal === undefined ? clientId && token : !clientId && !token), {
    message: "principal, or clientId with token",
  });

export type AzureIamQuery = z.output<typeof azureIamQuery>;

/** Everybody, in a deny assignment. */
const everybody = "00000000-0000-0000-0000-000000000000";

export function decideAzure(policies: AzurePolicies, query: AzureIamQuery): IamAnswer {
  const who = query.principal === undefined ? exchanged(policies, query) : { principal: query.principal };
  if ("refused" in who) return who.refused;
  const asked: Asked = { ...query, principal: who.principal, conditioned: conditionedOf(query) };
  const denials = policies.denyAssignments.map(({ properties }, at) => ({
    place: `denyAssignments[${at}] on ${properties.scope}`,
    match: denies(policies, properties, asked),
  }));
  const denied = anyOf(denials.map(({ match }) => match));
  if (denied.matches === "yes") return { decision: "deny", by: `denied by ${placesOf(denials)}` };
  const grants = policies.roleAssignments.map(({ properties }, at) => ({
    place: `roleAssignments[${at}] (${roleNameOf(properties.roleDefinitionId)}) on ${properties.scope}`,
    match: grantsIt(policies, properties, asked),
  }));
  const granted = anyOf(grants.map(({ match }) => match));
  if (granted.matches === "no") {
    return { decision: "deny", by: `no role assignment on ${query.resource} or above it allows it` };
  }
  const sides = [notOf(denied), granted].filter(({ matches }) => matches === "maybe");
  if (sides.length === 0) return { decision: "allow", by: `allowed by ${placesOf(grants)}` };
  const decision = sides.some(({ notUnderstood }) => notUnderstood) ? "unknown" : "conditional";
  return { decision, by: [...new Set(sides.flatMap(({ open }) => open))].join("; ") };
}

interface Asked extends Pick<AzureIamQuery, "action" | "data" | "resource" | "groups"> {
  principal: string;
  conditioned: Conditioned;
}

function placesOf(spoken: readonly { place: string; match: Match }[]): string {
  return spoken
    .filter(({ match }) => match.matches === "yes")
    .map(({ place }) => place)
    .join(", ");
}

function grantsIt(policies: AzurePolicies, given: Assignment, asked: Asked): Match {
  const holds = roleHolds(policies, given.roleDefinitionId, asked);
  if (holds.matches === "no") return holds;
  return allOf([
    standsFor(policies, { id: given.principalId, type: given.principalType }, asked),
    above(policies, given.scope, asked.resource),
    conditionHolds(given.condition, asked.conditioned),
    holds,
  ]);
}

function roleHolds({ roleDefinitions }: AzurePolicies, id: string, asked: Asked): Match {
  const role = roleDefinitions.find((one) => roleNameOf(one.id) === roleNameOf(id));
  if (role) return asMatch(role.properties.permissions.some((one) => permits(one, asked)));
  return open(`what role ${roleNameOf(id)} holds, which the file does not tell`);
}

/** Each permission of a role by itself: what one leaves out another may give. */
export function permits(
  { actions, notActions, dataActions, notDataActions }: AzurePermission,
  { action, data }: Pick<AzureIamQuery, "action" | "data">,
): boolean {
  const [given, without] = data ? [dataActions, notDataActions] : [actions, notActions];
  const among = (patterns: readonly string[]) => patterns.some((pattern) => actionCovers(pattern, action));
  return among(given) && !among(without);
}

function denies(policies: AzurePolicies, denial: Denial, asked: Asked): Match {
  if (!denial.permissions.some((one) => permits(one, asked))) return asMatch(false);
  const own = folded(denial.scope) === folded(asked.resource);
  const among = (principals: Denial["principals"]) =>
    anyOf(principals.map((one) => (folded(one.id) === everybody ? asMatch(true) : standsFor(policies, one, asked))));
  return allOf([
    denial.doNotApplyToChildScopes ? asMatch(own) : above(policies, denial.scope, asked.resource),
    among(denial.principals),
    notOf(among(denial.excludePrincipals)),
    conditionHolds(denial.condition, asked.conditioned),
  ]);
}

function above({ parents }: AzurePolicies, scope: string, resource: string): Match {
  const matches = holdsOn(scope, resource, parents);
  return matches === "maybe" ? open(`whether ${resource} lies in ${scope}`) : { matches, open: [] };
}

/** Whether an assignment's principal is the asker, or a group that the asker is in; an id alone does not tell which it is. */
export function standsFor(
  { groups }: Pick<AzurePolicies, "groups">,
  { id, type }: { id: string; type?: string | null | undefined },
  asked: { principal: string; groups?: readonly string[] | undefined },
): Match {
  const same = (other: string) => folded(other) === folded(id);
  if (same(asked.principal)) return asMatch(true);
  if (type && !/group$/i.test(type)) return asMatch(false);
  if (asked.groups) return asMatch(asked.groups.some(same));
  const known = Object.entries(groups).find(([group]) => same(group));
  if (!known) return open(`whether ${asked.principal} is in ${id}, whose members are not told`);
  const [group, members] = known;
  // A group within itself ends the search. What is no group of the file is no group at all: its members are told whole.
  const others = { ...groups, [group]: [] };
  const typeOf = (member: string) =>
    Object.keys(groups).some((one) => folded(one) === folded(member)) ? "Group" : "member";
  return anyOf(members.map((member) => standsFor({ groups: others }, { id: member, type: typeOf(member) }, asked)));
}

/** What a condition may ask of the resource follows from its id; what the question tells counts before that. */
function conditionedOf({ action, subOperation, attributes, resource }: AzureIamQuery): Conditioned {
  const told = Object.entries({ ...attributesIn(resource), ...attributes }).map(
    ([name, known]): [string, Given | null] => [
      keyOf(name),
      known === null || Array.isArray(known) ? known : `${known}`,
    ],
  );
  const known = new Map(told);
  return { action, subOperation, attribute: (name) => known.get(keyOf(name)) };
}

/** Names know no capitals; a tag's key may, and says so. */
const keyOf = (name: string) => name.toLowerCase().replace("<$key_case_sensitive$>", "");

const containers = "Microsoft.Storage/storageAccounts/blobServices/containers";

function attributesIn(resource: string): Record<string, string> {
  const [, account, container, path] =
    /\/providers\/Microsoft\.Storage\/storageAccounts\/([^/]+)(?:\/blobServices\/default\/containers\/([^/]+)(?:\/blobs\/(.+))?)?$/i.exec(
      resource,
    ) ?? [];
  return {
    ...(account ? { "@Resource[Microsoft.Storage/storageAccounts:name]": account } : {}),
    ...(container ? { [`@Resource[${containers}:name]`]: container } : {}),
    ...(path ? { [`@Resource[${containers}/blobs:path]`]: path } : {}),
  };
}

function asMatch(known: boolean): Match {
  return { matches: known ? "yes" : "no", open: [] };
}

const open = (what: string): Match => ({ matches: "maybe", open: [what], notUnderstood: true });
