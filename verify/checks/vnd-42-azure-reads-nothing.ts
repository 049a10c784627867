import { adminIdentity } from "../azure-identities.ts";
import { defineAzureCheck } from "../check.ts";
import { containerId, storageId, subscriptionOf } from "../collect/azure/places.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { azurePlaneFacts } from "../reason/azure/plane.ts";
import type { AzureTarget } from "../target.ts";
import {
  type Asked,
  askAll,
  give,
  logWorkspaceId,
  objectWays,
  principalOf,
  someone,
  take,
  waysToData,
} from "./azure-questions.ts";

/** In no group of the customer's: whom those hold is told by the customer's directory alone. */
const noGroups: readonly string[] = [];
/** Whoever has no right that names them. */
const nobody = "00000000-0000-4000-8000-00000000000e";

/** Questions, not names: those IAM-46 and VND-41 look for. What asks nobody who they are is looked at beside. */
export const vendorReadsNothingInSubscription = defineAzureCheck({
  id: "VND-42",
  title: "The vendor's people are refused every object, secret, image and log line in the customer's subscription",
  severity: "critical",
  claims: ["human-no-data-store-access", "human-logs-relay-only"],
  documented: [],
  fix: "Take the assignment or delegation away that lets the vendor in, or what answers without asking who it is.",
  needs: [...azurePlaneFacts, "azureStorage", "azureRegistry", "azureLogs"],
  evaluate(facts, target): Finding[] {
    const { azureStorage, azureRegistry, azureRights } = facts;
    const admin = principalOf(facts, target, adminIdentity(target));
    if ("missing" in admin) return [admin.missing];
    const open = [
      ...(azureStorage.publicBlobs ? [fail(azureStorage.id, "a container may be public")] : []),
      ...azureStorage.containers
        .filter(({ publicAccess }) => publicAccess !== "None")
        .map(({ name }) => fail(`${azureStorage.id}/${name}`, "answers whoever asks")),
      ...(azureStorage.sharedKeys ? [fail(azureStorage.id, "answers whoever has its key")] : []),
      ...(azureRegistry.anonymousPulls ? [fail(azureRegistry.id, "answers whoever asks")] : []),
      ...azureRights.delegations.map(({ id, toTenant }) =>
        fail(id, `tenant ${toTenant} acts in the subscription by it`),
      ),
    ];
    const ways = waysToData(target, logWorkspaceId(facts, target));
    const [object] = objectWays(containerId(target, target.buckets.metadata), target);
    const asked: Asked[] = [
      // One that must be let in by the same question: an evaluator that refuses everybody says nothing.
      ...(object ? [{ ...object, principal: admin.principal, wanted: "allow" as const }] : []),
      ...peopleOf(target).flatMap((principal) => ways.map((way) => ({ ...way, principal, wanted: "deny" as const }))),
    ];
    return [
      ...(open.length > 0 ? open : [pass(azureStorage.id, "nothing answers without asking who it is")]),
      ...askAll(facts, asked, noGroups),
    ];
  },
  sabotages: [
    {
      name: "the last container answers whoever asks",
      apply({ azureStorage }) {
        for (const container of azureStorage.containers.slice(-1)) container.publicAccess = "Container";
      },
    },
    {
      name: "whoever asks pulls images",
      apply({ azureRegistry }) {
        azureRegistry.anonymousPulls = true;
      },
    },
    {
      name: "the vendor's tenant manages the subscription",
      apply({ azureRights }, target) {
        const id = `${subscriptionOf(target)}/providers/Microsoft.ManagedServices/registrationAssignments/1`;
        azureRights.delegations.push({ id, toTenant: "44444444-4444-4444-8444-444444444444", name: "support" });
      },
    },
    {
      name: "somebody of elsewhere asks for the account's keys",
      apply: (facts, target) =>
        give(facts, target.management?.principalId ?? nobody, storageId(target), {
          actions: ["Microsoft.Storage/storageAccounts/list*"],
        }),
    },
    {
      name: "the admin's identity is refused its own objects, so that the questions tell nothing",
      apply: (facts, target) =>
        take(facts, someone(facts, target, "admin"), containerId(target, target.buckets.metadata)),
    },
  ],
});

/** Anybody of elsewhere, and the identity that the vendor manages by. */
function peopleOf({ management }: AzureTarget): string[] {
  return [nobody, ...(management ? [management.principalId] : [])];
}
