import { PrivateEndpoint } from "@pulumi/azure-native/network/privateEndpoint.js";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { Tags } from "../ownership/tags.ts";
import { apiResource, checkClusterId } from "./azure-plan.ts";

export interface AzureApiLinkArgs {
  /** The vendor's own. */
  group: string;
  region: string;
  /** ARM id of a subnet of the vendor's, in that region. */
  subnetId: string;
  /** A free address of that subnet. */
  address: string;
  /** ARM id of the customer's cluster, as its base answers it. */
  clusterId: string;
  /** What the customer is told the connection is for. */
  request: string;
  tags: Tags;
}

/**
 * The vendor's end of one customer's Private Link: an address in the vendor's network that leads to that cluster's API,
 * and from there nowhere, once the customer has approved it. The certificate is verified by the API's own name.
 * Claims: net-byoc-private-management.
 */
export class AzureApiLink extends pulumi.ComponentResource {
  /** At which the API answers, once the customer has approved the connection. */
  readonly address: pulumi.Output<string>;
  /** Of the endpoint, by which the customer finds the connection. */
  readonly endpointId: pulumi.Output<string>;

  constructor(name: string, args: AzureApiLinkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:private-link:AzureApiLink", name, {}, opts);
    const { group, region, subnetId, address, request, tags } = args;
    const endpoint = new PrivateEndpoint(
      name,
      {
        ...{ resourceGroupName: group, location: region, tags },
        ...{ privateEndpointName: physicalName("azure-resource", name), subnet: { id: subnetId } },
        customNetworkInterfaceName: physicalName("azure-resource", name),
        ipConfigurations: [{ name: "api", groupId: apiResource, memberName: apiResource, privateIPAddress: address }],
        // Never by itself: in the customer's subscription the vendor has no right to approve.
        manualPrivateLinkServiceConnections: [
          {
            ...{ name: "api", privateLinkServiceId: checkClusterId(args.clusterId), groupIds: [apiResource] },
            requestMessage: request,
          },
        ],
      },
      { parent: this },
    );
    this.address = endpoint.id.apply(() => address);
    this.endpointId = endpoint.id;
    this.registerOutputs({ address: this.address });
  }
}
