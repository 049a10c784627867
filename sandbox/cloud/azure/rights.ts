/**
 * Who may do what in the subscription that the sandbox keeps: role assignments as they stand there, on a thing or on what it
 * is a part of. A judge of the sandbox's own, apart from verify's. What it cannot judge it does not allow: a condition in any
 * other form than the kit's, a role that it does not know.
 */
import { builtInRoles } from "../../../components/identity/azure-grants.ts";
import { isProperties } from "../../providers/machine/values.ts";
import type { Entries } from "../google/rights.ts";

export interface Asked {
  /** Object id. */
  principal: string;
  /** As Azure names it: of data, or of management. */
  action: string;
  /** ARM id of the thing. */
  scope: string;
  /** Of a blob: its path within the container; of a list of them: the prefix that is asked for. */
  blob?: { path: string } | { prefix: string };
}

const blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
/** Of Azure's own roles, what calls of workloads ask for. Source: Azure, "Azure built-in roles". */
const builtIn: Readonly<Record<string, readonly string[]>> = {
  [builtInRoles.blobDelegator]: ["Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action"],
};

export function isAllowed(entries: Entries, asked: Asked): boolean {
  return Object.entries(entries).some(([path, { type, inputs, destroyed }]) => {
    if (type !== "azure-native:authorization:RoleAssignment" || destroyed) return false;
    if (inputs.principalId !== asked.principal) return false;
    const scope = path.slice(0, path.lastIndexOf("/providers/Microsoft.Authorization/"));
    if (asked.scope !== scope && !asked.scope.startsWith(`${scope}/`)) return false;
    return actionsOf(entries, String(inputs.roleDefinitionId)).includes(asked.action) && holds(inputs.condition, asked);
  });
}

function actionsOf(entries: Entries, role: string): readonly string[] {
  const permissions = entries[role]?.inputs.permissions;
  if (!Array.isArray(permissions)) return builtIn[role.slice(role.lastIndexOf("/") + 1)] ?? [];
  return permissions
    .filter(isProperties)
    .flatMap(({ actions, dataActions }) => [actions, dataActions].flatMap((list) => (Array.isArray(list) ? list : [])))
    .map(String);
}

const pathTerm = new RegExp(String.raw`@Resource\[${blobs}:path\] StringStartsWith '([^']+)'`);
const prefixTerm = new RegExp(String.raw`@Request\[${blobs}:prefix\] StringStartsWith '([^']+)'`);

/** The kit's own condition alone: objects beneath a prefix, and lists that ask for just these. */
function holds(condition: unknown, { blob }: Asked): boolean {
  if (condition === undefined || condition === null) return true;
  const text = String(condition);
  const [, path] = pathTerm.exec(text) ?? [];
  const [, prefix] = prefixTerm.exec(text) ?? [];
  if (!path || !prefix || !blob || !isKits(text, path)) return false;
  return "path" in blob ? blob.path.startsWith(path) : blob.prefix.startsWith(prefix);
}

/** Word for word, but for what is listed: any other sentence might allow more. */
function isKits(text: string, path: string): boolean {
  const words = text.replaceAll(`'${path}'`, "'…'").replace(/\s+/g, " ");
  return words === kitsWords;
}

const listing = `ActionMatches{'${blobs}/read'} AND SubOperationMatches{'Blob.List'}`;
const touching = [
  `!(ActionMatches{'${blobs}/read'} AND NOT SubOperationMatches{'Blob.List'})`,
  ...["write", "add/action", "delete"].map((verb) => `!(ActionMatches{'${blobs}/${verb}'})`),
].join(" AND ");
const kitsWords =
  `((${touching}) OR (@Resource[${blobs}:path] StringStartsWith '…')) AND ` +
  `((!(${listing})) OR (@Request[${blobs}:prefix] StringStartsWith '…'))`;
