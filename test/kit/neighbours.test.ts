/** Two customers around one region, and a second region: whole stacks on the real engine, without planes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { previewStack, type StackRun, upStack } from "../../sandbox/engine/index.ts";
import { startPlaces } from "../../sandbox/engine/testing/places.ts";
import { customerBaseOutputs, customerOutputs, regionOutputs } from "../../stacks/outputs.ts";
import { type Goal, reach, reachOf, tell } from "../../verify/reason/iam/reach.ts";
import { type Entity, everything, type World } from "../../verify/reason/iam/world.ts";
import { thingsOf } from "./account.ts";
import {
  accounts,
  acmeBase,
  globexBase,
  type Neighbours,
  ownedByGlobex,
  placeSpecs,
  regionStack,
  vendor,
  workloads,
} from "./neighbours.ts";
import { accountIn, foreignEdges, worldIn } from "./policies.ts";

const minutes = 60_000;
let world: Neighbours;
/** Every stack that came up, by name, as it was run last, with how many resources it has. */
const stacks = new Map<string, { run: StackRun; resources: number }>();
beforeAll(async () => {
  world = await startPlaces(placeSpecs);
}, 5 * minutes);
afterAll(() => world?.close());

async function up(run: StackRun) {
  const made = await upStack(world.sandbox, run);
  const { create = 0, same = 0, update = 0 } = made.changes;
  stacks.set(run.stack, { run, resources: create + same + update });
  return made;
}

describe("a region, a BYOC customer, and one that brings its own network and cluster", () => {
  it(
    "come up, each told what the others answered, and nothing else",
    async () => {
      const [base, owned] = await Promise.all([up(acmeBase(world)), up(ownedByGlobex(world))]);
      const { privateLinkService = "", managementRoleArn } = customerBaseOutputs.parse(base.outputs);
      expect(privateLinkService).toMatch(/^com\.amazonaws\.vpce\.us-east-2\.vpce-svc-/);
      expect(managementRoleArn).toBe(`arn:aws:iam::${accounts.acme}:role/biplane-main-management`);
      // The test's API stands at an address; a private zone wants a name.
      const link = { serviceName: privateLinkService, apiHost: "0a1b.gr7.us-east-2.eks.amazonaws.com" };
      const [region, found] = await Promise.all([
        up(regionStack(world, "region", { link })),
        up(globexBase(world, owned.outputs.network, "owned")),
      ]);
      expect(customerBaseOutputs.parse(found.outputs)).toEqual({ clusterName: "globex", natAddresses: [] });
      const { clusterEndpoints, tenants } = regionOutputs.parse(region.outputs);
      expect(Object.keys(clusterEndpoints)).toEqual(["acme/main"]);
      const acceptedEndpoints = Object.values(clusterEndpoints);
      const [accepted, acme] = await Promise.all([
        up(acmeBase(world, { acceptedEndpoints })),
        up(workloads(world.at.acme, "acme", tenants)),
      ]);
      expect(accepted.changes).toEqual({ same: base.changes.create, create: 1 });
      const [globex] = await Promise.all([
        up(workloads(world.at.globex, "globex", tenants)),
        up(globexBase(world, owned.outputs.network, "made")),
      ]);
      expect(customerOutputs.parse(acme.outputs).namespaces).toEqual(["union", "demo-development", "demo-production"]);
      expect(customerOutputs.parse(globex.outputs).adminRoleArn).toContain(`:${accounts.globex}:role/`);
    },
    8 * minutes,
  );

  it(
    "stay as they are in a second up",
    async () => {
      const rows = [];
      for (const [name, { run, resources }] of stacks) {
        const { changes } = await upStack(world.sandbox, run);
        expect(changes, name).toEqual({ same: resources });
        rows.push(`  ${name.padEnd(28)} ${resources}`);
      }
      process.stdout.write(`resources of each stack:\n${rows.join("\n")}\n`);
    },
    8 * minutes,
  );

  it("change nothing in a network or a cluster that somebody else made", async () => {
    const made = [...stacks].filter(([name]) => name.startsWith("customer-globex-base"));
    expect(made.map(([name]) => name)).toEqual(["customer-globex-base-owned", "customer-globex-base-made"]);
    const { Vpcs = [] } = await (await world.at.globex.cloud.ec2()).describeVpcs({});
    expect(Vpcs.filter(({ IsDefault }) => !IsDefault)).toHaveLength(1);
    const { clusters } = await (await world.at.globex.cloud.eks()).listClusters({});
    expect(clusters?.sort()).toEqual(["biplane-second", "globex"]);
  });
});

const customers = ["acme", "globex"] as const;
const others = { acme: "globex", globex: "acme" } as const;

/**
 * One account before another: a principal that may do everything at home takes every other one there, and so asks with
 * all of them. @param start its ARN. @default one of no particular name
 */
function facing(target: World, from: World, start = `arn:aws:iam::${from.account}:role/anybody`) {
  const anybody: Entity = { arn: start, kind: "role", inline: [{ document: everything }], attached: [] };
  return { start, world: { ...target, entities: [...target.entities, ...from.entities, anybody] } };
}

