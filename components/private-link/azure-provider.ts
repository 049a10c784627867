import { PrivateEndpointConnection } from "@pulumi/azure-native/containerservice/privateEndpointConnection.js";
import * as pulumi from "@pulumi/pulumi";
import { checkConnections } from "./azure-plan.ts";

export interface AzureApiConnectionsArgs {
  group: pulumi.Input<string>;
  clusterName: string;
  /** ARM id, once it is there. */
  clusterId: pulumi.Input<string>;
  /** Names of the connections that are let in; every other waits. */
  approved: string[];
}

/**
 * The customer's end of the vendor's way to a private API. AKS offers a private cluster's API by a Private Link service of
 * its own, which nobody passes before the cluster's owner has approved that one connection; so nothing of ours stands
 * between, and no network is opened. Only for BYOC.
 * Claims: net-byoc-private-management, model-byoc-private-connectivity; their absence: model-sm-tunnel-only.
 */
export class AzureApiConnections extends pulumi.ComponentResource {
  /** What the vendor's endpoint names: the cluster. */
  readonly clusterId: pulumi.Output<string>;

  constructor(name: string, args: AzureApiConnectionsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:private-link:AzureApiConnections", name, {}, opts);
    const { group, clusterName, approved } = args;
    const clusterId = pulumi.output(args.clusterId);
    for (const connection of checkConnections(approved)) {
      new PrivateEndpointConnection(
        `${name}-${connection}`,
        {
          ...{ resourceGroupName: group, resourceName: clusterId.apply(() => clusterName) },
          privateEndpointConnectionName: connection,
          privateLinkServiceConnectionState: { status: "Approved", description: "The vendor's, by name" },
        },
        { parent: this },
      );
    }
    this.clusterId = clusterId;
    this.registerOutputs({ clusterId });
  }
}
