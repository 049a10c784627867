import { NatGateway } from "@pulumi/azure-native/network/natGateway.js";
import { NetworkSecurityGroup } from "@pulumi/azure-native/network/networkSecurityGroup.js";
import { PublicIPAddress } from "@pulumi/azure-native/network/publicIPAddress.js";
import { Subnet } from "@pulumi/azure-native/network/subnet.js";
import { VirtualNetwork } from "@pulumi/azure-native/network/virtualNetwork.js";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { Tags } from "../ownership/tags.ts";
import type { AzureRanges } from "./azure-plan.ts";
import type { AzureNetworkPlace } from "./contract.ts";

export interface AzureNetworkArgs {
  /** Resource group, once it is there. */
  group: pulumi.Input<string>;
  region: string;
  /** From `planAzureRanges`. */
  ranges: AzureRanges;
  /** Public addresses of the NAT gateway. @default 2 */
  natAddresses?: number;
  tags: Tags;
}

/** By which nodes reach these services within Azure's own network, and the services know them by their subnet. */
const insideServices = ["Microsoft.Storage", "Microsoft.KeyVault", "Microsoft.ContainerRegistry"];

/** The lowest priority that a rule of ours can have; Azure's own defaults come after it. */
const last = 4096;

/**
 * A network of one subnet: nodes have no public address nor a default way out, leave by a NAT gateway from addresses
 * that stay, and reach Azure's own services without leaving its network. Nobody comes in from the internet.
 * Claims: net-no-inbound-firewall-rules, n-external-port-scan-clean.
 */
export class AzureNetwork extends pulumi.ComponentResource implements AzureNetworkPlace {
  readonly subnetId: pulumi.Output<string>;
  readonly natAddresses: pulumi.Output<string>[];

  constructor(name: string, args: AzureNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:network:AzureNetwork", name, {}, opts);
    const { group, region, ranges, tags } = args;
    const place = { resourceGroupName: group, location: region, tags };
    const network = new VirtualNetwork(
      name,
      {
        ...{ ...place, virtualNetworkName: physicalName("azure-resource", name) },
        addressSpace: { addressPrefixes: [ranges.nodes] },
      },
      // Its subnets are resources of their own.
      { parent: this, ignoreChanges: ["subnets"] },
    );
    const walls = refuseInternet(name, place, this);
    const nat = createNat(name, place, args.natAddresses ?? 2, this);
    const subnet = new Subnet(
      name,
      {
        ...{ resourceGroupName: group, virtualNetworkName: network.name, subnetName: "nodes" },
        addressPrefix: ranges.nodes,
        networkSecurityGroup: { id: walls.id },
        natGateway: { id: nat.id },
        defaultOutboundAccess: false,
        serviceEndpoints: insideServices.map((service) => ({ service, locations: ["*"] })),
        privateEndpointNetworkPolicies: "Enabled",
      },
      { parent: this },
    );
    this.subnetId = subnet.id;
    this.natAddresses = nat.addresses;
    this.registerOutputs({ subnetId: this.subnetId });
  }
}

interface Place {
  resourceGroupName: pulumi.Input<string>;
  location: string;
  tags: Tags;
}

/** Azure refuses by itself what no rule allows; this says so before any rule that somebody adds further down. */
function refuseInternet(name: string, place: Place, parent: pulumi.Resource): NetworkSecurityGroup {
  return new NetworkSecurityGroup(
    name,
    {
      ...{ ...place, networkSecurityGroupName: physicalName("azure-resource", name) },
      securityRules: [
        {
          ...{ name: "refuse-internet", description: "Nobody comes in from the internet", priority: last },
          ...{ direction: "Inbound", access: "Deny", protocol: "*" },
          ...{ sourceAddressPrefix: "Internet", sourcePortRange: "*" },
          ...{ destinationAddressPrefix: "*", destinationPortRange: "*" },
        },
      ],
    },
    { parent },
  );
}

function createNat(name: string, place: Place, count: number, parent: pulumi.Resource) {
  const addresses = Array.from(
    { length: count },
    (_, at) =>
      new PublicIPAddress(
        `${name}-nat-${at}`,
        {
          ...{ ...place, publicIpAddressName: physicalName("azure-resource", name, "nat", `${at}`) },
          ...{ sku: { name: "Standard", tier: "Regional" }, publicIPAllocationMethod: "Static" },
          publicIPAddressVersion: "IPv4",
        },
        { parent },
      ),
  );
  const gateway = new NatGateway(
    name,
    {
      ...{ ...place, natGatewayName: physicalName("azure-resource", name), sku: { name: "Standard" } },
      publicIpAddresses: addresses.map(({ id }) => ({ id })),
      // Watches and the tunnel are quiet for minutes.
      idleTimeoutInMinutes: 10,
    },
    { parent },
  );
  return { id: gateway.id, addresses: addresses.map(({ ipAddress }) => ipAddress.apply((known) => known ?? "")) };
}
