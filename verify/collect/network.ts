/** The cluster's network: firewalls, and ways into other networks. */
import {
  DescribeVpcsCommand,
  DescribeVpnConnectionsCommand,
  type EC2Client,
  type Instance,
  type IpPermission,
  paginateDescribeSecurityGroups,
  paginateDescribeTransitGatewayAttachments,
  paginateDescribeVpcEndpoints,
  paginateDescribeVpcPeeringConnections,
} from "@aws-sdk/client-ec2";
import type { NetworkFact, SecurityGroupFact } from "../facts-account.ts";
import type { AwsClients } from "./aws-clients.ts";
import { readEndpointServices } from "./endpoint-services.ts";
import { type ClusterPlace, listInstances } from "./instances.ts";
import { readOpenings } from "./openings.ts";

interface Place extends ClusterPlace {
  /** Of the cluster's own interfaces. */
  groupIds: string[];
}

export async function readNetwork(clients: AwsClients, place: Place): Promise<NetworkFact> {
  const { ec2 } = clients;
  const inNetwork = [{ Name: "vpc-id", Values: [place.vpcId] }];
  const [vpcs, securityGroups, openings, instances, peerings, transits, vpns, endpoints, endpointServices] =
    await Promise.all([
      ec2.send(new DescribeVpcsCommand({ VpcIds: [place.vpcId] })),
      readGroups(ec2, inNetwork),
      readOpenings(clients, place.vpcId),
      listInstances(ec2, place),
      readPeerings(ec2, place.vpcId),
      readTransits(ec2, place.vpcId),
      ec2.send(new DescribeVpnConnectionsCommand({})),
      readEndpoints(ec2, inNetwork),
      readEndpointServices(clients),
    ]);
  const [vpc] = vpcs.Vpcs ?? [];
  return {
    vpcId: place.vpcId,
    cidrs: [
      ...(vpc?.CidrBlockAssociationSet ?? []).flatMap(({ CidrBlock }) => CidrBlock ?? []),
      ...(vpc?.Ipv6CidrBlockAssociationSet ?? []).flatMap(({ Ipv6CidrBlock }) => Ipv6CidrBlock ?? []),
    ],
    securityGroups,
    clusterGroupIds: [...new Set([...place.groupIds, ...groupsOf(instances)])],
    openings,
    instanceIds: instances.map(({ InstanceId: id = "" }) => id),
    peerings,
    transits,
    vpns: (vpns.VpnConnections ?? []).map(({ VpnConnectionId: id = "", State: state = "" }) => ({ id, state })),
    endpoints,
    endpointServices,
  };
}

type Filters = { Name: string; Values: string[] }[];

async function readGroups(client: EC2Client, Filters: Filters): Promise<SecurityGroupFact[]> {
  const found: SecurityGroupFact[] = [];
  for await (const page of paginateDescribeSecurityGroups({ client }, { Filters })) {
    for (const { GroupId: id = "", GroupName: name = "", IpPermissions = [] } of page.SecurityGroups ?? []) {
      found.push({ id, name, ingress: IpPermissions.map(ingressOf) });
    }
  }
  return found;
}

function ingressOf(rule: IpPermission): SecurityGroupFact["ingress"][number] {
  const { FromPort: from, ToPort: to, IpProtocol: protocol = "-1" } = rule;
  return {
    protocol,
    ports: from === undefined || from < 0 ? "all" : from === to ? String(from) : `${from}-${to}`,
    sources: [
      ...(rule.IpRanges ?? []).flatMap(({ CidrIp }) => CidrIp ?? []),
      ...(rule.Ipv6Ranges ?? []).flatMap(({ CidrIpv6 }) => CidrIpv6 ?? []),
      ...(rule.PrefixListIds ?? []).flatMap(({ PrefixListId }) => PrefixListId ?? []),
      ...(rule.UserIdGroupPairs ?? []).map(({ UserId, GroupId }) => `${UserId}/${GroupId}`),
    ],
  };
}

const groupsOf = (instances: readonly Instance[]) =>
  instances.flatMap(({ SecurityGroups = [] }) => SecurityGroups.flatMap(({ GroupId }) => GroupId ?? []));

async function readPeerings(client: EC2Client, vpcId: string): Promise<NetworkFact["peerings"]> {
  const found: NetworkFact["peerings"] = [];
  for await (const page of paginateDescribeVpcPeeringConnections({ client }, {})) {
    for (const peering of page.VpcPeeringConnections ?? []) {
      const sides = [peering.RequesterVpcInfo, peering.AccepterVpcInfo];
      if (!sides.some((side) => side?.VpcId === vpcId)) continue;
      const owners = sides.flatMap((side) => side?.OwnerId ?? []);
      found.push({ id: peering.VpcPeeringConnectionId ?? "", owners, state: peering.Status?.Code ?? "" });
    }
  }
  return found;
}

async function readTransits(client: EC2Client, vpcId: string): Promise<NetworkFact["transits"]> {
  const Filters = [{ Name: "resource-id", Values: [vpcId] }];
  const found: NetworkFact["transits"] = [];
  for await (const page of paginateDescribeTransitGatewayAttachments({ client }, { Filters })) {
    for (const attachment of page.TransitGatewayAttachments ?? []) {
      const {
        TransitGatewayAttachmentId: id = "",
        TransitGatewayOwnerId: gatewayOwner = "",
        State: state = "",
      } = attachment;
      found.push({ id, gatewayOwner, state });
    }
  }
  return found;
}

async function readEndpoints(client: EC2Client, Filters: Filters): Promise<NetworkFact["endpoints"]> {
  const found: NetworkFact["endpoints"] = [];
  for await (const page of paginateDescribeVpcEndpoints({ client }, { Filters })) {
    for (const { VpcEndpointId: id = "", ServiceName: service = "", State: state = "", OwnerId } of page.VpcEndpoints ??
      []) {
      found.push({ id, service, state, ...(OwnerId ? { owner: OwnerId } : {}) });
    }
  }
  return found;
}
