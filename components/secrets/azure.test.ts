import { expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { SecretsVault } from "./azure.ts";
import { secretNamePrefix } from "./names.ts";

it("users' secrets are in a vault that only the nodes' subnet reaches, by names that begin with the organisation", async () => {
  const made = await recordResources(async () => {
    const place = { group: "group", region: "westeurope", tenant: "tenant", dataProtection: true, tags: {} };
    const one = new SecretsVault("main-secrets", {
      ...{ ...place, org: "acme", vault: "biplane-acme-1", nodeSubnetId: "subnet" },
    });
    expect(await settled(one.settings)).toEqual({
      ...{ backend: "azure-key-vault", prefix: "union--acme--", vaultUrl: "https://biplane-acme-1.vault.azure.net/" },
    });
  });
  expect(made.one("azure-native:keyvault:Vault").inputs.properties).toMatchObject({
    networkAcls: { defaultAction: "Deny", virtualNetworkRules: [{ id: "subnet" }] },
  });
});

it("no organisation's prefix begins with another's, nor has letters that a name does not take", () => {
  expect(`${secretNamePrefix("acme-b")}KEY`.startsWith(secretNamePrefix("acme"))).toBe(false);
  expect(secretNamePrefix("acme-b")).toMatch(/^[A-Za-z0-9-]+$/);
});
