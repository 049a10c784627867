import { describe, expect, it } from "vitest";
import { adoptVaultKey } from "../encryption/azure.ts";
import { recordResources } from "../testing/record-resources.ts";
import { AzureBuckets } from "./azure.ts";

const key =
  "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/acme-keys/keys/data";
const build = () =>
  recordResources(
    () =>
      new AzureBuckets("main", {
        ...{ subscription: "11111111-1111-4111-8111-111111111111", group: "group", region: "westeurope" },
        ...{ account: "biplaneacmemain", prefix: "biplane-acme-main", org: "acme", dataProtection: true, tags: {} },
        ...{ consoleOrigin: "https://console.biplane.test", key: adoptVaultKey(key, "key") },
      }),
  );

describe("AzureBuckets", () => {
  it("keeps both documented containers in an account whose keys sign nothing, and which is nobody's to read", async () => {
    const made = await build();
    expect(made.one("azure-native:storage:StorageAccount").inputs).toMatchObject({
      ...{ allowSharedKeyAccess: false, allowBlobPublicAccess: false, allowCrossTenantReplication: false },
      ...{ minimumTlsVersion: "TLS1_2", enableHttpsTrafficOnly: true, isLocalUserEnabled: false, isSftpEnabled: false },
    });
    const containers = made.of("azure-native:storage:BlobContainer").map(({ inputs }) => inputs);
    expect(containers.map(({ containerName }) => containerName)).toEqual([
      ...["biplane-acme-main-metadata", "biplane-acme-main-fast-reg"],
    ]);
    for (const inputs of containers) expect(inputs).toMatchObject({ publicAccess: "None" });
  });

  it("seals them with the customer's key in its newest version, by an identity that may nothing else", async () => {
    const made = await build();
    expect(made.one("azure-native:storage:StorageAccount").inputs.encryption).toMatchObject({
      keySource: "Microsoft.Keyvault",
      keyVaultProperties: { keyVaultUri: "https://acme-keys.vault.azure.net/", keyName: "data" },
    });
    expect(made.one("azure-native:authorization:RoleAssignment").inputs).toMatchObject({
      ...{ scope: key, principalId: "principal of main-data-key" },
      roleDefinitionId: expect.stringMatching(/e147488a-f6f5-4113-8e2d-b22465e65bf6$/),
    });
  });

  it("keeps versions, deletes no current object by itself, and lets the console's origin read, and no other write", async () => {
    const made = await build();
    const { isVersioningEnabled, deleteRetentionPolicy, cors } = made.one(
      "azure-native:storage:BlobServiceProperties",
    ).inputs;
    expect({ isVersioningEnabled, deleteRetentionPolicy }).toEqual({
      ...{ isVersioningEnabled: true, deleteRetentionPolicy: { enabled: true, days: 30 } },
    });
    expect(cors).toMatchObject({
      corsRules: [{ allowedOrigins: ["https://console.biplane.test"], allowedMethods: ["GET", "HEAD"] }],
    });
    const { policy } = made.one("azure-native:storage:ManagementPolicy").inputs as {
      policy: { rules: { definition: { filters: object; actions: object } }[] };
    };
    expect(policy.rules.map(({ definition }) => definition.filters)).toMatchObject([
      { prefixMatch: ["biplane-acme-main-metadata/acme/"] },
      { prefixMatch: ["biplane-acme-main-fast-reg/acme/"] },
    ]);
    for (const { definition } of policy.rules) {
      expect(definition.actions).toEqual({ version: { delete: { daysAfterCreationGreaterThan: 30 } } });
    }
  });
});
