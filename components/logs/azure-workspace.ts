/** A Log Analytics workspace as the kit makes every one: asked by who one is, never by its keys. */
import { Workspace } from "@pulumi/azure-native/operationalinsights/workspace.js";
import type * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { Tags } from "../ownership/tags.ts";

export interface WorkspaceArgs {
  group: pulumi.Input<string>;
  region: string;
  retentionDays: number;
  /** Dedicated cluster of Log Analytics that seals it with a key of the customer's. @default Azure's own keys */
  sealedBy?: string;
  dataProtection: boolean;
  tags: Tags;
}

export function createWorkspace(name: string, args: WorkspaceArgs, parent: pulumi.Resource): Workspace {
  const { group, region, retentionDays, sealedBy, dataProtection, tags } = args;
  return new Workspace(
    name,
    {
      ...{ resourceGroupName: group, location: region, workspaceName: physicalName("azure-resource", name), tags },
      ...{ sku: { name: "PerGB2018" }, retentionInDays: retentionDays },
      features: {
        disableLocalAuth: true,
        // Whoever may read a resource would read its logs too.
        enableLogAccessUsingOnlyResourcePermissions: false,
        ...(sealedBy === undefined ? {} : { clusterResourceId: sealedBy }),
      },
    },
    { parent, protect: dataProtection },
  );
}
