import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import {
  checkEgress,
  checkExisting,
  checkSubnets,
  checkVpc,
  type ExistingNetwork,
  type SeenEgress,
} from "./adopt-checks.ts";
import type { VpcPlace } from "./contract.ts";

interface Found {
  ids: pulumi.Output<string>[];
  cidrs: pulumi.Output<string>[];
}

/**
 * A network that exists, in the shape of one of ours. Nothing in it is made or changed; what it is is read from the
 * account, at preview too, and refused where a cluster would not work in it.
 * Claims: the same as `Network`'s, decided on what is there.
 * @throws UserError at once for what is wrong with the ids; the outputs fail with one for what the account says
 */
export function adoptNetwork(existing: ExistingNetwork, opts: pulumi.InvokeOptions = {}): VpcPlace {
  checkExisting(existing);
  const { vpcId, publicSubnetIds, privateSubnetIds, isolatedSubnetIds = [] } = existing;
  const find = (tier: string, ids: string[], egress: boolean) => findSubnets({ tier, vpcId, ids, egress }, opts);
  const open = find("publicSubnetIds", publicSubnetIds, false);
  const inner = find("privateSubnetIds", privateSubnetIds, true);
  const isolated = find("isolatedSubnetIds", isolatedSubnetIds, true);
  const cluster = find("clusterSubnetIds", existing.clusterSubnetIds ?? privateSubnetIds, true);
  return {
    vpcId: findVpc(vpcId, opts),
    publicSubnetIds: open.ids,
    privateSubnetIds: inner.ids,
    isolatedSubnetIds: isolated.ids,
    clusterSubnetIds: cluster.ids,
    privateCidrs: inner.cidrs,
    isolatedCidrs: isolated.cidrs,
    clusterCidrs: cluster.cidrs,
    natAddresses: (existing.natAddresses ?? []).map((address) => pulumi.output(address)),
  };
}

function findVpc(id: string, opts: pulumi.InvokeOptions): pulumi.Output<string> {
  return aws.ec2.getVpcOutput({ id }, opts).apply(({ enableDnsSupport, enableDnsHostnames }) => {
    checkVpc(id, { support: enableDnsSupport, hostnames: enableDnsHostnames });
    return id;
  });
}

interface Wanted {
  tier: string;
  vpcId: string;
  ids: string[];
  /** Whether the way out is checked. */
  egress: boolean;
}

/** Each id passes only once the whole tier was found good: whoever is placed by one waits for the check. */
function findSubnets({ tier, vpcId, ids, egress }: Wanted, opts: pulumi.InvokeOptions): Found {
  const seen = pulumi.all(ids.map((id) => aws.ec2.getSubnetOutput({ id }, opts)));
  const ways = egress ? pulumi.all(ids.map((id) => wayOut(id, vpcId, opts))) : pulumi.output<SeenEgress[]>([]);
  const good = pulumi.all([seen, ways]).apply(([subnets, routes]) => {
    const found = subnets.map(({ id, vpcId, availabilityZone, cidrBlock }) => {
      return { id, vpcId, zone: availabilityZone, cidr: cidrBlock };
    });
    checkSubnets(tier, vpcId, found);
    checkEgress(tier, routes);
    return found;
  });
  return {
    ids: ids.map((id) => good.apply(() => id)),
    cidrs: ids.map((_, at) => good.apply((found) => found[at]?.cidr ?? "")),
  };
}

/** A subnet without a table of its own goes by the VPC's main one. */
function wayOut(subnetId: string, vpcId: string, opts: pulumi.InvokeOptions): pulumi.Output<SeenEgress> {
  const tables = (name: string, value: string) =>
    aws.ec2.getRouteTablesOutput({ vpcId, filters: [{ name, values: [value] }] }, opts).ids;
  const own = tables("association.subnet-id", subnetId);
  const main = tables("association.main", "true");
  const table = pulumi.all([own, main]).apply(([[first], [fallback]]) => first ?? fallback ?? "");
  return aws.ec2.getRouteTableOutput({ routeTableId: table }, opts).apply(({ routes }) => {
    const route = routes.find(({ cidrBlock }) => cidrBlock === "0.0.0.0/0");
    const { natGatewayId, transitGatewayId, networkInterfaceId, gatewayId, vpcPeeringConnectionId } = route ?? {};
    const target = [natGatewayId, transitGatewayId, networkInterfaceId, gatewayId, vpcPeeringConnectionId].find(
      Boolean,
    );
    return { subnetId, target };
  });
}
