/** Wiring that the stacks of Azure have in common. */
import { Provider } from "@pulumi/azure-native/provider.js";
import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import type * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../shared/names.ts";
import { dropForeignAliases } from "./aliases.ts";

export function openAzure({ subscription, tenant }: { subscription: string; tenant: string }): Provider {
  return new Provider("azure", { subscriptionId: subscription, tenantId: tenant, disablePulumiPartnerId: true });
}

/** Options of all that is made in Azure. */
interface InAzure {
  providers: [Provider];
  transformations: pulumi.ResourceTransformation[];
}

export function inAzure(cloud: Provider): InAzure {
  return { providers: [cloud], transformations: [dropForeignAliases] };
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
  { providers: [provider], transformations }: InAzure,
): pulumi.Output<string> {
  const opts = { provider, transformations, protect };
  return new ResourceGroup(name, { resourceGroupName: name, location: region, tags }, opts).name;
}
