/** Wiring that the stacks of Azure have in common. */
import { Provider } from "@pulumi/azure-native/provider.js";
import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import type * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../shared/names.ts";

export function openAzure({ subscription, tenant }: { subscription: string; tenant: string }): Provider {
  return new Provider("azure", { subscriptionId: subscription, tenantId: tenant, disablePulumiPartnerId: true });
}

/** Resource groups of a plane, one a phase: each goes with its own stack. */
export function groupName(clusterName: string, phase: "base" | "workloads"): string {
  return physicalName("azure-resource", clusterName, phase);
}

interface GroupPlace {
  region: string;
  tags: Record<string, string>;
  /** The stack refuses to destroy it, and all that is in it. */
  protect: boolean;
}

/** @returns its name, once it is there */
export function createGroup(
  name: string,
  { region, tags, protect }: GroupPlace,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  return new ResourceGroup(name, { resourceGroupName: name, location: region, tags }, { ...opts, protect }).name;
}
