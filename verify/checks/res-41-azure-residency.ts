import { projectNamespace } from "../../components/compute-plane/project-domain.ts";
import { defineAzureCheck } from "../check.ts";
import {
  clusterId,
  lastOf,
  registryId,
  sameId,
  secretsVaultId,
  storageId,
  subscriptionOf,
} from "../collect/azure/places.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { type AzureTarget, declaredProjects } from "../target.ts";
import { logWorkspaceId } from "./azure-questions.ts";

/** Every place where customer data rests or runs, and everything that sends it elsewhere. */
export const azureDataStaysInPlace = defineAzureCheck({
  id: "RES-41",
  title:
    "Cluster, containers, registry, secrets and logs lie in the customer's subscription and region, and nothing sends them on",
  severity: "critical",
  claims: ["residency-data-in-dp-only"],
  documented: [],
  fix: "Remove the rule, copy or replication; the customer stack makes each thing in one subscription and region.",
  needs: ["azureCluster", "azureStorage", "azureRegistry", "azureVaults", "azureLogs"],
  evaluate(facts, target) {
    const { azureCluster, azureStorage, azureRegistry, azureVaults } = facts;
    const vault = secretsVaultId(target);
    const own = vault === undefined ? undefined : azureVaults.find(({ id }) => sameId(id, vault));
    return [
      inPlace(azureCluster, clusterId(target), target),
      inPlace(azureStorage, storageId(target), target),
      ...azureStorage.replicates.map((other) => fail(azureStorage.id, `copies its objects to ${other}`)),
      ...(azureStorage.acrossTenants
        ? [fail(azureStorage.id, "may be made to copy its objects to another tenant")]
        : [pass(azureStorage.id, "copies nothing to another tenant")]),
      inPlace(azureRegistry, registryId(target), target),
      ...azureRegistry.copies.map((place) => fail(azureRegistry.id, `is copied to ${place}`)),
      ...(vault === undefined ? [] : own ? [inPlace(own, vault, target)] : [fail(vault, "does not exist")]),
      ...judgeLogs(facts, target),
    ];
  },
  sabotages: [
    {
      name: "the cluster stands in another region",
      apply({ azureCluster }) {
        azureCluster.location = "eastus";
      },
    },
    {
      name: "objects are copied to another account",
      apply({ azureStorage }) {
        azureStorage.replicates.push(
          "/subscriptions/vendor/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/copy",
        );
      },
    },
    {
      name: "they may be copied to another tenant",
      apply({ azureStorage }) {
        azureStorage.acrossTenants = true;
      },
    },
    {
      name: "images are copied to another region",
      apply({ azureRegistry }) {
        azureRegistry.copies.push("eastus");
      },
    },
    {
      name: "the vault of secrets is another region's",
      apply({ azureVaults }, target) {
        const vault = azureVaults.find(({ id }) => lastOf(id) === target.secretsVault);
        if (!vault) return false;
        vault.location = "eastus";
        return undefined;
      },
    },
    {
      name: "the agent sends the pods' lines to another subscription's workspace too",
      apply({ azureLogs }) {
        azureLogs.senders[0]?.destinations.push(
          "/subscriptions/vendor/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w",
        );
      },
    },
    {
      name: "a workspace sends on what it keeps",
      apply({ azureLogs }) {
        azureLogs.workspaces
          .at(-1)
          ?.exports.push("/subscriptions/s/resourceGroups/g/providers/Microsoft.EventHub/namespaces/n");
      },
    },
    {
      name: "the agent takes every namespace's lines, into another workspace",
      apply({ azureLogs }, target) {
        const other = azureLogs.workspaces.find(({ workspace }) => workspace !== target.logWorkspace);
        const sender = azureLogs.senders[0];
        if (!other || !sender) return false;
        azureLogs.senders.push({ name: `${sender.name}-2`, destinations: [other.id] });
        return undefined;
      },
    },
    {
      name: "the cluster's records go to a partner of Azure's",
      apply({ azureLogs }) {
        azureLogs.senders.at(-1)?.destinations.push("another kind of place");
      },
    },
  ],
});

function inPlace({ id, location }: { id: string; location: string }, wanted: string, { region }: AzureTarget): Finding {
  if (!sameId(id, wanted)) return fail(id, `is not ${wanted}`);
  return location === region ? pass(id, "own subscription and region") : fail(id, `in ${location}`);
}

/** Lines of task pods are customer data: they go to the plane's workspace alone, and nothing leaves any workspace. */
function judgeLogs({ azureLogs }: Pick<Facts, "azureLogs">, target: AzureTarget): Finding[] {
  const { workspaces, senders } = azureLogs;
  const kept = logWorkspaceId({ azureLogs }, target);
  const tasks = new Set(declaredProjects(target).map(projectNamespace));
  const used = new Set(senders.flatMap(({ destinations }) => destinations.map((id) => id.toLowerCase())));
  return [
    ...(target.logWorkspace !== undefined && kept === undefined
      ? [fail(`workspace ${target.logWorkspace}`, "does not exist")]
      : []),
    ...workspaces
      .filter(({ id }) => used.has(id.toLowerCase()))
      .flatMap(({ id, location, exports }) => [
        location === target.region ? pass(id, "own subscription and region") : fail(id, `in ${location}`),
        ...exports.map((to) => fail(id, `sends on to ${to}`)),
      ]),
    ...senders.flatMap(({ name, namespaces, destinations }) =>
      destinations.map((to): Finding => {
        const own =
          workspaces.some(({ id }) => sameId(id, to)) &&
          to.toLowerCase().startsWith(`${subscriptionOf(target)}/`.toLowerCase());
        if (!own) return fail(name, `sends logs to ${to}`);
        const lines = namespaces === undefined || namespaces.some((namespace) => tasks.has(namespace));
        return lines && !(kept && sameId(kept, to))
          ? fail(name, `keeps the lines of task pods in ${to}`)
          : pass(name, `to ${to}`);
      }),
    ),
  ];
}
