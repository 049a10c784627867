import { adminIdentity } from "../azure-identities.ts";
import { defineAzureCheck } from "../check.ts";
import { placeIn, secretsVaultId, subscriptionOf } from "../collect/azure/places.ts";
import { type Finding, fail } from "../outcome.ts";
import { azurePlaneFacts } from "../reason/azure/plane.ts";
import { secretsInCloud } from "../target.ts";
import { type Asked, askAll, give, principalOf, secretWays, someone, take } from "./azure-questions.ts";

const secrets = "Microsoft.KeyVault/vaults/secrets";

export const azureSecretsReach = defineAzureCheck({
  id: "IAM-50",
  title: "The admin's identity keeps secrets in the plane's own vault, and in no other",
  severity: "high",
  claims: ["iam-admin-secrets-manager"],
  documented: ["C07"],
  fix: "Bring the customer's stack up again: it grants keeping secrets in that one vault.",
  needs: azurePlaneFacts,
  notApplicable: (target) =>
    secretsInCloud(target) ? undefined : "users' secrets lie in the cluster, and no right in a vault is needed",
  evaluate(facts, target): Finding[] {
    const vault = secretsVaultId(target);
    if (vault === undefined) return [fail("secretsVault", "the target names no vault of users' secrets")];
    const admin = principalOf(facts, target, adminIdentity(target));
    if ("missing" in admin) return [admin.missing];
    const { principal } = admin;
    const elsewhere = placeIn(target, "workloads", "Microsoft.KeyVault/vaults", "next-door");
    const denied = (action: string, data: boolean): Asked => ({
      principal,
      action,
      data,
      resource: vault,
      wanted: "deny",
    });
    return askAll(
      facts,
      [
        ...secretWays(vault, target).map((way) => ({ ...way, principal, wanted: "allow" as const })),
        ...secretWays(elsewhere, target).map((way) => ({ ...way, principal, wanted: "deny" as const })),
        ...["purge/action", "backup/action", "restore/action"].map((verb) => denied(`${secrets}/${verb}`, true)),
        denied("Microsoft.KeyVault/vaults/accessPolicies/write", false),
        denied("Microsoft.KeyVault/vaults/delete", false),
      ],
      target.identityGroups,
    );
  },
  sabotages: [
    {
      name: "the vault gives the identity nothing",
      apply: (facts, target) => take(facts, someone(facts, target, "admin"), secretsVaultId(target) ?? ""),
    },
    {
      name: "it reads every vault of the subscription",
      apply: (facts, target) =>
        give(facts, someone(facts, target, "admin"), subscriptionOf(target), {
          dataActions: [`${secrets}/getSecret/action`],
        }),
    },
    {
      name: "it purges what was deleted",
      apply: (facts, target) =>
        give(facts, someone(facts, target, "admin"), secretsVaultId(target) ?? "", {
          dataActions: [`${secrets}/purge/action`],
        }),
    },
  ],
});
