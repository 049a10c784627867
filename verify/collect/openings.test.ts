import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { afterEach, expect, it, vi } from "vitest";
import { awsClients } from "./aws-clients.ts";
import { readOpenings } from "./openings.ts";

afterEach(() => vi.restoreAllMocks());

const balancer = "arn:aws:elasticloadbalancing:us-east-2:222222222222:loadbalancer/net/front/1";
const at = (PublicIp: string) => ({ Association: { PublicIp } });

const answers: Record<string, object> = {
  DescribeLoadBalancersCommand: {
    LoadBalancers: [
      { LoadBalancerArn: "inside", VpcId: "vpc-1", Scheme: "internal" },
      { LoadBalancerArn: "elsewhere", VpcId: "vpc-2", Scheme: "internet-facing" },
      { LoadBalancerArn: balancer, VpcId: "vpc-1", Scheme: "internet-facing", DNSName: "front" },
    ],
  },
  DescribeNetworkInterfacesCommand: {
    NetworkInterfaces: [
      { NetworkInterfaceId: "eni-of-it", Description: "ELB net/front/1", ...at("203.0.113.1") },
      { NetworkInterfaceId: "eni-nat", InterfaceType: "nat_gateway", ...at("203.0.113.2") },
      { NetworkInterfaceId: "eni-nat-too", InterfaceType: "natGateway", ...at("203.0.113.3") },
      { NetworkInterfaceId: "eni-private" },
      { NetworkInterfaceId: "eni-old", Description: "ELB old", Groups: [{ GroupId: "sg-1" }], ...at("203.0.113.4") },
    ],
  },
};

it("the internet finds a balancer once, whatever its kind, and no NAT gateway", async () => {
  for (const { prototype } of [EC2Client, ElasticLoadBalancingV2Client])
    vi.spyOn(prototype, "send").mockImplementation(async (command: object) => answers[command.constructor.name]);
  const clients = awsClients({ aws: { profile: "none" }, region: "us-east-2" });
  expect(await readOpenings(clients, "vpc-1")).toEqual([
    { name: balancer, address: "front", groupIds: [] },
    { name: "eni-old", address: "203.0.113.4", groupIds: ["sg-1"] },
  ]);
});
