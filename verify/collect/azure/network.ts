import { z } from "zod";
import type { AzureClusterFact, AzureNetworkFact } from "../../facts-azure.ts";
import type { Reads } from "./client.ts";
import { readAzureRules } from "./firewall.ts";
import { groupOf, lastOf, sameId } from "./places.ts";

const version = "2024-05-01";
const reference = z.object({ id: z.string() }).nullish();
const networkSchema = z.object({
  id: z.string(),
  properties: z.object({
    addressSpace: z.object({ addressPrefixes: z.array(z.string()).default([]) }).default({ addressPrefixes: [] }),
    subnets: z
      .array(
        z.object({
          id: z.string(),
          properties: z.object({
            networkSecurityGroup: reference,
            natGateway: reference,
            defaultOutboundAccess: z.boolean().nullish(),
          }),
        }),
      )
      .default([]),
    virtualNetworkPeerings: z
      .array(
        z.object({
          name: z.string(),
          properties: z.object({ remoteVirtualNetwork: reference, peeringState: z.string().default("not told") }),
        }),
      )
      .default([]),
  }),
});
const addressSchema = z.object({
  id: z.string(),
  properties: z.object({ ipAddress: z.string().nullish(), ipConfiguration: reference }),
});
const serviceSchema = z.object({
  id: z.string(),
  properties: z.object({
    visibility: z.object({ subscriptions: z.array(z.string()).default([]) }).nullish(),
    privateEndpointConnections: z.array(z.object({ properties: z.object({ privateEndpoint: reference }) })).default([]),
  }),
});

const linkSchema = z.object({
  properties: z.object({
    privateLinkServiceId: z.string().nullish(),
    privateLinkServiceConnectionState: z.object({ status: z.string().default("not told") }).nullish(),
  }),
});
const endpointSchema = z.object({
  id: z.string(),
  properties: z.object({
    subnet: reference,
    privateLinkServiceConnections: z.array(linkSchema).default([]),
    manualPrivateLinkServiceConnections: z.array(linkSchema).default([]),
  }),
});
const managerSchema = z.object({
  id: z.string(),
  properties: z.object({
    networkManagerId: z.string().default("not told"),
    connectionState: z.string().default("not told"),
  }),
});

/** The cluster tells the network by its nodes' subnets, which are of one. */
export async function readAzureNetwork(
  reads: Reads,
  subscription: string,
  { pools, nodeGroup }: Pick<AzureClusterFact, "pools" | "nodeGroup">,
): Promise<AzureNetworkFact> {
  const [path, second] = [...new Set(pools.map(({ subnet }) => networkOf(subnet).toLowerCase()))];
  if (!path) throw new Error("the cluster's nodes are in no network of the customer's");
  if (second) throw new Error(`the cluster's nodes are in more than one network: ${path}, ${second}`);
  const named = networkOf(pools[0]?.subnet ?? path);
  const all = `${subscription}/providers/Microsoft.Network`;
  const [network, addresses, services, endpoints, managers] = await Promise.all([
    reads.one(named, version, networkSchema),
    reads.all(`${all}/publicIPAddresses`, version, addressSchema),
    reads.all(`${all}/privateLinkServices`, version, serviceSchema),
    reads.all(`${all}/privateEndpoints`, version, endpointSchema),
    reads.all(`${all}/networkManagerConnections`, version, managerSchema),
  ]);
  const { addressSpace, subnets, virtualNetworkPeerings } = network.properties;
  const walls = subnets.flatMap(({ properties }) => properties.networkSecurityGroup?.id ?? []);
  const rules = await readAzureRules(
    reads,
    subscription,
    (id) => walls.some((wall) => sameId(wall, id)) || sameId(groupOf(id), nodeGroup),
  );
  return {
    ...{ id: network.id, ranges: addressSpace.addressPrefixes, rules },
    subnets: subnets.map(({ id, properties: own }) => ({
      ...{ id, nat: Boolean(own.natGateway), defaultOutbound: own.defaultOutboundAccess ?? true },
      ...(own.networkSecurityGroup ? { rules: own.networkSecurityGroup.id } : {}),
    })),
    peerings: virtualNetworkPeerings.map(({ name, properties }) => ({
      ...{ name, network: properties.remoteVirtualNetwork?.id ?? "not told", state: properties.peeringState },
    })),
    gateways: subnets.map(({ id }) => id).filter((id) => lastOf(id).toLowerCase() === "gatewaysubnet"),
    // One of a NAT gateway belongs to no configuration of an interface or a balancer.
    openAddresses: addresses.flatMap(({ id, properties: { ipAddress, ipConfiguration } }) =>
      ipConfiguration ? [{ id, address: ipAddress ?? "not told", at: ipConfiguration.id }] : [],
    ),
    endpoints: endpoints
      .filter(({ properties: { subnet } }) => sameId(networkOf(subnet?.id ?? ""), network.id))
      .map(({ id, properties: own }) => ({
        id,
        services: [...own.privateLinkServiceConnections, ...own.manualPrivateLinkServiceConnections].map((link) => ({
          to: link.properties.privateLinkServiceId ?? "not told",
          state: link.properties.privateLinkServiceConnectionState?.status ?? "not told",
        })),
      })),
    managers: managers.map(({ id, properties }) => ({
      ...{ id, manager: properties.networkManagerId, state: properties.connectionState },
    })),
    linkServices: services.map(({ id, properties: own }) => ({
      ...{ id, visibleTo: own.visibility?.subscriptions ?? [] },
      connections: own.privateEndpointConnections.map(({ properties }) => properties.privateEndpoint?.id ?? "not told"),
    })),
  };
}

const networkOf = (subnet: string) => subnet.replace(/\/subnets\/[^/]+$/i, "");
