import { beforeAll, describe, expect, it } from "vitest";
import { type Recorded, recordResources } from "../testing/record-resources.ts";
import { Cluster, type ClusterArgs } from "./aws.ts";

const nodeSubnets = ["a", "b", "c"].map((letter) => ({ zone: `us-east-2${letter}`, subnetId: `private-${letter}` }));
const operator = {
  name: "operator",
  principalArn: "arn:aws:iam::111111111111:role/ci",
  access: "cluster-admin",
} as const;

const build = (settings: Partial<ClusterArgs> = {}, preview = false) =>
  recordResources(
    () =>
      new Cluster("customer-acme", {
        region: "us-east-2",
        account: "111111111111",
        subnetIds: ["cluster-a", "cluster-b"],
        nodeSubnets,
        access: [operator],
        dataProtection: true,
        tags: { owner: "us" },
        ...settings,
      }),
    { preview },
  );

describe("Cluster", () => {
  let made: Recorded;
  beforeAll(async () => {
    made = await build();
  });

  it("has no public API, keeps Secrets under its own key and every log, and lets nobody in but by the list", () => {
    const { inputs } = made.one("aws:eks/cluster:Cluster");
    expect(inputs).toMatchObject({
      version: "1.34",
      deletionProtection: true,
      vpcConfig: { endpointPrivateAccess: true, endpointPublicAccess: false, subnetIds: ["cluster-a", "cluster-b"] },
      encryptionConfig: {
        resources: ["secrets"],
        provider: { keyArn: "arn:aws:kms:us-east-2:111111111111:key/customer-acme-cluster" },
      },
      enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
      accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
      bootstrapSelfManagedAddons: false,
      tags: { owner: "us" },
    });
  });

  it("lets its nodes patch themselves where that is asked for, and never past a release that was named", async () => {
    const schedules = async (settings: Partial<ClusterArgs>) =>
      (await build(settings)).all.filter(({ type }) => type === "aws:scheduler/schedule:Schedule").length;
    expect(await schedules({})).toBe(0);
    expect(await schedules({ patching: "weekly" })).toBe(3);
    expect(await schedules({ patching: "weekly", release: "1.34.1-20260101" })).toBe(0);
  });

  it("opens the API to listed networks only when they are named", async () => {
    const { inputs } = (await build({ publicApi: ["203.0.113.0/24"] })).one("aws:eks/cluster:Cluster");
    expect(inputs.vpcConfig).toMatchObject({
      endpointPrivateAccess: true,
      endpointPublicAccess: true,
      publicAccessCidrs: ["203.0.113.0/24"],
    });
  });

  it("owns its log group, sealed and kept a year, before EKS could make one", async () => {
    const slow = await recordResources(
      () =>
        new Cluster("acme", {
          region: "us-east-2",
          account: "111111111111",
          subnetIds: ["a", "b"],
          nodeSubnets,
          access: [operator],
          dataProtection: false,
          tags: {},
        }),
      { slow: ["aws:cloudwatch/logGroup:LogGroup"] },
    );
    const logs = slow.one("aws:cloudwatch/logGroup:LogGroup");
    expect(logs.inputs).toMatchObject({
      name: "/aws/eks/acme/cluster",
      retentionInDays: 365,
      kmsKeyId: "arn:aws:kms:us-east-2:111111111111:key/acme-cluster",
    });
    expect(slow.one("aws:eks/cluster:Cluster").begun).toBeGreaterThan(logs.ended);
  });

  it("lets CloudWatch use its key for this one log group", () => {
    const policy = JSON.parse(String(made.one("aws:kms/key:Key").inputs.policy));
    const [logs] = policy.Statement.filter(({ Principal }: { Principal: object }) => "Service" in Principal);
    expect(JSON.stringify(logs.Condition)).toContain("log-group:/aws/eks/customer-acme/cluster");
  });

  it("accepts pods' tokens for STS only, from its own issuer", () => {
    const { inputs } = made.one("aws:iam/openIdConnectProvider:OpenIdConnectProvider");
    expect(inputs).toMatchObject({ url: "https://oidc.test", clientIdLists: ["sts.amazonaws.com"] });
  });

  it("gives EKS, the nodes and the network plugin roles of their own, with AWS's policies for them and no other", () => {
    const attached = made
      .of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
      .map(({ inputs }) => `${inputs.role} ${String(inputs.policyArn).split("/").at(-1)}`);
    expect(attached.sort()).toEqual([
      "customer-acme-cluster AmazonEKSClusterPolicy",
      "customer-acme-node AmazonEC2ContainerRegistryPullOnly",
      "customer-acme-node AmazonEKSWorkerNodePolicy",
      "customer-acme-vpc-cni AmazonEKS_CNI_Policy",
    ]);
  });

  it("installs the disk driver, by a role of its own, only where that is chosen", async () => {
    const addons = ({ of }: typeof made) => of("aws:eks/addon:Addon").map(({ inputs }) => inputs.addonName);
    expect(addons(made)).not.toContain("aws-ebs-csi-driver");
    const driven = await build({ diskDriver: true });
    expect(addons(driven)).toContain("aws-ebs-csi-driver");
    const trust = driven.one("aws:iam/role:Role", "customer-acme-disk-driver").inputs.assumeRolePolicy;
    expect(String(trust)).toContain('"oidc.test:sub":["system:serviceaccount:kube-system:ebs-csi-controller-sa"]');
  });

  it("opens no shell on the nodes unless that is chosen", async () => {
    const shells = (await build({ ssm: true }))
      .of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
      .filter(({ inputs }) => String(inputs.policyArn).endsWith("AmazonSSMManagedInstanceCore"));
    expect(shells.map(({ inputs }) => inputs.role)).toEqual(["customer-acme-node"]);
  });

  it("has one node group a zone, whose nodes hide their credentials from pods and rest on sealed volumes", () => {
    const groups = made.of("aws:eks/nodeGroup:NodeGroup");
    expect(groups.map(({ name }) => name)).toEqual(
      ["a", "b", "c"].map((letter) => `customer-acme-nodes-default-us-east-2${letter}`),
    );
    for (const { inputs } of groups) {
      expect(inputs).toMatchObject({
        clusterName: "customer-acme",
        nodeRoleArn: "arn:aws:iam::111111111111:role/customer-acme-node",
        amiType: "AL2023_x86_64_STANDARD",
        updateConfig: { maxUnavailable: 1 },
        tags: { owner: "us" },
      });
      expect(inputs).not.toHaveProperty("remoteAccess");
    }
    expect(groups.map(({ inputs }) => inputs.subnetIds)).toEqual([["private-a"], ["private-b"], ["private-c"]]);
    expect(made.one("aws:ec2/launchTemplate:LaunchTemplate").inputs).toMatchObject({
      metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [
        {
          ebs: {
            volumeType: "gp3",
            encrypted: "true",
            kmsKeyId: "arn:aws:kms:us-east-2:111111111111:key/customer-acme-cluster",
          },
        },
      ],
      tagSpecifications: [
        { resourceType: "instance", tags: { owner: "us" } },
        { resourceType: "volume", tags: { owner: "us" } },
        { resourceType: "network-interface", tags: { owner: "us" } },
      ],
    });
  });

  it("pins every add-on, enforces NetworkPolicy, and has the network before nodes and DNS after them", async () => {
    const slow = await recordResources(
      () =>
        new Cluster("acme", {
          region: "us-east-2",
          account: "111111111111",
          subnetIds: ["a", "b"],
          nodeSubnets,
          access: [operator],
          dataProtection: false,
          tags: {},
        }),
      { slow: ["aws:eks/nodeGroup:NodeGroup", "aws:eks/addon:Addon"] },
    );
    const addons = slow.of("aws:eks/addon:Addon");
    expect(Object.fromEntries(addons.map(({ inputs }) => [inputs.addonName, inputs.addonVersion]))).toEqual({
      "vpc-cni": "v1.21.1-eksbuild.1",
      "kube-proxy": "v1.34.1-eksbuild.2",
      coredns: "v1.12.4-eksbuild.1",
    });
    const cni = slow.one("aws:eks/addon:Addon", "acme-vpc-cni");
    expect(cni.inputs).toMatchObject({
      configurationValues: '{"enableNetworkPolicy":"true"}',
      serviceAccountRoleArn: "arn:aws:iam::111111111111:role/acme-vpc-cni",
    });
    const groups = slow.of("aws:eks/nodeGroup:NodeGroup");
    const dns = slow.one("aws:eks/addon:Addon", "acme-coredns");
    for (const group of groups) {
      expect(group.begun).toBeGreaterThan(cni.ended);
      expect(dns.begun).toBeGreaterThan(group.ended);
    }
  });

  it("makes the autoscaler's role for its one service account, and none where it is off", async () => {
    const trust = (role: string) => JSON.parse(String(made.one("aws:iam/role:Role", role).inputs.assumeRolePolicy));
    expect(JSON.stringify(trust("customer-acme-node-autoscaler"))).toContain(
      '"oidc.test:sub":["system:serviceaccount:kube-system:cluster-autoscaler"]',
    );
    const roles = (await build({ autoscaling: "off" })).of("aws:iam/role:Role").map(({ name }) => name);
    expect(roles.sort()).toEqual(["customer-acme-cluster", "customer-acme-nodes", "customer-acme-vpc-cni"]);
  });

  it("plans every resource in a first preview, where nothing that AWS answers is known", async () => {
    const names = ({ all }: Recorded) => all.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(await build({}, true))).toEqual(names(made));
  });

  it("carries its owner's tags on everything that can have them", () => {
    const untagged = ["Alias", "RolePolicyAttachment", "RolePolicy", "AccessPolicyAssociation"];
    const bare = made.all.filter(
      ({ type, inputs }) =>
        type.startsWith("aws:") &&
        !untagged.some((kind) => type.endsWith(`:${kind}`)) &&
        (inputs.tags as Record<string, string> | undefined)?.owner !== "us",
    );
    expect(bare.map(({ type, name }) => `${type} ${name}`)).toEqual([]);
  });
});
