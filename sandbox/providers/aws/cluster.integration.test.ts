/** The whole cluster component on the real engine, with an emulated account of the test's own. */
import { ec2, Provider } from "@pulumi/aws";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adoptCluster } from "../../../components/cluster/adopt.ts";
import { Cluster, type ClusterArgs } from "../../../components/cluster/aws.ts";
import { destroyStack, previewStack, type StackRun, upStack } from "../../engine/index.ts";
import { type Emulated, startEmulated } from "../../engine/testing/emulated.ts";
import { accounts, awsRegion } from "../../hosts.ts";

let world: Emulated;
beforeAll(async () => {
  // An account has one identity provider an issuer, so each cluster here gets an issuer of its own.
  world = await startEmulated({
    node: async (name) => ({
      endpoint: "https://198.18.0.20:6443",
      certificateAuthorityData: "Y2E=",
      issuer: `https://oidc-${name}.biplane.test`,
    }),
  });
});
afterAll(() => world?.close());

type Settings = Partial<Omit<ClusterArgs, "region" | "account" | "subnetIds" | "nodeSubnets" | "tags">>;

const role = (name: string) => `arn:aws:iam::${accounts.customer}:role/${name}`;
const administrator = { name: "operator", principalArn: role("operator"), access: "cluster-admin" } as const;

