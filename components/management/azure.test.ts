import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { ManagementIdentity } from "./azure.ts";
import { azureManagementActions } from "./azure-levels.ts";

describe("ManagementIdentity", () => {
  it("is taken by one workload of the vendor's, and has one role on one cluster", async () => {
    const made = await recordResources(
      () =>
        new ManagementIdentity("main-management", {
          ...{ subscription: "11111111-1111-4111-8111-111111111111", group: "group", region: "westeurope", tags: {} },
          ...{ clusterId: "cluster", issuer: "https://tokens.vendor.test", subject: "operations", level: "no-delete" },
          audience: "api://AzureADTokenExchange",
        }),
    );
    expect(made.one("azure-native:managedidentity:FederatedIdentityCredential").inputs).toMatchObject({
      ...{ resourceName: "main-management", issuer: "https://tokens.vendor.test", subject: "operations" },
      audiences: ["api://AzureADTokenExchange"],
    });
    expect(made.one("azure-native:authorization:RoleAssignment").inputs).toMatchObject({
      ...{ scope: "cluster", roleDefinitionId: "main-management-id" },
    });
    expect(made.one("azure-native:authorization:RoleDefinition").inputs.permissions).toEqual([
      { actions: azureManagementActions["no-delete"], notActions: [], dataActions: [], notDataActions: [] },
    ]);
  });
});

describe("what the vendor may ask of Azure", () => {
  it("is about one cluster's pools, at any level: never data, rights, its administrator's credential or the cluster itself", () => {
    for (const action of Object.values(azureManagementActions).flat()) {
      expect(action).toMatch(/^Microsoft\.(?:ContainerService\/managedClusters\/|Resources\/.*\/read$)/);
      expect(action).not.toMatch(/managedClusters\/(?:write|delete)|credential|runCommand|accessProfiles|\*/i);
    }
  });

  it("deletes nothing below the highest level, and changes nothing at the lowest", () => {
    const changes = (level: "read-only" | "no-delete" | "full") =>
      azureManagementActions[level].filter((action) => !action.endsWith("/read"));
    expect(changes("read-only")).toEqual([]);
    expect(changes("no-delete").filter((action) => action.endsWith("/delete"))).toEqual([]);
    expect(changes("full").filter((action) => action.endsWith("/delete"))).toHaveLength(1);
  });
});
