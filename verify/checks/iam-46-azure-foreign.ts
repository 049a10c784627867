import { defineAzureCheck } from "../check.ts";
import { storageId, subscriptionOf } from "../collect/azure/places.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { azurePlaneFacts } from "../reason/azure/plane.ts";
import { roleNameOf } from "../reason/azure/scopes.ts";
import type { AzureTarget } from "../target.ts";
import { askAll, give, logWorkspaceId, waysToData } from "./azure-questions.ts";

const needs = [...azurePlaneFacts, "azureVaults", "azureCluster"] as const;
type Seen = Pick<Facts, (typeof needs)[number]>;

const noGroups: readonly string[] = [];

/** In BYOC one identity is the vendor's by design; of that it is asked whether it leads to data. */
export const noForeignPrincipalsOnAzure = defineAzureCheck({
  id: "IAM-46",
  title:
    "No right in the subscription or above it is anybody's else, no tenant manages it, no other issuer's tokens are taken; BYOC: but the vendor's for its identity, short of data",
  severity: "critical",
  claims: ["human-no-iam-credentials", "human-no-cloud-account", "tenant-separate-iam-boundaries"],
  documented: ["C07"],
  fix: "Remove the assignment, delegation or credential, or name its object id as the customer's own (ownPrincipals).",
  needs: [...needs, "azureLogs"],
  evaluate(facts, target) {
    const judged = judgePrincipals(facts, target);
    if (!target.management || judged.some(({ ok }) => !ok)) return judged;
    const principal = target.management.principalId;
    const ways = waysToData(target, logWorkspaceId(facts, target));
    return [
      ...judged,
      ...askAll(
        facts,
        ways.map((way) => ({ ...way, principal, wanted: "deny" as const })),
        noGroups,
      ),
    ];
  },
  sabotages: [
    {
      name: "a guest of the vendor's reads the whole subscription",
      apply: (facts, target) => give(facts, stranger, subscriptionOf(target), { actions: ["*/read"] }, "User"),
    },
    {
      name: "a group of another tenant reads objects",
      apply: (facts, target) =>
        give(
          facts,
          stranger,
          storageId(target),
          { dataActions: ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"] },
          "ForeignGroup",
        ),
    },
    {
      name: "the vendor's tenant manages the subscription",
      apply({ azureRights }, target) {
        const id = `${subscriptionOf(target)}/providers/Microsoft.ManagedServices/registrationAssignments/1`;
        azureRights.delegations.push({ id, toTenant: "44444444-4444-4444-8444-444444444444", name: "support" });
      },
    },
    {
      name: "an identity of the customer's takes tokens of another issuer",
      apply({ azureIdentities }) {
        const credential = { name: "ci", issuer: "https://tokens.elsewhere.test", subject: "repo:vendor" };
        azureIdentities.at(-1)?.credentials.push({ ...credential, audiences: ["api://AzureADTokenExchange"] });
      },
    },
    {
      name: "a vault gives by policies of its own",
      apply({ azureVaults }) {
        const vault = azureVaults.at(-1);
        if (!vault) return false;
        vault.rbac = false;
        vault.policiesFor.push(stranger);
        return undefined;
      },
    },
    {
      name: "above the subscription somebody of elsewhere changes rights",
      apply: (facts) =>
        give(facts, stranger, "/providers/Microsoft.Management/managementGroups/acme", {
          actions: ["Microsoft.Authorization/*"],
        }),
    },
  ],
});

export const stranger = "66666666-0000-4000-8000-000000000006";

/** Everywhere that somebody can be named. */
export function judgePrincipals(facts: Seen, target: AzureTarget): Finding[] {
  const { azureIdentities, azureRights, azureVaults, azureCluster } = facts;
  const { management, ownPrincipals } = target;
  const managed = azureIdentities.find(({ clientId }) => clientId === management?.clientId);
  const own = new Map([
    ...azureIdentities.map(({ principalId, id }): [string, string] => [principalId.toLowerCase(), id]),
    ...ownPrincipals.map((id): [string, string] => [id.toLowerCase(), "the customer's own"]),
  ]);
  const knows = (principal: string) => own.get(principal.toLowerCase());
  const scopes = Map.groupBy(azureRights.assignments, ({ scope }) => scope);
  return [
    ...[...scopes].map(([scope, assignments]): Finding => {
      const foreign = assignments.find(({ principal }) => knows(principal.id) === undefined);
      if (!foreign) return pass(scope, `${assignments.length} assignments, to own identities and people only`);
      const { principal, roleId } = foreign;
      return fail(scope, `gives ${principal.type || "somebody"} ${principal.id} role ${roleNameOf(roleId)}`);
    }),
    ...azureRights.delegations.map(({ id, toTenant, name }) => fail(id, `lets tenant ${toTenant} manage it: ${name}`)),
    ...azureVaults
      .filter(({ rbac }) => !rbac)
      .flatMap(({ id, policiesFor }) =>
        policiesFor.map((who) =>
          knows(who) === undefined
            ? fail(id, `gives ${who} rights by a policy of its own`)
            : pass(id, `gives ${who} rights`),
        ),
      ),
    ...azureIdentities.flatMap((identity) =>
      identity.credentials.map(({ issuer, subject }): Finding => {
        const who = `${subject ?? "whoever an expression names"} of ${issuer}`;
        const vendors = identity === managed && issuer === management?.issuer && subject === management?.subject;
        return issuer === azureCluster.issuer || vendors
          ? pass(identity.id, `taken by ${who}`)
          : fail(identity.id, `is taken by ${who}`);
      }),
    ),
  ];
}