function run(stack: string, program: StackRun["program"]): StackRun {
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

function cluster(stack: string, settings: Settings = {}): StackRun {
  return run(stack, async () => {
    const provider = new Provider("aws", { region: awsRegion });
    const vpc = new ec2.Vpc(stack, { cidrBlock: "10.0.0.0/16" }, { provider });
    const nodeSubnets = ["a", "b"].map((letter, place) => {
      const zone = `${awsRegion}${letter}`;
      const args = { vpcId: vpc.id, cidrBlock: `10.0.${place}.0/24`, availabilityZone: zone };
      return { zone, subnetId: new ec2.Subnet(`${stack}-${letter}`, args, { provider }).id };
    });
    const made = new Cluster(
      stack,
      {
        region: awsRegion,
        account: accounts.customer,
        subnetIds: nodeSubnets.map(({ subnetId }) => subnetId),
        nodeSubnets,
        access: [administrator],
        autoscaling: "off",
        dataProtection: false,
        tags: { "biplane:cluster": stack },
        ...settings,
      },
      { providers: [provider] },
    );
    return { kubeconfig: made.kubeconfig, version: made.version, issuer: made.workloadIssuer.providerArn };
  });
}

async function planned(stackRun: StackRun): Promise<string[]> {
  const seen: string[] = [];
  const onEvent = ({ resourcePreEvent }: EngineEvent) => {
    const { op = "same", urn = "", detailedDiff } = resourcePreEvent?.metadata ?? {};
    if (op !== "same") seen.push([op, urn.split("::").at(-1), ...Object.keys(detailedDiff ?? {})].join(" "));
  };
  await previewStack(world.sandbox, { ...stackRun, onEvent });
  return seen.sort();
}

test("a cluster comes up whole, reads back as it was meant, and a second up changes nothing", async () => {
  const stack = cluster("whole", {
    autoscaling: "cluster-autoscaler",
    access: [
      administrator,
      { name: "managers", principalArn: role("manager"), access: "groups", groups: ["biplane:managers"] },
      { name: "auditor", principalArn: role("auditor"), access: "view", namespaces: ["union"] },
    ],
  });
  const first = await upStack(world.sandbox, stack);
  const eks = await world.cloud.eks();
  expect((await eks.describeCluster({ name: "whole" })).cluster).toMatchObject({
    accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
    resourcesVpcConfig: { endpointPrivateAccess: true, endpointPublicAccess: false },
    encryptionConfig: [{ resources: ["secrets"] }],
    deletionProtection: false,
    tags: { "biplane:cluster": "whole" },
  });
  expect((await eks.listAddons({ clusterName: "whole" })).addons?.sort()).toEqual(["coredns", "kube-proxy", "vpc-cni"]);
  const { addon } = await eks.describeAddon({ clusterName: "whole", addonName: "vpc-cni" });
  expect(addon).toMatchObject({
    configurationValues: '{"enableNetworkPolicy":"true"}',
    serviceAccountRoleArn: role("whole-vpc-cni"),
  });
  expect((await eks.listAccessEntries({ clusterName: "whole" })).accessEntries?.sort()).toEqual(
    ["auditor", "manager", "operator", "whole-node"].map(role),
  );
  const { nodegroups = [] } = await eks.listNodegroups({ clusterName: "whole" });
  expect(nodegroups).toHaveLength(2);
  const second = await upStack(world.sandbox, stack);
  expect(Object.keys(second.changes)).toEqual(["same"]);
  expect(second.outputs).toEqual(first.outputs);
});

test("each change of configuration is its own small diff, and is made in place", async () => {
  await upStack(world.sandbox, cluster("changed", { release: "1.34.1-20251101" }));
  const groups = [`changed-nodes-default-${awsRegion}a`, `changed-nodes-default-${awsRegion}b`];
  const newer = cluster("changed", { release: "1.34.1-20251112" });
  expect(await planned(newer)).toEqual(groups.map((name) => `update ${name} releaseVersion`));
  const wider = cluster("changed", { release: "1.34.1-20251112", publicApi: ["203.0.113.0/24"] });
  await upStack(world.sandbox, wider);
  const eks = await world.cloud.eks();
  expect((await eks.describeCluster({ name: "changed" })).cluster?.resourcesVpcConfig).toMatchObject({
    endpointPrivateAccess: true,
    endpointPublicAccess: true,
    publicAccessCidrs: ["203.0.113.0/24"],
  });
  const { nodegroups = [] } = await eks.listNodegroups({ clusterName: "changed" });
  for (const nodegroupName of nodegroups) {
    const { nodegroup } = await eks.describeNodegroup({ clusterName: "changed", nodegroupName });
    expect(nodegroup?.releaseVersion).toBe("1.34.1-20251112");
  }
  const others = { default: { instanceTypes: ["m8i.xlarge"], perZone: { min: 1, max: 2 } } };
  const { changes } = await upStack(
    world.sandbox,
    cluster("changed", { release: "1.34.1-20251112", publicApi: ["203.0.113.0/24"], nodeGroups: others }),
  );
  expect(changes).toMatchObject({ replace: 2 });
  expect((await eks.listNodegroups({ clusterName: "changed" })).nodegroups).toHaveLength(2);
});

test("a larger disk is a new version of the template, which the groups then run", async () => {
  const nodeGroups = (diskGib: number) => ({
    default: { instanceTypes: ["m7i.xlarge"], perZone: { min: 1, max: 2 }, diskGib },
  });
  await upStack(world.sandbox, cluster("disk", { nodeGroups: nodeGroups(50) }));
  await upStack(world.sandbox, cluster("disk", { nodeGroups: nodeGroups(80) }));
  const eks = await world.cloud.eks();
  const { nodegroups = [] } = await eks.listNodegroups({ clusterName: "disk" });
  const [nodegroupName] = nodegroups;
  const { nodegroup } = await eks.describeNodegroup({ clusterName: "disk", nodegroupName });
  expect(nodegroup?.launchTemplate?.version).toBe("2");
  expect(Object.keys((await upStack(world.sandbox, cluster("disk", { nodeGroups: nodeGroups(80) }))).changes)).toEqual([
    "same",
  ]);
});

test("a cluster that is there is adopted with the same outputs, and outlives whoever adopted it", async () => {
  const made = await upStack(world.sandbox, cluster("owned"));
  const adopting = run("adopting", async () => {
    const provider = new Provider("aws", { region: awsRegion });
    const access = [{ name: "managers", principalArn: role("m"), access: "groups" as const, groups: ["g"] }];
    const args = { region: awsRegion, clusterName: "owned", access, tags: {} };
    const found = adoptCluster("adopted", args, { providers: [provider] });
    return { kubeconfig: found.kubeconfig, version: found.version, issuer: found.workloadIssuer.providerArn };
  });
  const adopted = await upStack(world.sandbox, adopting);
  expect(adopted.outputs).toEqual(made.outputs);
  const again = await upStack(world.sandbox, adopting);
  expect(again.changes).not.toHaveProperty("update");
  expect(again.changes).not.toHaveProperty("create");
  await destroyStack(world.sandbox, adopting);
  const eks = await world.cloud.eks();
  expect((await eks.describeCluster({ name: "owned" })).cluster?.status).toBe("ACTIVE");
  expect((await eks.listAccessEntries({ clusterName: "owned" })).accessEntries).not.toContain(role("m"));
});

test("a cluster whose Secrets are not sealed is refused in the preview, by name, with what to do", async () => {
  const eks = await world.cloud.eks();
  await eks.createCluster({
    name: "bare",
    version: "1.34",
    roleArn: role("x"),
    resourcesVpcConfig: { subnetIds: ["subnet-1"] },
  });
  const adopting = run("bare", async () => {
    const provider = new Provider("aws", { region: awsRegion });
    const found = adoptCluster("bare", { region: awsRegion, clusterName: "bare", tags: {} }, { providers: [provider] });
    return { kubeconfig: found.kubeconfig };
  });
  const error = await previewStack(world.sandbox, adopting).catch((thrown: unknown) => thrown);
  expect(String(error)).toContain("envelope encryption of Secrets of the adopted cluster bare");
  expect(String(error)).toContain("associate-encryption-config");
});

test("destroy leaves nothing, and a protected cluster refuses it", async () => {
  await upStack(world.sandbox, cluster("gone"));
  const result = await destroyStack(world.sandbox, cluster("gone"));
  expect(Object.keys(result.changes)).toEqual(["delete"]);
  const eks = await world.cloud.eks();
  expect((await eks.listClusters({})).clusters).not.toContain("gone");
  const { Roles = [] } = await (await world.cloud.iam()).listRoles({});
  expect(Roles.filter(({ RoleName }) => RoleName?.startsWith("gone-"))).toEqual([]);
  const { LaunchTemplates = [] } = await (await world.cloud.ec2()).describeLaunchTemplates({});
  expect(LaunchTemplates.filter(({ LaunchTemplateName }) => LaunchTemplateName?.startsWith("gone-"))).toEqual([]);

  await upStack(world.sandbox, cluster("kept", { dataProtection: true }));
  const refused = await destroyStack(world.sandbox, cluster("kept")).catch((thrown: unknown) => thrown);
  expect(String(refused)).toContain("kept");
  await expect(eks.deleteCluster({ name: "kept" })).rejects.toThrow("deletion protection");
});
