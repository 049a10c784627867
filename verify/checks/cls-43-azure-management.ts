import { defineAzureCheck } from "../check.ts";
import { clusterId, storageId, subscriptionOf } from "../collect/azure/places.ts";
import type { AzureIdentityFact } from "../facts-azure.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { azurePlaneFacts } from "../reason/azure/plane.ts";
import { allows, type Grant, grantsToUser, textOf } from "../reason/rbac/grants.ts";
import type { AzureTarget } from "../target.ts";
import { askAll, give, logWorkspaceId, waysToData } from "./azure-questions.ts";
import { judgeRights } from "./cls-03-managed-by-vendor.ts";
import { grantLogs, grantSettings, refusedIn } from "./cls-06-management-apart.ts";

/** In no group of the customer's: the base stack puts it into none, and whom groups hold their directory alone tells. */
const noGroups: readonly string[] = [];

/** The identity is there, it manages the cluster as far as its level says, and leads nowhere else. */
export const azureManagement = defineAzureCheck({
  id: "CLS-43",
  title:
    "BYOC: the vendor manages the cluster by one identity, with the rights of its level, refused data, secrets, logs and sessions",
  severity: "critical",
  claims: ["human-byoc-k8s-management", "model-byoc-separated-from-data"],
  documented: [],
  fix: "Make identity, trust and rights by the customer's two stacks, and remove every other.",
  needs: [...azurePlaneFacts, "azureLogs", "roles", "clusterRoles", "roleBindings", "clusterRoleBindings"],
  notApplicable: ({ model }) =>
    model === "self-managed" ? "self-managed: no identity of the vendor's exists, as VND-41 decides" : undefined,
  evaluate(facts, target) {
    const { management } = target;
    if (!management) return [fail("management", "the target names no management identity")];
    const identity = managerIn(facts.azureIdentities, target);
    if (!identity) return [fail(management.clientId, "does not exist")];
    const { principalId } = management;
    if (identity.principalId !== principalId)
      return [fail(identity.id, `is ${identity.principalId}, not ${principalId}`)];
    const ways = waysToData(target, logWorkspaceId(facts, target));
    // A right on one named Secret is a right on a Secret.
    const held = grantsToUser(principalId, facts).map(({ name: _, ...grant }): Grant => grant);
    return [
      ...judgeTakers(identity, management),
      judgeRights({ kind: "User", name: principalId }, management.level, facts, target),
      ...refusedIn(target).map((asked): Finding => {
        const subject = `user ${principalId} → ${textOf({ ...asked, via: "" })}`;
        const grant = allows(held, asked);
        return grant ? fail(subject, `allowed by ${grant.via}`) : pass(subject, "no rule says so");
      }),
      ...askAll(
        facts,
        [
          {
            ...{ principal: principalId, data: false, resource: clusterId(target), wanted: "allow" },
            action: "Microsoft.ContainerService/managedClusters/read",
          },
          ...ways.map((way) => ({ ...way, principal: principalId, wanted: "deny" as const })),
        ],
        noGroups,
      ),
    ];
  },
  sabotages: [
    {
      name: "the identity is gone",
      apply(facts, target) {
        facts.azureIdentities = facts.azureIdentities.filter(
          ({ clientId }) => clientId !== target.management?.clientId,
        );
      },
    },
    {
      name: "another workload of the vendor's may take it too",
      apply({ azureIdentities }, target) {
        const identity = managerIn(azureIdentities, target);
        identity?.credentials.push({
          ...{ name: "second", issuer: target.management?.issuer ?? "", subject: "support" },
          audiences: ["api://AzureADTokenExchange"],
        });
      },
    },
    {
      name: "whoever matches an expression may take it",
      apply({ azureIdentities }, target) {
        for (const credential of managerIn(azureIdentities, target)?.credentials ?? []) delete credential.subject;
      },
    },
    {
      name: "nobody may take it",
      apply({ azureIdentities }, target) {
        const identity = managerIn(azureIdentities, target);
        if (identity) identity.credentials = [];
      },
    },
    {
      name: "it contributes to the whole subscription, as documented",
      apply: (facts, target) => give(facts, target.management?.principalId, subscriptionOf(target), { actions: ["*"] }),
    },
    {
      name: "it asks for the account's keys",
      apply: (facts, target) =>
        give(facts, target.management?.principalId, storageId(target), {
          actions: ["Microsoft.Storage/storageAccounts/listkeys/action"],
        }),
    },
    {
      name: "it is the cluster's administrator by Azure",
      apply: (facts, target) =>
        give(facts, target.management?.principalId, clusterId(target), {
          dataActions: ["Microsoft.ContainerService/managedClusters/*"],
        }),
    },
    {
      name: "it has no right on the cluster any more",
      apply({ azureRights }, { management }) {
        azureRights.assignments = azureRights.assignments.filter(
          ({ principal }) => principal.id !== management?.principalId,
        );
      },
    },
    {
      name: "it reads the pods' logs in the last project",
      apply: (facts, target) => grantLogs(facts, target, { kind: "User", name: target.management?.principalId ?? "" }),
    },
    {
      name: "it reads every setting of what serves apps",
      apply: (facts, target) =>
        grantSettings(facts, target, { kind: "User", name: target.management?.principalId ?? "" }),
    },
    {
      name: "the managers' role lacks its last rule",
      apply({ clusterRoles, roles }) {
        for (const role of [...clusterRoles, ...roles]) {
          if (role.metadata?.name === "biplane-managers") role.rules = role.rules?.slice(0, -1);
        }
      },
    },
  ],
});

function managerIn(
  identities: readonly AzureIdentityFact[],
  { management }: AzureTarget,
): AzureIdentityFact | undefined {
  return identities.find(({ clientId }) => clientId === management?.clientId);
}

function judgeTakers(
  { id, credentials }: AzureIdentityFact,
  { issuer, subject }: NonNullable<AzureTarget["management"]>,
): Finding[] {
  if (credentials.length === 0) return [fail(id, "nobody may take it: the vendor cannot manage the cluster")];
  return credentials.map((credential) => {
    const who = `${credential.subject ?? "whoever an expression names"} of ${credential.issuer}`;
    const own = credential.issuer === issuer && credential.subject === subject;
    return own ? pass(id, `taken by ${who}`) : fail(id, `${who} may take it`);
  });
}
