import { defineAzureCheck } from "../check.ts";
import { sameId, secretsVaultId } from "../collect/azure/places.ts";
import { keyOf } from "../collect/azure/vaults.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { secretsInCloud } from "../target.ts";

/** Both places in which users' secrets may lie: etcd, and the vault. */
export const azureSecretsSealed = defineAzureCheck({
  id: "SEC-43",
  title:
    "Secrets are sealed at rest under keys that work, in the cluster and on its disks; the vault keeps what is deleted",
  severity: "high",
  claims: ["enc-at-rest-secrets-backend"],
  documented: [],
  fix: "Give the cluster azureKeyVaultKms and a disk encryption set, enable the key that is named, and protect the vault.",
  needs: ["azureCluster", "azureKeys", "azureVaults"],
  evaluate({ azureCluster, azureKeys, azureVaults }, target): Finding[] {
    const { id, secretsKey, disksKey, pools } = azureCluster;
    const judgeKey = (subject: string, url: string): Finding => {
      const key = azureKeys.find((one) => one.url === keyOf(url));
      if (!key) return fail(subject, `its key ${url} is not there`);
      return key.enabled ? pass(subject, `under ${key.url}`) : fail(subject, `its key ${key.url} is disabled`);
    };
    const vaultId = secretsVaultId(target);
    const vault = azureVaults.find((one) => vaultId !== undefined && sameId(one.id, vaultId));
    return [
      secretsKey === undefined ? fail(id, "Secrets reach etcd unsealed") : judgeKey(`${id}: Secrets`, secretsKey),
      disksKey === undefined ? fail(id, "disks are under a key of Azure's") : judgeKey(`${id}: disks`, disksKey),
      ...pools
        .filter(({ encryptedAtHost }) => !encryptedAtHost)
        .map(({ name }) => fail(`pool ${name}`, "its nodes' caches are not sealed")),
      ...(secretsInCloud(target)
        ? vault
          ? judgeVault(vault)
          : [fail(vaultId ?? "secretsVault", "does not exist")]
        : []),
    ];
  },
  sabotages: [
    {
      name: "the cluster seals nothing",
      apply({ azureCluster }) {
        delete azureCluster.secretsKey;
      },
    },
    {
      name: "the cluster's key is disabled",
      apply({ azureCluster, azureKeys }) {
        for (const key of azureKeys) if (key.url === keyOf(azureCluster.secretsKey ?? "")) key.enabled = false;
      },
    },
    {
      name: "the cluster's key is gone",
      apply({ azureCluster }) {
        azureCluster.secretsKey = "https://elsewhere.vault.azure.net/keys/k/1";
      },
    },
    {
      name: "disks are under a key of Azure's",
      apply({ azureCluster }) {
        delete azureCluster.disksKey;
      },
    },
    {
      name: "the last pool's caches are not sealed",
      apply({ azureCluster }) {
        for (const pool of azureCluster.pools.slice(-1)) pool.encryptedAtHost = false;
      },
    },
    {
      name: "what is deleted from the vault can be purged",
      apply({ azureVaults }, target) {
        for (const vault of azureVaults)
          if (sameId(vault.id, secretsVaultId(target) ?? "")) vault.purgeProtected = false;
      },
    },
    {
      name: "the vault answers any network",
      apply({ azureVaults }, target) {
        for (const vault of azureVaults) if (sameId(vault.id, secretsVaultId(target) ?? "")) vault.open = true;
      },
    },
  ],
});

/** It rests under Key Vault's own keys, which no customer's key replaces. */
function judgeVault({
  id,
  rbac,
  purgeProtected,
  softDeleted,
  open,
}: {
  id: string;
  rbac: boolean;
  purgeProtected: boolean;
  softDeleted: boolean;
  open: boolean;
}): Finding[] {
  return [
    rbac
      ? pass(id, "sealed by Key Vault; rights by role assignments alone")
      : fail(id, "gives rights by policies of its own"),
    purgeProtected && softDeleted
      ? pass(id, "purges nothing early")
      : fail(id, "what is deleted can be purged at once"),
    open ? fail(id, "answers any network") : pass(id, "answers the plane's own subnet alone"),
  ];
}
