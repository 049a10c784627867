/** Questions to the rights of a subscription, each with the answer that is right; and what sabotages give. */
import { secretNamePrefix } from "../../components/secrets/names.ts";
import { adminIdentity, foundIdentity, type PlaneIdentity, taskIdentities } from "../azure-identities.ts";
import {
  clusterId,
  containerId,
  identityId,
  placeIn,
  registryId,
  sameId,
  secretsVaultId,
  storageId,
  subscriptionOf,
} from "../collect/azure/places.ts";
import type { Facts } from "../facts.ts";
import type { AzurePermissions } from "../facts-azure.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { type AzurePlane, asker, type Question } from "../reason/azure/plane.ts";
import type { AzureTarget } from "../target.ts";

export interface Asked extends Question {
  wanted: "allow" | "deny";
}

type Way = Omit<Question, "principal">;

const blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
const vaultSecrets = "Microsoft.KeyVault/vaults/secrets";
const tasksTable = "Microsoft.OperationalInsights/workspaces/query/ContainerLogV2/read";

const managed = (resource: string, ...actions: string[]): Way[] =>
  actions.map((action) => ({ action, resource, data: false }));
const onData = (resource: string, ...actions: string[]): Way[] =>
  actions.map((action) => ({ action, resource, data: true }));

/** Reading, making and deleting one object of the organisation's. */
export function objectWays(container: string, { org }: Pick<AzureTarget, "org">): Way[] {
  return onData(`${container}/blobs/${org}/object`, `${blobs}/read`, `${blobs}/write`, `${blobs}/delete`);
}

export function listWay(container: string, prefix: string): Way {
  const attributes = { [`@Request[${blobs}:prefix]`]: prefix };
  return { action: `${blobs}/read`, data: true, resource: container, subOperation: "Blob.List", attributes };
}

/** @param vault its id */
export function secretWays(vault: string, { org }: Pick<AzureTarget, "org">): Way[] {
  const rights = ["getSecret/action", "setSecret/action", "delete"].map((verb) => `${vaultSecrets}/${verb}`);
  return onData(`${vault}/secrets/${secretNamePrefix(org)}name`, ...rights);
}

export const logWays = (workspace: string): Way[] => managed(workspace, tasksTable);

/** Where task pods' logs are kept; nothing where they are not, or where that workspace was not found. */
export function logWorkspaceId({ azureLogs }: Pick<Facts, "azureLogs">, target: AzureTarget): string | undefined {
  const { logWorkspace } = target;
  return azureLogs.workspaces.find(({ workspace }) => logWorkspace !== undefined && sameId(workspace, logWorkspace))
    ?.id;
}

/** Everything that leads to the plane's data: reading it, becoming who reads it, and changing who may. */
export function waysToData(target: AzureTarget, workspace: string | undefined): Way[] {
  const { buckets } = target;
  const vault = secretsVaultId(target) ?? placeIn(target, "workloads", "Microsoft.KeyVault/vaults", "any");
  const own = [adminIdentity(target), ...taskIdentities(target)].map(({ name }) => identityId(target, name));
  const workspaces = "Microsoft.OperationalInsights/workspaces";
  const cluster = "Microsoft.ContainerService/managedClusters";
  return [
    ...[buckets.metadata, buckets.fastRegistration].flatMap((name) => objectWays(containerId(target, name), target)),
    ...managed(
      storageId(target),
      ...["listKeys/action", "regeneratekey/action", "listAccountSas/action", "write"].map(
        (verb) => `Microsoft.Storage/storageAccounts/${verb}`,
      ),
    ),
    ...secretWays(vault, target),
    ...managed(vault, "Microsoft.KeyVault/vaults/write", "Microsoft.KeyVault/vaults/accessPolicies/write"),
    ...managed(
      registryId(target),
      ...["pull/read", "push/write", "listCredentials/action", "write"].map(
        (verb) => `Microsoft.ContainerRegistry/registries/${verb}`,
      ),
    ),
    ...(workspace ? [...logWays(workspace), ...managed(workspace, `${workspaces}/sharedKeys/action`)] : []),
    ...own.flatMap((identity) =>
      managed(
        identity,
        ...["assign/action", "federatedIdentityCredentials/write"].map(
          (verb) => `Microsoft.ManagedIdentity/userAssignedIdentities/${verb}`,
        ),
      ),
    ),
    ...managed(
      clusterId(target),
      ...["listClusterAdminCredential/action", "runCommand/action", "write"].map((verb) => `${cluster}/${verb}`),
    ),
    ...onData(clusterId(target), `${cluster}/secrets/read`, `${cluster}/pods/exec/action`),
    ...[subscriptionOf(target), storageId(target), vault, clusterId(target)].flatMap((scope) =>
      managed(scope, "Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleDefinitions/write"),
    ),
  ];
}

/** What is not certain is never right. @param groups every group that the askers are in; undefined where nobody told */
export function askAll(
  plane: AzurePlane,
  questions: readonly Asked[],
  groups: readonly string[] | undefined,
): Finding[] {
  const ask = asker(plane, groups);
  return questions.map(({ wanted, ...question }) => {
    const { principal, action, resource } = question;
    const { decision, by } = ask(question);
    const subject = `${principal} → ${action} ${resource}`;
    return decision === wanted ? pass(subject, by) : fail(subject, `${decision}, where ${wanted} is right: ${by}`);
  });
}

/** Object id, or a finding that there is none. */
export function principalOf(
  { azureIdentities }: Pick<Facts, "azureIdentities">,
  target: AzureTarget,
  identity: PlaneIdentity,
): { principal: string } | { missing: Finding } {
  const found = foundIdentity(azureIdentities, target, identity);
  return found
    ? { principal: found.principalId }
    : { missing: fail(identityId(target, identity.name), "does not exist") };
}

/** For sabotages: object id of the services', or of the last of task pods' identities. */
export function someone(
  { azureIdentities }: Pick<Facts, "azureIdentities">,
  target: AzureTarget,
  which: "admin" | "task",
): string | undefined {
  const identity = which === "admin" ? adminIdentity(target) : taskIdentities(target).at(-1);
  return identity && foundIdentity(azureIdentities, target, identity)?.principalId;
}

/** For sabotages: one more assignment, with a role of its own. */
export function give(
  { azureRights, azureRoles }: Pick<Facts, "azureRights" | "azureRoles">,
  principal: string | undefined,
  scope: string,
  permissions: Partial<AzurePermissions>,
  type = "ServicePrincipal",
): undefined | false {
  if (principal === undefined) return false;
  const roleId = `/providers/Microsoft.Authorization/roleDefinitions/sabotage-${azureRoles.length}`;
  azureRoles.push({
    id: roleId,
    permissions: [{ actions: [], notActions: [], dataActions: [], notDataActions: [], ...permissions }],
  });
  azureRights.assignments.push({ scope, roleId, principal: { id: principal, type } });
  return undefined;
}

/** For sabotages: takes away what somebody has on one thing. */
export function take(
  { azureRights }: Pick<Facts, "azureRights">,
  principal: string | undefined,
  scope: string,
): undefined | false {
  const before = azureRights.assignments.length;
  azureRights.assignments = azureRights.assignments.filter(
    (one) => !(one.principal.id === principal && sameId(one.scope, scope)),
  );
  return before === azureRights.assignments.length ? false : undefined;
}
