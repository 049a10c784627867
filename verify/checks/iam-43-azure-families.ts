import { planeIdentities } from "../azure-identities.ts";
import { defineAzureCheck } from "../check.ts";
import { containerId, subscriptionOf } from "../collect/azure/places.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { azurePlaneFacts, heldBy } from "../reason/azure/plane.ts";
import { type AzureTarget, secretsInCloud } from "../target.ts";
import { give, principalOf, someone, take } from "./azure-questions.ts";

export const azureFamilies = defineAzureCheck({
  id: "IAM-43",
  title:
    "The admin's identity has object store, secrets and logs, as far as they are in the cloud; tasks' the object store",
  severity: "critical",
  claims: ["iam-admin-permission-set", "iam-user-permission-set"],
  documented: ["C07"],
  fix: "Take the role assignment away that gives the identity another service's rights, in the subscription or above it.",
  needs: azurePlaneFacts,
  evaluate(facts, target) {
    const [admin, ...tasks] = planeIdentities(target);
    return [admin, ...tasks].flatMap((identity, at): Finding[] => {
      if (!identity) return [];
      const found = principalOf(facts, target, identity);
      if ("missing" in found) return [found.missing];
      const families = at === 0 ? adminFamilies(target) : ["Microsoft.Storage"];
      const held = heldBy(facts, found.principal, target);
      const unknown = held.find(({ permissions }) => permissions.length === 0);
      if (unknown) return [fail(identity.name, `also has ${unknown.roleId}, of which nothing is known`)];
      const patterns = new Set(
        held.flatMap(({ permissions }) =>
          permissions.flatMap(({ actions, dataActions }) => [...actions, ...dataActions]),
        ),
      );
      const granted = [...new Set([...patterns].map(familyOf))].sort();
      const beyond = [...patterns].filter((pattern) => !families.includes(familyOf(pattern)));
      if (beyond.length > 0) return [fail(identity.name, `also has ${beyond.slice(0, 5).join(", ")}`)];
      const missing = families.filter((family) => !granted.includes(family));
      if (missing.length > 0) return [fail(identity.name, `lacks ${missing.join(", ")}`)];
      return [pass(identity.name, `has ${granted.join(", ")}`)];
    });
  },
  sabotages: [
    {
      name: "a role in the subscription gives tasks the secrets",
      apply: (facts, target) =>
        give(facts, someone(facts, target, "task"), subscriptionOf(target), {
          dataActions: ["Microsoft.KeyVault/vaults/secrets/getSecret/action"],
        }),
    },
    {
      name: "a role above gives the admin's identity machines",
      apply: (facts, target) =>
        give(facts, someone(facts, target, "admin"), "/providers/Microsoft.Management/managementGroups/acme", {
          actions: ["Microsoft.Compute/virtualMachines/write"],
        }),
    },
    {
      name: "a role gives tasks every read there is",
      apply: (facts, target) =>
        give(facts, someone(facts, target, "task"), subscriptionOf(target), { actions: ["*/read"] }),
    },
    {
      name: "no container gives the last identity of tasks anything any more",
      apply(facts, target) {
        const principal = someone(facts, target, "task");
        const { buckets } = target;
        const taken = [buckets.metadata, buckets.fastRegistration].map((name) =>
          take(facts, principal, containerId(target, name)),
        );
        return taken.every((one) => one === false) ? false : undefined;
      },
    },
  ],
});

/** Services by their namespace. */
function adminFamilies(target: AzureTarget): string[] {
  return [
    "Microsoft.Storage",
    ...(secretsInCloud(target) ? ["Microsoft.KeyVault"] : []),
    ...(target.logWorkspace ? ["Microsoft.OperationalInsights"] : []),
  ];
}

const known = ["Microsoft.Storage", "Microsoft.KeyVault", "Microsoft.OperationalInsights"];

/** A pattern with a wildcard in its namespace is of no one family, but of all. */
function familyOf(pattern: string): string {
  const namespace = pattern.split("/")[0] ?? "";
  return known.find((family) => family.toLowerCase() === namespace.toLowerCase()) ?? namespace;
}
