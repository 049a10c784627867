/** What the plane's identities may do in Azure, as data: permissions and conditions. */
import type { RolePermissions } from "./azure-grants.ts";

const blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
const logs = "Microsoft.OperationalInsights/workspaces";
const secrets = "Microsoft.KeyVault/vaults/secrets";

/**
 * Roles that Azure has not by themselves. `objects`: Azure's own (Storage Blob Data Contributor) would also make and
 * delete containers. `secretKeeper`: Azure's own (Key Vault Secrets Officer) would also purge, back up and restore.
 * `logReader`: one table of the plane's workspace, not every one.
 */
export const customRoles = {
  objects: {
    title: "Reads, writes and deletes objects of a container",
    actions: [],
    dataActions: [`${blobs}/read`, `${blobs}/write`, `${blobs}/add/action`, `${blobs}/delete`],
  },
  secretKeeper: {
    title: "Keeps users' secrets",
    actions: [],
    dataActions: [`${secrets}/getSecret/action`, `${secrets}/setSecret/action`, `${secrets}/delete`],
  },
  logReader: {
    title: "Reads the logs of task pods",
    actions: [`${logs}/read`, `${logs}/query/read`, `${logs}/query/ContainerLogV2/read`],
    dataActions: [],
  },
} as const satisfies Record<string, RolePermissions>;

/**
 * Objects under one prefix, and listing just these: what the prefix of an AWS policy says. A list is judged by the prefix
 * that it asks for, every other call by the object's path. Each part lets pass what it is not about.
 * Source: Azure, "Example Azure role assignment conditions for Blob Storage".
 */
export function objectsUnder(prefix: string): string {
  const listing = `ActionMatches{'${blobs}/read'} AND SubOperationMatches{'Blob.List'}`;
  const touching = [
    `!(ActionMatches{'${blobs}/read'} AND NOT SubOperationMatches{'Blob.List'})`,
    ...["write", "add/action", "delete"].map((action) => `!(ActionMatches{'${blobs}/${action}'})`),
  ].join(" AND ");
  const path = `@Resource[${blobs}:path] StringStartsWith '${prefix}/'`;
  const asked = `@Request[${blobs}:prefix] StringStartsWith '${prefix}/'`;
  return `((${touching}) OR (${path})) AND ((!(${listing})) OR (${asked}))`;
}

/** A Kubernetes service account as a token of its cluster names it. */
export function subjectOf({ namespace, serviceAccount }: { namespace: string; serviceAccount: string }): string {
  return `system:serviceaccount:${namespace}:${serviceAccount}`;
}

/** For whom a pod's token is, where Azure is to take it. */
export const tokenAudience = "api://AzureADTokenExchange";
