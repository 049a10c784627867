import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { adoptVaultKey, VaultKeys } from "./azure.ts";

const key =
  "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/acme-keys/keys/data";

describe("VaultKeys", () => {
  it("makes keys that rotate, in a vault that is RBAC's alone and purges nothing early", async () => {
    const made = await recordResources(async () => {
      const place = { group: "group", region: "westeurope", tenant: "tenant", vault: "biplane-main-1", tags: {} };
      const { byName } = new VaultKeys("main", { ...place, keys: ["data"], dataProtection: true });
      expect(await settled(pulumi.all([byName.data.url, byName.data.versionUrl]))).toEqual([
        ...["https://biplane-main-1.vault.azure.net/keys/data", "https://biplane-main-1.vault.azure.net/keys/data/1"],
      ]);
    });
    expect(made.one("azure-native:keyvault:Vault").inputs.properties).toMatchObject({
      ...{ enableRbacAuthorization: true, enablePurgeProtection: true, softDeleteRetentionInDays: 90 },
      enabledForDiskEncryption: false,
    });
    expect(made.one("azure-native:keyvault:Key").inputs.properties).toMatchObject({
      keyOps: ["wrapKey", "unwrapKey"],
      rotationPolicy: { lifetimeActions: [{ action: { type: "rotate" }, trigger: { timeAfterCreate: "P90D" } }] },
    });
  });
});

describe("adoptVaultKey", () => {
  it("takes a key as it is", async () => {
    const { id, vaultUri, keyName, url } = adoptVaultKey(key, "biplane:keys.data");
    expect(await settled(pulumi.all([id, vaultUri, keyName, url]))).toEqual([
      ...[key, "https://acme-keys.vault.azure.net/", "data", "https://acme-keys.vault.azure.net/keys/data"],
    ]);
  });

  it.each([`${key}/versions/1`, "https://acme-keys.vault.azure.net/keys/data", "arn:aws:kms:us-east-2:1:key/x"])(
    "refuses %s",
    (given) => {
      expect(() => adoptVaultKey(given, "biplane:keys.data")).toThrow(
        /^biplane:keys\.data is .*A version is not taken/,
      );
    },
  );
});
