import { DiagnosticSetting } from "@pulumi/azure-native/monitor/diagnosticSetting.js";
import { StorageAccount } from "@pulumi/azure-native/storage/storageAccount.js";
import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import { recordResources } from "../components/testing/record-resources.ts";
import { inAzure, openAzure } from "./foundation-azure.ts";

it("what is made in Azure is known by its types' former names, and by none of one API version", async () => {
  const known: Record<string, unknown> = {};
  await recordResources(() => {
    const { providers, transformations } = inAzure(openAzure({ subscription: "subscription", tenant: "tenant" }));
    const last: pulumi.ResourceTransformation = ({ name, opts }) => {
      known[name] = opts.aliases;
      return undefined;
    };
    const opts = { providers, transformations: [...transformations, last] };
    const parent = new pulumi.ComponentResource("biplane:test:Parent", "parent", {}, opts);
    const account = { accountName: "account", resourceGroupName: "group", kind: "StorageV2", sku: { name: "any" } };
    const former = [{ type: "azure-native:storage:Former" }, "urn:pulumi:stack::project::azure-native:storage/v1:A::a"];
    new StorageAccount("account", account, { parent });
    new StorageAccount("renamed", account, { parent, aliases: former });
    new DiagnosticSetting("setting", { name: "setting", resourceUri: "account" }, { parent });
  });
  expect(known).toEqual({
    parent: undefined,
    account: [],
    renamed: [{ type: "azure-native:storage:Former" }, "urn:pulumi:stack::project::azure-native:storage/v1:A::a"],
    setting: [{ type: "azure-native:insights:DiagnosticSetting" }],
  });
});
