import { DiagnosticSetting } from "@pulumi/azure-native/monitor/diagnosticSetting.js";
import { StorageAccount } from "@pulumi/azure-native/storage/storageAccount.js";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import { recordResources } from "../components/testing/record-resources.ts";
import { inAzure, openAzure } from "./foundation-azure.ts";

it("a resource is known by its type's former names, but by none that no class of ours has", async () => {
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
    new kubernetes.rbac.v1.Role("role", { rules: [] }, { parent });
    const scaled = { scaleTargetRef: { kind: "Deployment", name: "one" }, maxReplicas: 2 };
    new kubernetes.autoscaling.v2.HorizontalPodAutoscaler("autoscaler", { spec: scaled }, { parent });
  });
  expect(known).toEqual({
    parent: undefined,
    account: [],
    renamed: [{ type: "azure-native:storage:Former" }, "urn:pulumi:stack::project::azure-native:storage/v1:A::a"],
    setting: [{ type: "azure-native:insights:DiagnosticSetting" }],
    role: [],
    autoscaler: [{ type: "kubernetes:autoscaling/v1:HorizontalPodAutoscaler" }],
  });
});
