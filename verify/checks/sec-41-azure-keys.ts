import { defineAzureCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";

/** Whatever signs somebody in by what can be copied: keys of stores, passwords, tokens and certificates of their own. */
export const noAzureKeys = defineAzureCheck({
  id: "SEC-41",
  title:
    "No store, registry, workspace or cluster of the plane is opened by keys of its own, and no Secret or ConfigMap holds one",
  severity: "critical",
  claims: ["iam-no-static-credentials", "iam-no-static-credential-storage", "iam-no-credentials-created-or-rotated"],
  documented: ["C09"],
  fix: "Switch the thing's own keys off, and let the pod take the identity by federation.",
  needs: ["azureStorage", "azureRegistry", "azureLogs", "azureCluster", "scanned"],
  evaluate({ azureStorage, azureRegistry, azureLogs, azureCluster, scanned }) {
    const judged = (id: string, bad: boolean, what: string) => (bad ? fail(id, what) : pass(id, "no keys of its own"));
    return [
      judged(azureStorage.id, azureStorage.sharedKeys, "its own keys open every object"),
      judged(azureStorage.id, azureStorage.localUsers, "users of its own come by password or key"),
      judged(azureRegistry.id, azureRegistry.administrator, "has an administrator's password"),
      judged(
        azureRegistry.id,
        azureRegistry.tokens.length > 0,
        `has tokens of its own: ${azureRegistry.tokens.join(", ")}`,
      ),
      judged(azureCluster.id, azureCluster.localAccounts, "gives out certificates of an administrator"),
      ...azureLogs.workspaces
        .filter(({ id }) => isOfPlane(id, azureLogs.senders))
        .map(({ id, keys }) => judged(id, keys, "its own keys write logs")),
      ...scanned.map(({ kind, namespace, name, keys, suspicious }) => {
        const subject = `${kind}/${namespace}/${name}`;
        if (suspicious.length === 0) return pass(subject, `${keys.length} values, none looks like a cloud key`);
        return fail(subject, suspicious.map(({ key, looksLike }) => `${key} looks like ${looksLike}`).join(", "));
      }),
    ];
  },
  sabotages: [
    {
      name: "the account's keys are on, as documented for Fluent Bit",
      apply({ azureStorage }) {
        azureStorage.sharedKeys = true;
      },
    },
    {
      name: "the registry's administrator has a password",
      apply({ azureRegistry }) {
        azureRegistry.administrator = true;
      },
    },
    {
      name: "the registry has a token of its own",
      apply({ azureRegistry }) {
        azureRegistry.tokens.push("pull");
      },
    },
    {
      name: "the last workspace takes keys",
      apply({ azureLogs }) {
        for (const workspace of azureLogs.workspaces.slice(-1)) workspace.keys = true;
      },
    },
    {
      name: "the cluster has an administrator's certificate",
      apply({ azureCluster }) {
        azureCluster.localAccounts = true;
      },
    },
    {
      name: "a key of the account lies in a Secret under an innocent name",
      apply({ scanned }) {
        const suspicious = [{ key: "config", looksLike: "an Azure storage key" }];
        scanned.push({ kind: "Secret", namespace: "union", name: "settings", keys: ["config"], suspicious });
      },
    },
  ],
});

/** A subscription may have others. */
function isOfPlane(id: string, senders: readonly { destinations: string[] }[]): boolean {
  return senders.some(({ destinations }) => destinations.some((to) => to.toLowerCase() === id.toLowerCase()));
}
