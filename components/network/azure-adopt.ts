import { getSubnetOutput } from "@pulumi/azure-native/network/getSubnet.js";
import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../../shared/errors.ts";
import type { AzureNetworkPlace } from "./contract.ts";

/** A network that exists, by names. */
export interface ExistingAzureNetwork {
  group: string;
  virtualNetwork: string;
  subnet: string;
  /** Public addresses that its traffic comes from, where they are known. @default none */
  natAddresses?: string[];
}

export interface SeenSubnet {
  /** Services that it reaches within Azure's own network. */
  serviceEndpoints: string[];
  /** Whether a NAT gateway or a route of its own leads out. */
  leaves: boolean;
  walled: boolean;
}

const needed = ["Microsoft.Storage", "Microsoft.KeyVault"];

/** @throws UserError for the first thing that a plane would not work with. */
export function checkSubnet({ subnet }: ExistingAzureNetwork, { serviceEndpoints, leaves, walled }: SeenSubnet): void {
  const refuse = (allowed: string, todo: string) =>
    refusal({ subject: "biplane:network.existing.subnet", value: subnet, allowed, todo });
  const missing = needed.filter((service) => !serviceEndpoints.includes(service));
  if (missing.length > 0) {
    throw refuse(
      `a subnet with service endpoints for ${needed.join(" and ")}: vaults let nodes in by it`,
      `Add them: az network vnet subnet update --name ${subnet} --service-endpoints ${needed.join(" ")}.`,
    );
  }
  if (!leaves) {
    throw refuse(
      "a subnet with a NAT gateway or a route table: nodes have no public address",
      `Give it one: az network vnet subnet update --name ${subnet} --nat-gateway.`,
    );
  }
  if (!walled) {
    throw refuse(
      "a subnet with a network security group",
      `Give it one: az network vnet subnet update --name ${subnet} --network-security-group.`,
    );
  }
}

/**
 * A network that exists, in the shape of one of ours: looked up, at preview too, and never changed.
 * Claims: the same as `AzureNetwork`'s, decided on what is there; its way out is its owner's.
 */
export function adoptAzureNetwork(
  existing: ExistingAzureNetwork,
  subscription: string,
  opts: pulumi.InvokeOptions = {},
): AzureNetworkPlace {
  const { group, virtualNetwork, subnet } = existing;
  const id =
    `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Network` +
    `/virtualNetworks/${virtualNetwork}/subnets/${subnet}`;
  const names = { resourceGroupName: group, virtualNetworkName: virtualNetwork, subnetName: subnet };
  const subnetId = getSubnetOutput(names, opts).apply((found) => {
    checkSubnet(existing, {
      serviceEndpoints: (found.serviceEndpoints ?? []).map(({ service }) => service ?? ""),
      leaves: found.natGateway !== undefined || found.routeTable !== undefined,
      walled: found.networkSecurityGroup !== undefined,
    });
    return id;
  });
  return { subnetId, natAddresses: (existing.natAddresses ?? []).map((address) => pulumi.output(address)) };
}
