/** Ways out of each subnet, and who may open connections to what: resolved, so that checks need no second look-up. */
import {
  EC2Client,
  paginateDescribeRouteTables,
  paginateDescribeSecurityGroupRules,
  paginateDescribeSecurityGroups,
  paginateDescribeSubnets,
  paginateGetManagedPrefixListEntries,
  type Route,
  type RouteTable,
  type SecurityGroupRule,
  type Subnet,
} from "@aws-sdk/client-ec2";
import type { SecurityGroupFact, SecurityRule, SubnetFact } from "../../facts-region.ts";
import type { clientConfig } from "../aws-clients.ts";

type Config = ReturnType<typeof clientConfig>;

export async function readSubnets(config: Config): Promise<SubnetFact[]> {
  const client = new EC2Client(config);
  const subnets: Subnet[] = [];
  for await (const page of paginateDescribeSubnets({ client }, {})) subnets.push(...(page.Subnets ?? []));
  const tables: RouteTable[] = [];
  for await (const page of paginateDescribeRouteTables({ client }, {})) tables.push(...(page.RouteTables ?? []));
  return subnets.map((subnet) => {
    const { SubnetId: id = "", VpcId: vpcId = "", AvailabilityZone: zone = "" } = subnet;
    const publicAddresses = subnet.MapPublicIpOnLaunch === true;
    return { id, vpcId, zone, publicAddresses, waysOut: waysOut(tableOf(tables, id, vpcId)?.Routes ?? []) };
  });
}

/** A subnet without a table of its own goes by its VPC's main one. */
export function tableOf(tables: RouteTable[], subnetId: string, vpcId: string): RouteTable | undefined {
  const own = tables.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId === subnetId));
  const main = tables.find(
    ({ VpcId, Associations = [] }) => VpcId === vpcId && Associations.some(({ Main }) => Main === true),
  );
  return own ?? main;
}

/** Every route that is not inside the VPC and does not stay in AWS by a gateway endpoint. */
export function waysOut(routes: Route[]): string[] {
  return routes
    .map((route) => route.GatewayId ?? otherTarget(route) ?? "?")
    .filter((target) => target !== "local" && !target.startsWith("vpce-"));
}

function otherTarget(route: Route): string | undefined {
  const { NatGatewayId, TransitGatewayId, VpcPeeringConnectionId, NetworkInterfaceId, InstanceId } = route;
  const { EgressOnlyInternetGatewayId, CarrierGatewayId, LocalGatewayId, CoreNetworkArn } = route;
  return [
    NatGatewayId,
    TransitGatewayId,
    VpcPeeringConnectionId,
    NetworkInterfaceId,
    InstanceId,
    EgressOnlyInternetGatewayId,
    CarrierGatewayId,
    LocalGatewayId,
    CoreNetworkArn,
  ].find((target) => target !== undefined && target !== "");
}

export async function readSecurityGroups(config: Config): Promise<SecurityGroupFact[]> {
  const client = new EC2Client(config);
  const rules: SecurityGroupRule[] = [];
  for await (const page of paginateDescribeSecurityGroupRules({ client }, {}))
    rules.push(...(page.SecurityGroupRules ?? []));
  const lists = new Set(rules.flatMap(({ PrefixListId }) => (PrefixListId ? [PrefixListId] : [])));
  const networks = new Map(
    await Promise.all([...lists].map(async (id) => [id, await readPrefixList(client, id)] as const)),
  );
  const groups: SecurityGroupFact[] = [];
  for await (const page of paginateDescribeSecurityGroups({ client }, {})) {
    for (const { GroupId: id = "", GroupName: name = "", VpcId: vpcId = "" } of page.SecurityGroups ?? [])
      groups.push({
        id,
        name,
        vpcId,
        rules: rules.filter(({ GroupId }) => GroupId === id).map((rule) => of(rule, networks)),
      });
  }
  return groups;
}

async function readPrefixList(client: EC2Client, PrefixListId: string): Promise<string[]> {
  const cidrs: string[] = [];
  for await (const page of paginateGetManagedPrefixListEntries({ client }, { PrefixListId }))
    cidrs.push(...(page.Entries ?? []).map(({ Cidr = "" }) => Cidr));
  return cidrs;
}

function of(rule: SecurityGroupRule, lists: Map<string, string[]>): SecurityRule {
  const groupId = rule.ReferencedGroupInfo?.GroupId;
  const own = [rule.CidrIpv4, rule.CidrIpv6].filter((cidr) => cidr !== undefined && cidr !== "") as string[];
  return {
    id: rule.SecurityGroupRuleId ?? "",
    direction: rule.IsEgress ? "out" : "in",
    protocol: rule.IpProtocol ?? "",
    fromPort: rule.FromPort ?? -1,
    toPort: rule.ToPort ?? -1,
    networks: [...own, ...(rule.PrefixListId ? (lists.get(rule.PrefixListId) ?? []) : [])],
    ...(groupId ? { groupId } : {}),
  };
}