/** Everything of an account that a stranger could want. */
function goalsIn({ entities, resources = [], clusters = [] }: World): Goal[] {
  const wanted: Record<string, (arn: string) => Goal[]> = {
    s3: (arn) => [
      { action: "s3:GetObject", resource: `${arn}/object` },
      { action: "s3:ListBucket", resource: arn },
    ],
    kms: (arn) => [{ action: "kms:Decrypt", resource: arn }],
    ecr: (arn) => [{ action: "ecr:BatchGetImage", resource: arn }],
    secretsmanager: (arn) => [{ action: "secretsmanager:GetSecretValue", resource: arn }],
    sns: (arn) => [{ action: "sns:Subscribe", resource: arn }],
  };
  return [
    ...entities.map(({ arn }) => ({ action: "sts:AssumeRole", resource: arn })),
    ...resources.flatMap(({ arn }) => wanted[arn.split(":")[2] ?? ""]?.(arn) ?? []),
    ...clusters.map(({ arn }) => ({ action: "eks:CreateAccessEntry", resource: arn })),
  ];
}

const worlds = async () => {
  const [region, acme, globex] = await Promise.all(
    [world.at.region, world.at.acme, world.at.globex].map(({ cloud }) => worldIn(cloud)),
  );
  if (!region || !acme || !globex) throw new Error("an account was not read");
  return { region, acme, globex };
};

describe("between the customers", () => {
  it("no policy, trust, endpoint service or peering of one names the other, and of the region's only what BYOC needs", async () => {
    const read = await worlds();
    for (const customer of [...customers, "region"] as const) {
      const things = await thingsOf(world.at[customer].cloud);
      expect(things.length).toBeGreaterThan(60);
      process.stdout.write(
        `  ${customer.padEnd(8)} ${things.length} things, ${read[customer].entities.length} principals, ${read[customer].resources?.length} policies of resources\n`,
      );
    }
    expect(await foreignEdges(world.at.globex.cloud, read.globex)).toEqual([]);
    expect(await foreignEdges(world.at.region.cloud, read.region)).toEqual([]);
    const edges = await foreignEdges(world.at.acme.cloud, read.acme);
    const service = expect.stringContaining("vpce-svc-");
    expect(edges).toEqual([
      { from: `AWS:${vendor.principal}`, to: `arn:aws:iam::${accounts.acme}:role/biplane-main-management` },
      { from: vendor.principal, to: service },
      { from: accounts.region, to: service },
    ]);
  });

  it.each(customers)(
    "no principal of the other reaches anything of %s, whatever its own account lets it do",
    async (customer) => {
      const read = await worlds();
      const goals = goalsIn(read[customer]);
      expect(goals.length).toBeGreaterThan(15);
      const { world: faced, start } = facing(read[customer], read[others[customer]]);
      const found = goals.map(reachOf(faced, start)).filter(({ reached }) => reached !== "no");
      expect(found.map(tell)).toEqual([]);
      process.stdout.write(`  ${customer}: ${goals.length} goals, none reached from ${others[customer]}\n`);
    },
    8 * minutes,
  );

  it(
    "the vendor takes acme's management role by its ExternalId, no other role of acme's, and nothing of globex's",
    async () => {
      const read = await worlds();
      const reached = (customer: "acme" | "globex", externalId: string) => {
        const { world: faced, start } = facing(read[customer], read.region, vendor.principal);
        const ask = reachOf({ ...faced, carries: { "sts:externalid": [externalId] } }, start);
        return read[customer].entities
          .map(({ arn }) => arn)
          .filter((resource) => ask({ action: "sts:AssumeRole", resource }).reached !== "no");
      };
      expect(reached("acme", vendor.externalId)).toEqual([
        `arn:aws:iam::${accounts.acme}:role/biplane-main-management`,
      ]);
      expect(reached("acme", "guessed-by-somebody")).toEqual([]);
      expect(reached("globex", vendor.externalId)).toEqual([]);
    },
    8 * minutes,
  );

  describe("an edge that somebody plants is found", () => {
    const stranger = `arn:aws:iam::${accounts.globex}:root`;
    const lets = (Action: string, Resource: string) =>
      JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { AWS: stranger }, Action, Resource }],
      });

    async function found(goal: Goal) {
      const read = await worlds();
      const edges = await foreignEdges(world.at.acme.cloud, read.acme);
      const planted = edges.filter(({ from }) => accountIn(from) === accounts.globex);
      const { world: faced, start } = facing(read.acme, read.globex);
      return { planted: planted.map(({ to }) => to), way: reach(faced, start, goal).reached };
    }

    it("in a bucket's policy", async () => {
      const s3 = await world.at.acme.cloud.s3();
      const Bucket = "biplane-acme-main-metadata";
      const { Policy } = await s3.getBucketPolicy({ Bucket });
      await s3.putBucketPolicy({ Bucket, Policy: lets("s3:*", "*") });
      const goal = { action: "s3:GetObject", resource: `arn:aws:s3:::${Bucket}/x` };
      expect(await found(goal)).toEqual({ planted: [`arn:aws:s3:::${Bucket}`], way: "yes" });
      await s3.putBucketPolicy({ Bucket, Policy });
      expect(await found(goal)).toEqual({ planted: [], way: "no" });
    });

    it("in a key's policy", async () => {
      const kms = await world.at.acme.cloud.kms();
      const { Aliases = [] } = await kms.listAliases({});
      const KeyId = Aliases.find(({ AliasName }) => AliasName?.includes("data"))?.TargetKeyId ?? "";
      const { Policy } = await kms.getKeyPolicy({ KeyId, PolicyName: "default" });
      await kms.putKeyPolicy({ KeyId, PolicyName: "default", Policy: lets("kms:Decrypt", "*") });
      const resource = `arn:aws:kms:us-east-2:${accounts.acme}:key/${KeyId}`;
      const goal = { action: "kms:Decrypt", resource };
      expect(await found(goal)).toEqual({ planted: [resource], way: "yes" });
      await kms.putKeyPolicy({ KeyId, PolicyName: "default", Policy });
      expect(await found(goal)).toEqual({ planted: [], way: "no" });
    });

    it("in a role's trust", async () => {
      const iam = await world.at.acme.cloud.iam();
      const RoleName = "adminflyterole";
      const trust = decodeURIComponent((await iam.getRole({ RoleName })).Role?.AssumeRolePolicyDocument ?? "");
      const { Version, Statement } = JSON.parse(trust) as { Version: string; Statement: object[] };
      const planted = { Effect: "Allow", Principal: { AWS: stranger }, Action: "sts:AssumeRole" };
      const PolicyDocument = JSON.stringify({ Version, Statement: [...Statement, planted] });
      await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument });
      const resource = `arn:aws:iam::${accounts.acme}:role/${RoleName}`;
      const goal = { action: "sts:AssumeRole", resource };
      expect(await found(goal)).toEqual({ planted: [resource], way: "yes" });
      await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: trust });
      expect(await found(goal)).toEqual({ planted: [], way: "no" });
    });

    it("among those who may ask for an endpoint", async () => {
      const ec2 = await world.at.acme.cloud.ec2();
      const { ServiceConfigurations = [] } = await ec2.describeVpcEndpointServiceConfigurations({});
      const ServiceId = ServiceConfigurations[0]?.ServiceId;
      await ec2.modifyVpcEndpointServicePermissions({ ServiceId, AddAllowedPrincipals: [stranger] });
      const edges = await foreignEdges(world.at.acme.cloud, (await worlds()).acme);
      expect(edges.map(({ from }) => from)).toContain(stranger);
      await ec2.modifyVpcEndpointServicePermissions({ ServiceId, RemoveAllowedPrincipals: [stranger] });
    });
  });
});

