import { expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { AzureTaskLogs } from "./azure.ts";

it("task pods' logs, and nothing else, go to a workspace that one identity reads one table of", async () => {
  const made = await recordResources(async () => {
    const one = new AzureTaskLogs("main-logs", {
      ...{ subscription: "11111111-1111-4111-8111-111111111111", group: "group", region: "westeurope", tags: {} },
      ...{ retentionDays: 90, sealedBy: "dedicated", dataProtection: true, clusterId: "cluster" },
      ...{ projectNamespaces: ["demo-development"], readerPrincipal: "reader" },
    });
    expect(await settled(one.workspace)).toBe("workspace main-logs");
  });
  expect(made.one("azure-native:operationalinsights:Workspace").inputs).toMatchObject({
    retentionInDays: 90,
    features: {
      ...{ disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: false, clusterResourceId: "dedicated" },
    },
  });
  expect(made.one("azure-native:monitor:DataCollectionRule").inputs).toMatchObject({
    dataFlows: [{ streams: ["Microsoft-ContainerLogV2"], destinations: ["tasks"] }],
    destinations: { logAnalytics: [{ name: "tasks", workspaceResourceId: "main-logs-id" }] },
    dataSources: {
      extensions: [
        {
          extensionSettings: {
            dataCollectionSettings: { namespaceFilteringMode: "Include", namespaces: ["demo-development"] },
          },
        },
      ],
    },
  });
  expect(made.one("azure-native:monitor:DataCollectionRuleAssociation").inputs).toMatchObject({
    ...{ resourceUri: "cluster", associationName: "ContainerInsightsExtension", dataCollectionRuleId: "main-logs-id" },
  });
  const { permissions } = made.one("azure-native:authorization:RoleDefinition").inputs as { permissions: object[] };
  expect(JSON.stringify(permissions)).toContain("query/ContainerLogV2/read");
  expect(made.one("azure-native:authorization:RoleAssignment").inputs).toMatchObject({
    ...{ scope: "main-logs-id", principalId: "reader", roleDefinitionId: "main-logs-reader-id" },
  });
});
