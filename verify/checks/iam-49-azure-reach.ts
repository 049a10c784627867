import { adminIdentity, taskIdentities } from "../azure-identities.ts";
import { defineAzureCheck } from "../check.ts";
import { containerId, placeIn, secretsVaultId, storageId, subscriptionOf } from "../collect/azure/places.ts";
import type { Finding } from "../outcome.ts";
import { azurePlaneFacts } from "../reason/azure/plane.ts";
import type { AzureTarget } from "../target.ts";
import {
  type Asked,
  askAll,
  give,
  listWay,
  objectWays,
  principalOf,
  secretWays,
  someone,
  take,
} from "./azure-questions.ts";

const containers = "Microsoft.Storage/storageAccounts/blobServices/containers";

/** By the rights themselves, each with its counterpart next door that must be refused. */
export const azureReach = defineAzureCheck({
  id: "IAM-49",
  title: "The admin's identity works on objects of both containers and of no other, tasks' identities have no secret",
  severity: "high",
  claims: ["iam-admin-object-store-rw", "iam-user-no-secrets-manager"],
  documented: ["C07"],
  fix: "Bring the customer's stack up again: it grants both.",
  needs: azurePlaneFacts,
  evaluate(facts, target): Finding[] {
    const admin = principalOf(facts, target, adminIdentity(target));
    if ("missing" in admin) return [admin.missing];
    const tasks = taskIdentities(target).map((task) => principalOf(facts, target, task));
    return [
      ...tasks.flatMap((task) => ("missing" in task ? [task.missing] : [])),
      ...askAll(
        facts,
        [
          ...adminQuestions(target, admin.principal),
          ...tasks.flatMap((task) => ("missing" in task ? [] : taskQuestions(target, task.principal))),
        ],
        target.identityGroups,
      ),
    ];
  },
  sabotages: [
    {
      name: "the second container gives the admin's identity nothing",
      apply: (facts, target) =>
        take(facts, someone(facts, target, "admin"), containerId(target, target.buckets.fastRegistration)),
    },
    {
      name: "a denial keeps the admin's identity from reading objects",
      apply(facts, target) {
        const principal = someone(facts, target, "admin");
        if (principal === undefined) return false;
        facts.azureRights.denials.push({
          ...{
            scope: storageId(target),
            onlyThere: false,
            principals: [{ id: principal, type: "ServicePrincipal" }],
            except: [],
          },
          permissions: [{ actions: [], notActions: [], dataActions: [`${containers}/blobs/read`], notDataActions: [] }],
        });
        return undefined;
      },
    },
    {
      name: "the admin's identity may delete containers",
      apply: (facts, target) =>
        give(facts, someone(facts, target, "admin"), storageId(target), { actions: [`${containers}/delete`] }),
    },
    {
      name: "tasks read secrets",
      apply: (facts, target) =>
        give(facts, someone(facts, target, "task"), subscriptionOf(target), {
          dataActions: ["Microsoft.KeyVault/vaults/secrets/getSecret/action"],
        }),
    },
  ],
});

function adminQuestions(target: AzureTarget, principal: string): Asked[] {
  const { buckets, org } = target;
  return [buckets.metadata, buckets.fastRegistration].flatMap((name) => {
    const own = containerId(target, name);
    return [
      ...objectWays(own, target).map((way) => ({ ...way, principal, wanted: "allow" as const })),
      { ...listWay(own, `${org}/`), principal, wanted: "allow" as const },
      ...objectWays(`${own}-next-door`, target).map((way) => ({ ...way, principal, wanted: "deny" as const })),
      ...["delete", "write"].map((verb) => ({
        ...{ action: `${containers}/${verb}`, data: false, resource: own, principal, wanted: "deny" as const },
      })),
    ];
  });
}

function taskQuestions(target: AzureTarget, principal: string): Asked[] {
  const vault = secretsVaultId(target) ?? placeIn(target, "workloads", "Microsoft.KeyVault/vaults", "any");
  return secretWays(vault, target).map((way) => ({ ...way, principal, wanted: "deny" as const }));
}