describe("65 project-domains of globex", () => {
  const projects = Array.from({ length: 65 }, (_, at) => ({ project: `p${at}`, domain: "d" }));
  const previewed = async (changes: Record<string, unknown>) => {
    const { outputs } = await upStack(
      world.sandbox,
      stacks.get("region-us-east-2")?.run ?? regionStack(world, "region"),
    );
    const { tenants } = regionOutputs.parse(outputs);
    return previewStack(world.sandbox, workloads(world.at.globex, "globex", tenants, { projects, ...changes }));
  };

  it(
    "are refused on one trust policy in the preview, with the reason and the ways out",
    async () => {
      const shared = previewed({ trustPolicyQuota: 4096 });
      await expect(shared).rejects.toThrow(
        "biplane:projects is 65; allowed: up to 64 of these on one role: one trust policy names at most 64 service accounts. Set biplane:isolation to project",
      );
      await expect(previewed({})).rejects.toThrow("set biplane:trustPolicyQuota to 4096");
    },
    8 * minutes,
  );
});

const long = Boolean(process.env.BIPLANE_LONG);

describe("a second region", () => {
  it(
    "comes up beside the first one, in its own place",
    async () => {
      const { outputs } = await up(regionStack(world, "europe"));
      expect(regionOutputs.parse(outputs)).toMatchObject({ endpoint: "eu-west-1.biplane.test", clusterEndpoints: {} });
      const { Subnets = [] } = await (await world.at.europe.cloud.ec2()).describeSubnets({});
      const zones = Subnets.map(({ AvailabilityZone }) => AvailabilityZone);
      expect(new Set(zones)).toEqual(new Set(["eu-west-1a", "eu-west-1b", "eu-west-1c"]));
    },
    8 * minutes,
  );

  it.runIf(long).each(["region-us-east-2", "region-eu-west-1"])(
    "leaves both as they are: %s",
    async (name) => {
      const { run, resources } = stacks.get(name) ?? {};
      if (!run) throw new Error(`${name} did not come up`);
      expect((await upStack(world.sandbox, run)).changes).toEqual({ same: resources });
    },
    8 * minutes,
  );
});
