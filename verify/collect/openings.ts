/** Where the internet finds something in a network: balancers by their scheme, and whatever has a public address. */
import { type NetworkInterface, paginateDescribeNetworkInterfaces } from "@aws-sdk/client-ec2";
import { paginateDescribeLoadBalancers } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { NetworkFact } from "../facts-account.ts";
import type { AwsClients } from "./aws-clients.ts";

type Openings = NetworkFact["openings"];

/** A balancer may have no public IPv4 address, and one of the older kind is known by its interfaces alone. */
export async function readOpenings({ ec2, balancers }: AwsClients, vpcId: string): Promise<Openings> {
  const [facing, addressed] = await Promise.all([readBalancers(balancers, vpcId), readInterfaces(ec2, vpcId)]);
  const told = new Set(facing.map(({ name }) => `ELB ${name.split(":loadbalancer/")[1]}`));
  return [...facing, ...addressed.filter(({ description }) => !told.has(description)).map(({ opening }) => opening)];
}

async function readBalancers(client: AwsClients["balancers"], vpcId: string): Promise<Openings> {
  const found: Openings = [];
  for await (const page of paginateDescribeLoadBalancers({ client }, {})) {
    for (const balancer of page.LoadBalancers ?? []) {
      const { LoadBalancerArn: name = "", DNSName: address = "no name", SecurityGroups: groupIds = [] } = balancer;
      if (balancer.VpcId === vpcId && balancer.Scheme === "internet-facing") found.push({ name, address, groupIds });
    }
  }
  return found;
}

/** It lets nothing in but answers. The SDK spells its kind otherwise than the API's filters do. */
function isNat({ InterfaceType }: NetworkInterface): boolean {
  return /^nat_?gateway$/i.test(InterfaceType ?? "");
}

async function readInterfaces(client: AwsClients["ec2"], vpcId: string) {
  const found: { description: string; opening: Openings[number] }[] = [];
  const Filters = [{ Name: "vpc-id", Values: [vpcId] }];
  for await (const page of paginateDescribeNetworkInterfaces({ client }, { Filters })) {
    for (const one of page.NetworkInterfaces ?? []) {
      const address = one.Association?.PublicIp;
      if (!address || isNat(one)) continue;
      const groupIds = (one.Groups ?? []).flatMap(({ GroupId }) => GroupId ?? []);
      const description = one.Description ?? "";
      found.push({ description, opening: { name: one.NetworkInterfaceId ?? "", address, groupIds } });
    }
  }
  return found;
}
