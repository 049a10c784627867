/** Networks on the real engine and an emulated account of the test's own: made, changed, adopted, and gone again. */
import { kms, Provider } from "@pulumi/aws";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adoptNetwork } from "../../../components/network/adopt.ts";
import { Network, type NetworkArgs } from "../../../components/network/aws.ts";
import { planNetwork } from "../../../components/network/plan.ts";
import { destroyStack, previewStack, type StackRun, upStack } from "../../engine/index.ts";
import { type Emulated, startEmulated } from "../../engine/testing/emulated.ts";

let world: Emulated;
beforeAll(async () => {
  world = await startEmulated();
});
afterAll(() => world?.close());

const zones = ["us-east-2a", "us-east-2b", "us-east-2c"];

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

const network = (changes: Partial<NetworkArgs> = {}) =>
  run("network", (provider) => {
    const key = new kms.Key("logs", { description: "logs" }, { provider });
    const made = new Network(
      "acme",
      {
        region: "us-east-2",
        account: "222222222222",
        plan: planNetwork("10.40.0.0/16", zones),
        flowLogs: { keyArn: key.arn },
        dataProtection: false,
        tags: { team: "platform" },
        ...changes,
      },
      { providers: [provider] },
    );
    const { vpcId, publicSubnetIds, privateSubnetIds, clusterSubnetIds, clusterCidrs, natAddresses } = made;
    return { vpcId, publicSubnetIds, privateSubnetIds, clusterSubnetIds, clusterCidrs, natAddresses };
  });

async function planned(stackRun: StackRun): Promise<string[]> {
  const seen: string[] = [];
  const onEvent = ({ resourcePreEvent }: EngineEvent) => {
    const { op = "same", urn = "" } = resourcePreEvent?.metadata ?? {};
    if (op !== "same" && !urn.includes("pulumi:pulumi:Stack")) seen.push(`${op} ${urn.split("::").at(-1)}`);
  };
  await previewStack(world.sandbox, { ...stackRun, onEvent });
  return seen.sort();
}

let made: Record<string, unknown>;

test("a network comes up whole, and a second up changes nothing", async () => {
  const first = await upStack(world.sandbox, network());
  made = first.outputs;
  expect(made.natAddresses).toHaveLength(3);
  expect(made.clusterCidrs).toEqual(["10.40.208.0/28", "10.40.209.0/28", "10.40.210.0/28"]);
  const second = await upStack(world.sandbox, network());
  expect(second.changes).toEqual({ same: first.changes.create });
});

test("the account then holds what the program says: flow logs, endpoints, and a default group without rules", async () => {
  const ec2 = await world.cloud.ec2();
  const vpcId = String(made.vpcId);
  const [log] = (await ec2.describeFlowLogs({})).FlowLogs ?? [];
  expect(log).toMatchObject({ ResourceId: vpcId, TrafficType: "ALL", LogGroupName: "/biplane/acme-flow-logs" });
  const { VpcEndpoints = [] } = await ec2.describeVpcEndpoints({});
  expect(VpcEndpoints).toHaveLength(12);
  const { SecurityGroups = [] } = await ec2.describeSecurityGroups({ Filters: [{ Name: "vpc-id", Values: [vpcId] }] });
  const standard = SecurityGroups.find(({ GroupName }) => GroupName === "default");
  expect([standard?.IpPermissions, standard?.IpPermissionsEgress]).toEqual([[], []]);
  for (const { IpPermissions } of SecurityGroups) expect(JSON.stringify(IpPermissions)).not.toContain("0.0.0.0/0");
});

test("one gateway instead of three leaves the others' zones routed by the first, and nothing else changed", async () => {
  const one = network({ natGateways: "one" });
  expect(await planned(one)).toEqual([
    "delete acme-nat-us-east-2b",
    "delete acme-nat-us-east-2b",
    "delete acme-nat-us-east-2c",
    "delete acme-nat-us-east-2c",
    "update acme-private-us-east-2b",
    "update acme-private-us-east-2c",
  ]);
  const { outputs } = await upStack(world.sandbox, one);
  expect(outputs.natAddresses).toEqual((made.natAddresses as string[]).slice(0, 1));
});

const ids = (name: string) => made[name] as string[];
const adopted = (changes: Record<string, unknown> = {}) =>
  run("adopted", (provider) => {
    const place = adoptNetwork(
      {
        vpcId: String(made.vpcId),
        publicSubnetIds: ids("publicSubnetIds"),
        privateSubnetIds: ids("privateSubnetIds"),
        clusterSubnetIds: ids("clusterSubnetIds"),
        ...changes,
      },
      { provider },
    );
    return { ...place };
  });

test("a network that exists is adopted by its ids, and nothing of it is made or changed", async () => {
  const { outputs, changes } = await upStack(world.sandbox, adopted());
  expect(outputs).toMatchObject({
    vpcId: made.vpcId,
    privateSubnetIds: made.privateSubnetIds,
    privateCidrs: ["10.40.0.0/18", "10.40.64.0/18", "10.40.128.0/18"],
    clusterCidrs: made.clusterCidrs,
  });
  // The stack and its provider.
  expect(changes).toMatchObject({ create: 2 });
});

test("an adopted network that would not do is refused by what the account says, at preview", async () => {
  const stray = await (await world.cloud.ec2()).createVpc({ CidrBlock: "10.80.0.0/16" });
  const VpcId = String(stray.Vpc?.VpcId);
  const { Subnet } = await (await world.cloud.ec2()).createSubnet({ VpcId, CidrBlock: "10.80.0.0/24" });
  const [first = ""] = ids("privateSubnetIds");
  const foreign = adopted({ privateSubnetIds: [first, String(Subnet?.SubnetId)] });
  await expect(previewStack(world.sandbox, foreign)).rejects.toThrow(`This one belongs to ${VpcId}`);
  const [, open = ""] = ids("publicSubnetIds");
  const exposed = adopted({ privateSubnetIds: [first, open], publicSubnetIds: [] });
  await expect(previewStack(world.sandbox, exposed)).rejects.toThrow(/default route leads to igw-/);
});

test("destroy leaves nothing", async () => {
  await destroyStack(world.sandbox, network({ natGateways: "one" }));
  const ec2 = await world.cloud.ec2();
  const filter = [{ Name: "vpc-id", Values: [String(made.vpcId)] }];
  expect((await ec2.describeSubnets({ Filters: filter })).Subnets).toEqual([]);
  const { VpcEndpoints = [] } = await ec2.describeVpcEndpoints({});
  expect(VpcEndpoints.filter(({ State = "" }) => String(State) !== "deleted")).toEqual([]);
  expect((await ec2.describeAddresses({})).Addresses).toEqual([]);
  expect((await ec2.describeFlowLogs({})).FlowLogs).toEqual([]);
  expect((await ec2.describeVpcs({ Filters: filter })).Vpcs).toEqual([]);
}, 180_000);
