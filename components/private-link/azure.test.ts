import { expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { AzureApiLink } from "./azure-consumer.ts";
import { checkClusterId, checkConnections } from "./azure-plan.ts";
import { AzureApiConnections } from "./azure-provider.ts";

const clusterId =
  "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/base/providers/Microsoft.ContainerService/managedClusters/main";

it("the customer's end lets in the connections that it names, and no other", async () => {
  const build = (approved: string[]) =>
    recordResources(
      () => new AzureApiConnections("main-api", { group: "base", clusterName: "main", clusterId, approved }),
    );
  const connection = "azure-native:containerservice:PrivateEndpointConnection";
  expect((await build([])).of(connection)).toEqual([]);
  expect((await build(["vendor.1"])).one(connection).inputs).toMatchObject({
    ...{ resourceName: "main", privateEndpointConnectionName: "vendor.1" },
    privateLinkServiceConnectionState: { status: "Approved" },
  });
  for (const wrong of [["*"], ["a", "a"], [""], ["a/b"]]) {
    expect(() => checkConnections(wrong)).toThrow(/^biplane:privateLink\.approved is /);
  }
});

it("the vendor's end is one address that leads to that cluster's API, and waits to be let in", async () => {
  const made = await recordResources(async () => {
    const one = new AzureApiLink("acme-main-api", {
      ...{ group: "management", region: "westeurope", subnetId: "subnet", address: "10.9.0.7", clusterId },
      ...{ request: "Operation", tags: {} },
    });
    expect(await settled(one.address)).toBe("10.9.0.7");
  });
  const { inputs } = made.one("azure-native:network:PrivateEndpoint");
  expect(inputs).toMatchObject({
    ipConfigurations: [{ privateIPAddress: "10.9.0.7", groupId: "management" }],
    manualPrivateLinkServiceConnections: [{ privateLinkServiceId: clusterId, groupIds: ["management"] }],
  });
  expect(inputs).not.toHaveProperty("privateLinkServiceConnections");
  expect(() => checkClusterId("projects/x")).toThrow(/^biplane:clusterId is "projects\/x"/);
});
