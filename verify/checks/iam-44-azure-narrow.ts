import { objectsUnder } from "../../components/identity/azure-roles.ts";
import { adminIdentity, type PlaneIdentity, taskIdentities } from "../azure-identities.ts";
import { defineAzureCheck } from "../check.ts";
import { containerId, identityId, sameId, secretsVaultId, storageId, subscriptionOf } from "../collect/azure/places.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { azurePlaneFacts, type Held, heldBy } from "../reason/azure/plane.ts";
import type { AzureTarget } from "../target.ts";
import { give, logWorkspaceId, principalOf, someone } from "./azure-questions.ts";

/** Each assignment lies on something of the plane's own; a condition counts only where it is the very one of the kit. */
export const azureNarrow = defineAzureCheck({
  id: "IAM-44",
  title:
    "The plane's identities reach its own containers, vault and logs one by one, tasks' only their own prefix, and nothing beyond",
  severity: "critical",
  claims: ["iam-roles-narrow", "lp-iam-minimum-permissions"],
  documented: ["C07"],
  fix: "Assign the role on the container, the vault or the workspace, as the customer stack does, and not above it.",
  needs: [...azurePlaneFacts, "azureLogs"],
  evaluate(facts, target) {
    return [
      { identity: adminIdentity(target), envelope: adminEnvelope(target, logWorkspaceId(facts, target)) },
      ...taskIdentities(target).map((task) => ({ identity: task, envelope: taskEnvelope(task, target) })),
    ].flatMap(({ identity, envelope }): Finding[] => {
      const found = principalOf(facts, target, identity);
      if ("missing" in found) return [found.missing];
      const held = heldBy(facts, found.principal, target);
      if (held.length === 0) return [fail(identity.name, "has no right at all")];
      return held.map((one) => {
        const subject = `${identity.name} on ${one.scope}`;
        const by = `${one.roleId}${one.condition === undefined ? "" : `, ${one.condition}`}`;
        const beyond = beyondIn(one, envelope);
        return beyond === undefined ? pass(subject, by) : fail(subject, `has ${beyond} by ${by}`);
      });
    });
  },
  sabotages: [
    {
      name: "tasks' assignment on the first container loses its condition",
      apply: (facts, target) => changeTasks(facts, target, (one) => delete one.condition),
    },
    {
      name: "tasks' condition is for another organisation too",
      apply: (facts, target) =>
        changeTasks(facts, target, (one) => {
          one.condition = `(${one.condition}) OR (${objectsUnder("globex")})`;
        }),
    },
    {
      name: "tasks' assignment is on the account, not on its container",
      apply: (facts, target) =>
        changeTasks(facts, target, (one) => {
          one.scope = storageId(target);
        }),
    },
    {
      name: "the admin's identity has objects of every account of the subscription",
      apply: (facts, target) =>
        give(facts, someone(facts, target, "admin"), subscriptionOf(target), {
          dataActions: ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*"],
        }),
    },
    {
      name: "tasks may give themselves the admin's identity",
      apply: (facts, target) =>
        give(facts, someone(facts, target, "task"), identityId(target, target.identities.admin), {
          actions: ["Microsoft.ManagedIdentity/userAssignedIdentities/*"],
        }),
    },
    {
      name: "the admin's identity purges what the vault holds",
      apply: (facts, target) =>
        give(facts, someone(facts, target, "admin"), secretsVaultId(target) ?? subscriptionOf(target), {
          dataActions: ["Microsoft.KeyVault/vaults/secrets/*"],
        }),
    },
  ],
});

interface Allowed {
  scope: string;
  /** Whole patterns, as roles have them. */
  patterns: RegExp;
  /** What must be asked for beside; none where there need be none. */
  condition?: string;
}

const objects =
  /^microsoft\.storage\/storageaccounts\/blobservices\/containers\/blobs\/(read|write|add\/action|delete)$/i;

function adminEnvelope(target: AzureTarget, workspace: string | undefined): Allowed[] {
  const { buckets } = target;
  const vault = secretsVaultId(target);
  return [
    ...[buckets.metadata, buckets.fastRegistration].map((name) => ({
      ...{ scope: containerId(target, name), patterns: objects },
    })),
    {
      scope: storageId(target),
      patterns: /^microsoft\.storage\/storageaccounts\/blobservices\/generateuserdelegationkey\/action$/i,
    },
    ...(vault
      ? [
          {
            scope: vault,
            patterns: /^microsoft\.keyvault\/vaults\/secrets\/(getsecret\/action|setsecret\/action|delete)$/i,
          },
        ]
      : []),
    ...(workspace
      ? [
          {
            scope: workspace,
            patterns: /^microsoft\.operationalinsights\/workspaces\/(read|query\/read|query\/containerlogv2\/read)$/i,
          },
        ]
      : []),
  ];
}

function taskEnvelope({ prefix }: PlaneIdentity, target: AzureTarget): Allowed[] {
  const { org, buckets } = target;
  return [buckets.metadata, buckets.fastRegistration].map((name) => ({
    ...{ scope: containerId(target, name), patterns: objects },
    condition: objectsUnder(prefix ?? org),
  }));
}

/** What is left out of a role by its notActions is not counted in its favour: a pattern is judged as it stands. */
function beyondIn({ scope, permissions, condition }: Held, envelope: readonly Allowed[]): string | undefined {
  if (permissions.length === 0) return "what nobody knows";
  const here = envelope.filter(
    (allowed) => sameId(allowed.scope, scope) && (allowed.condition === undefined || allowed.condition === condition),
  );
  return permissions
    .flatMap(({ actions, dataActions }) => [...actions, ...dataActions])
    .find((pattern) => !here.some(({ patterns }) => patterns.test(pattern)));
}

function changeTasks(
  facts: Pick<Facts, "azureIdentities" | "azureRights">,
  target: AzureTarget,
  change: (one: Facts["azureRights"]["assignments"][number]) => void,
): undefined | false {
  const principal = someone(facts, target, "task");
  const own = facts.azureRights.assignments.find(
    (one) => one.principal.id === principal && one.condition !== undefined,
  );
  if (!own) return false;
  change(own);
  return undefined;
}
