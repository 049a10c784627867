/** PrivateLink to a cluster's API, both ends in one emulated account: asked for, accepted, changed, gone. */
import { ec2, Provider } from "@pulumi/aws";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ClusterApiLink } from "../../../components/private-link/consumer.ts";
import { ClusterApiService, type ClusterApiServiceArgs } from "../../../components/private-link/provider.ts";
import { destroyStack, refreshStack, type StackRun, upStack } from "../../engine/index.ts";
import { type Emulated, startEmulated } from "../../engine/testing/emulated.ts";

let world: Emulated;
beforeAll(async () => {
  world = await startEmulated();
});
afterAll(() => world?.close());

const vendor = "arn:aws:iam::111111111111:role/region-deployer";
const clusterCidrs = ["10.40.208.0/28", "10.40.209.0/28"];
const tags = { team: "platform" };

function run(stack: string, build: (provider: Provider) => Record<string, unknown>): StackRun {
  const program = async () => build(new Provider("aws", { region: "us-east-2" }));
  return {
    stack,
    program,
    config: {},
    secrets: {},
    account: "customer",
    plane: "customer",
    providers: world.providers,
  };
}

function place(provider: Provider) {
  const vpc = new ec2.Vpc("vpc", { cidrBlock: "10.40.0.0/16", tags }, { provider });
  const subnets = ["a", "b"].map(
    (zone, at) =>
      new ec2.Subnet(
        zone,
        { vpcId: vpc.id, cidrBlock: `10.40.${at}.0/24`, availabilityZone: `us-east-2${zone}`, tags },
        { provider },
      ),
  );
  const group = new ec2.SecurityGroup("peer", { name: "peer", vpcId: vpc.id, tags }, { provider });
  return { vpcId: vpc.id, subnetIds: subnets.map(({ id }) => id), groupId: group.id };
}

const customer = (changes: Partial<ClusterApiServiceArgs> = {}) =>
  run("customer", (provider) => {
    const { groupId, ...at } = place(provider);
    const { serviceName, serviceId, targetGroupArn } = new ClusterApiService(
      "main-api",
      { ...at, clusterCidrs, clusterSecurityGroupId: groupId, principals: [vendor], tags, ...changes },
      { providers: [provider] },
    );
    return { serviceName, serviceId, targetGroupArn };
  });

const region = (serviceName: string) =>
  run("region", (provider) => {
    const { groupId, ...at } = place(provider);
    const link = { org: "acme", cluster: "main", serviceName, apiHost: "0A1B.gr7.us-east-2.eks.amazonaws.com" };
    const args = { ...at, clientSecurityGroupId: groupId, link, tags };
    return { endpointId: new ClusterApiLink("link-acme-main", args, { providers: [provider] }).endpointId };
  });

let service: Record<string, string>;
let endpointId: string;

test("the customer's end comes up, every address of the cluster's subnets behind it, and stays", async () => {
  const first = await upStack(world.sandbox, customer());
  service = first.outputs as Record<string, string>;
  const lb = await world.cloud.lb();
  const found = await lb.describeTargetHealth({ TargetGroupArn: service.targetGroupArn });
  expect(found.TargetHealthDescriptions).toHaveLength(22);
  expect((await lb.describeLoadBalancers({})).LoadBalancers).toEqual([
    expect.objectContaining({ LoadBalancerName: "unionai-access-main-api", Scheme: "internal" }),
  ]);
  expect((await upStack(world.sandbox, customer())).changes).toEqual({ same: first.changes.create });
  expect((await refreshStack(world.sandbox, customer())).changes).toEqual({ same: first.changes.create });
});

test("the service is for the named principal only, and waits for acceptance", async () => {
  const client = await world.cloud.ec2();
  const ServiceId = service.serviceId ?? "";
  const { ServiceConfigurations } = await client.describeVpcEndpointServiceConfigurations({ ServiceIds: [ServiceId] });
  expect(ServiceConfigurations?.[0]?.AcceptanceRequired).toBe(true);
  const allowed = async () =>
    (await client.describeVpcEndpointServicePermissions({ ServiceId })).AllowedPrincipals?.map(
      (each) => each.Principal,
    );
  expect(await allowed()).toEqual([vendor]);
  const other = `${vendor}-2`;
  const { changes } = await upStack(world.sandbox, customer({ principals: [other] }));
  expect(changes).toMatchObject({ update: 1 });
  expect(await allowed()).toEqual([other]);
});

test("the region's end leads the cluster's own name to its endpoint, inside its network", async () => {
  const first = await upStack(world.sandbox, region(service.serviceName ?? ""));
  endpointId = String(first.outputs.endpointId);
  const dns = await world.cloud.dns();
  const [zone] = (await dns.listHostedZones({})).HostedZones ?? [];
  expect(zone).toMatchObject({ Name: "0a1b.gr7.us-east-2.eks.amazonaws.com.", Config: { PrivateZone: true } });
  const records = (await dns.listResourceRecordSets({ HostedZoneId: zone?.Id })).ResourceRecordSets ?? [];
  const entry = (await (await world.cloud.ec2()).describeVpcEndpoints({ VpcEndpointIds: [endpointId] }))
    .VpcEndpoints?.[0];
  const alias = records.find(({ Type }) => Type === "A")?.AliasTarget;
  expect(alias?.DNSName?.replace(/\.$/, "")).toBe(entry?.DnsEntries?.[0]?.DnsName);
  expect((await upStack(world.sandbox, region(service.serviceName ?? ""))).changes).toEqual({
    same: first.changes.create,
  });
});

test("an endpoint waits until the customer accepts it by its id, and one that nobody asked for is refused", async () => {
  const state = async () => {
    const Filters = [{ Name: "service-id", Values: [service.serviceId ?? ""] }];
    const { VpcEndpointConnections } = await (await world.cloud.ec2()).describeVpcEndpointConnections({ Filters });
    return VpcEndpointConnections?.map(({ VpcEndpointId, VpcEndpointState }) => [VpcEndpointId, VpcEndpointState]);
  };
  expect(await state()).toEqual([[endpointId, "pendingAcceptance"]]);
  await expect(upStack(world.sandbox, customer({ acceptedEndpoints: ["vpce-0bad"] }))).rejects.toThrow(/vpce-0bad/);
  const accepting = customer({ acceptedEndpoints: [endpointId] });
  await upStack(world.sandbox, accepting);
  expect(await state()).toEqual([[endpointId, "available"]]);
  expect((await upStack(world.sandbox, accepting)).changes).toEqual({ same: expect.any(Number) });
  await upStack(world.sandbox, customer());
  expect(await state()).toEqual([[endpointId, "rejected"]]);
});

test("destroy leaves nothing of either end", async () => {
  await destroyStack(world.sandbox, region(service.serviceName ?? ""));
  await destroyStack(world.sandbox, customer());
  const client = await world.cloud.ec2();
  const { VpcEndpoints = [] } = await client.describeVpcEndpoints({});
  expect(VpcEndpoints.filter(({ State = "" }) => String(State) !== "deleted")).toEqual([]);
  expect((await client.describeVpcEndpointServiceConfigurations({})).ServiceConfigurations).toEqual([]);
  expect((await (await world.cloud.dns()).listHostedZones({})).HostedZones).toEqual([]);
  expect((await (await world.cloud.lb()).describeTargetGroups({})).TargetGroups).toEqual([]);
});
