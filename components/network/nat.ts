import * as aws from "@pulumi/aws";
import { placed, type Routing } from "./routes.ts";

/** per-zone: a zone's failure leaves the others their way out. one: cheaper, and a single point of failure. */
export type NatGateways = "per-zone" | "one";

export interface Nat {
  gateways: aws.ec2.NatGateway[];
  /** Of each gateway. */
  zones: string[];
  addresses: aws.ec2.Eip[];
}

/**
 * NAT gateways in the public subnets, each with an address of its own that the region can allow by. The first one keeps
 * its address when the others come or go.
 * @param behind the internet gateway: an address works only once the network has it
 */
export function createNat(name: string, count: NatGateways, routing: Routing, behind: aws.ec2.InternetGateway): Nat {
  const { tags, parent } = routing;
  const zones = count === "one" ? placed(routing).slice(0, 1) : placed(routing);
  const made = zones.map(({ zone, subnet }) => {
    const named = { ...tags, Name: `${name}-${zone}` };
    const address = new aws.ec2.Eip(`${name}-${zone}`, { domain: "vpc", tags: named }, { parent, dependsOn: [behind] });
    const gateway = new aws.ec2.NatGateway(
      `${name}-${zone}`,
      { subnetId: subnet.id, allocationId: address.id, tags: named },
      { parent, dependsOn: [behind] },
    );
    return { zone, gateway, address };
  });
  return {
    gateways: made.map(({ gateway }) => gateway),
    zones: made.map(({ zone }) => zone),
    addresses: made.map(({ address }) => address),
  };
}
