/** Wiring that the stacks of Azure have in common. */
import { Provider } from "@pulumi/azure-native/provider.js";
import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import type * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../shared/names.ts";

export function openAzure({ subscription, tenant }: { subscription: string; tenant: string }): Provider {
  return new Provider("azure", { subscriptionId: subscription, tenantId: tenant, disablePulumiPartnerId: true });
}

/** Options of all that is made in Azure. */
interface InAzure {
  providers: [Provider];
  transformations: pulumi.ResourceTransformation[];
}

export function inAzure(cloud: Provider): InAzure {
  return { providers: [cloud], transformations: [dropVersionedAliases] };
}

/**
 * The SDK names each resource by every API version that Azure ever had of it too, up to thirty, and works out a URN for each:
 * for states made through modules of one version, which these programs never take (`boundaries.test.ts`). A type's former
 * names, which have no version, stay.
 */
export const dropVersionedAliases: pulumi.ResourceTransformation = ({ props, opts }) => {
  const isVersioned = (alias: pulumi.Input<pulumi.URN | pulumi.Alias>) =>
    typeof alias === "object" && "type" in alias && /^azure-native:\w+\/v/.test(String(alias.type));
  return { props, opts: { ...opts, aliases: opts.aliases?.filter((alias) => !isVersioned(alias)) } };
};

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
