import { expect, it } from "vitest";
import { adoptVaultKey } from "../encryption/azure.ts";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { AzureRegistry } from "./azure.ts";
import { AzureImageScanning } from "./azure-scanning.ts";

const subscription = "11111111-1111-4111-8111-111111111111";
const key = `/subscriptions/${subscription}/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/acme-keys/keys/images`;

it("a registry has no password, seals its layers with the customer's key, and only the nodes pull", async () => {
  const made = await recordResources(async () => {
    const one = new AzureRegistry("main-tasks", {
      ...{ subscription, group: "group", region: "westeurope", registry: "biplaneacmemain", repository: "union-tasks" },
      ...{ key: adoptVaultKey(key, "key"), pulledBy: { nodes: "principal" }, dataProtection: true, tags: {} },
    });
    expect(await settled(one.url)).toBe("biplaneacmemain.azurecr.io/union-tasks");
  });
  expect(made.one("azure-native:containerregistry:Registry").inputs).toMatchObject({
    ...{ adminUserEnabled: false, anonymousPullEnabled: false, sku: { name: "Premium" } },
    encryption: {
      status: "enabled",
      keyVaultProperties: { keyIdentifier: "https://acme-keys.vault.azure.net/keys/images" },
    },
    policies: { retentionPolicy: { status: "enabled", days: 14 } },
  });
  expect(made.one("azure-native:authorization:RoleAssignment", "main-tasks-nodes").inputs).toMatchObject({
    ...{ principalId: "principal", scope: "main-tasks-id" },
    roleDefinitionId: expect.stringMatching(/7f951dda-4ed3-4680-a7ca-43fe172d538d$/),
  });
});

it("scanning is the subscription's, by one plan of Defender with its scanning of registries", async () => {
  const made = await recordResources(() => new AzureImageScanning("main-image-scanning", { subscription }));
  expect(made.one("azure-native:security:Pricing", "main-image-scanning").inputs).toEqual({
    ...{ scopeId: `subscriptions/${subscription}`, pricingName: "Containers", pricingTier: "Standard" },
    extensions: [{ name: "ContainerRegistriesVulnerabilityAssessments", isEnabled: "True" }],
  });
});
