/** The collectors of a customer's account against an emulator of the test's own; no planes needed. */
import type { _InstanceType } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Emulated, startEmulated } from "../../sandbox/engine/testing/emulated.ts";
import { accounts, awsRegion } from "../../sandbox/hosts.ts";
import { readBucket } from "./buckets.ts";
import { readClusterAccess } from "./cluster-access.ts";
import { readInstances } from "./instances.ts";
import { readKeys } from "./keys.ts";
import { readNetwork } from "./network.ts";
import { readPrincipals } from "./principals.ts";
import { readStores } from "./stores.ts";

const account = accounts.customer;
const vendor = "arn:aws:iam::111111111111:role/region";

let world: Emulated;
beforeAll(async () => {
  world = await startEmulated();
});
afterAll(() => world?.close());

async function clients() {
  const { cloud } = world;
  const [iam, sts, s3, ecr, eks] = await Promise.all([cloud.iam(), cloud.sts(), cloud.s3(), cloud.ecr(), cloud.eks()]);
  const [ec2, balancers, kms, secrets, logs, trails] = await Promise.all([
    cloud.ec2(),
    cloud.lb(),
    cloud.kms(),
    cloud.secrets(),
    cloud.logs(),
    cloud.trails(),
  ]);
  return { iam, sts, s3, ecr, eks, ec2, balancers, kms, secrets, logs, trails };
}

test("a network tells its groups, and every way into another one", async () => {
  const all = await clients();
  const { ec2, balancers } = all;
  const network = (CidrBlock: string) => ec2.createVpc({ CidrBlock }).then(({ Vpc }) => Vpc?.VpcId ?? "");
  const [vpcId, other] = await Promise.all([network("10.40.0.0/16"), network("10.50.0.0/16")]);
  const { Subnet } = await ec2.createSubnet({ VpcId: vpcId, CidrBlock: "10.40.0.0/24" });
  const { GroupId = "" } = await ec2.createSecurityGroup({ GroupName: "nodes", Description: "-", VpcId: vpcId });
  await ec2.authorizeSecurityGroupIngress({
    GroupId,
    IpPermissions: [
      { IpProtocol: "tcp", FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: "0.0.0.0/0" }, { CidrIp: "10.0.0.0/8" }] },
      { IpProtocol: "-1", UserIdGroupPairs: [{ GroupId, UserId: account }] },
    ],
  });
  await ec2.createVpcPeeringConnection({ VpcId: vpcId, PeerVpcId: other });
  const Subnets = [Subnet?.SubnetId ?? ""];
  const made = await balancers.createLoadBalancer({ Name: "api", Type: "network", Scheme: "internal", Subnets });
  const arn = made.LoadBalancers?.[0]?.LoadBalancerArn ?? "";
  const SecurityGroups = [GroupId];
  const front = { Type: "application", Scheme: "internet-facing", SecurityGroups, Subnets } as const;
  const open = await balancers.createLoadBalancer({ Name: "front", ...front });
  // An interface that the internet finds, one that it does not, and another network's.
  const SubnetId = Subnets[0];
  const { NetworkInterface } = await ec2.createNetworkInterface({ SubnetId, Groups: [GroupId] });
  await ec2.createNetworkInterface({ SubnetId });
  const { AllocationId, PublicIp } = await ec2.allocateAddress({ Domain: "vpc" });
  const NetworkInterfaceId = NetworkInterface?.NetworkInterfaceId;
  await ec2.associateAddress({ AllocationId, NetworkInterfaceId });
  const { ServiceConfiguration: service } = await ec2.createVpcEndpointServiceConfiguration({
    NetworkLoadBalancerArns: [arn],
    AcceptanceRequired: true,
  });
  const ServiceId = service?.ServiceId ?? "";
  await ec2.modifyVpcEndpointServicePermissions({ ServiceId, AddAllowedPrincipals: [vendor] });
  const { VpcEndpoint } = await ec2.createVpcEndpoint({
    VpcId: other,
    ServiceName: service?.ServiceName,
    VpcEndpointType: "Interface",
  });

  const found = await readNetwork(all, { clusterName: "main", vpcId, groupIds: [GroupId] });
  expect(found).toMatchObject({
    vpcId,
    cidrs: ["10.40.0.0/16"],
    clusterGroupIds: [GroupId],
    instanceIds: [],
    vpns: [],
    transits: [],
  });
  expect(found.securityGroups.find(({ id }) => id === GroupId)).toEqual({
    id: GroupId,
    name: "nodes",
    ingress: [
      { protocol: "tcp", ports: "443", sources: ["0.0.0.0/0", "10.0.0.0/8"] },
      { protocol: "-1", ports: "all", sources: [`${account}/${GroupId}`] },
    ],
  });
  expect(found.peerings).toEqual([
    { id: expect.stringMatching(/^pcx-/), owners: [account, account], state: expect.any(String) },
  ]);
  const [balancer] = open.LoadBalancers ?? [];
  expect(found.openings).toEqual([
    { name: balancer?.LoadBalancerArn, address: balancer?.DNSName, groupIds: [GroupId] },
    { name: NetworkInterfaceId, address: PublicIp, groupIds: [GroupId] },
  ]);
  expect(found.endpointServices).toEqual([
    {
      id: ServiceId,
      state: "Available",
      acceptanceRequired: true,
      balancers: [{ arn, scheme: "internal" }],
      principals: [vendor],
      connections: [{ endpoint: VpcEndpoint?.VpcEndpointId, owner: account, state: "pendingAcceptance" }],
    },
  ]);
});

test("a bucket tells what lies beside its prefixes, and whether it heeds access lists", async () => {
  const { s3 } = await clients();
  const Bucket = "acme-places";
  await s3.createBucket({ Bucket, CreateBucketConfiguration: { LocationConstraint: "us-east-2" } });
  for (const Key of ["acme/demo/development/a", "acme/demo/development/b", "acme/x", "old/y", "zz"])
    await s3.putObject({ Bucket, Key, Body: "x" });
  const read = () => readBucket(s3, Bucket, ["acme/demo/development/"]);
  const told = ["zz", "old/", "acme/x", "acme/demo/development/"];
  const before = await read();
  expect(before.places).toEqual({ told, cut: false });
  expect(before).not.toHaveProperty("ownership");
  const Rules = [{ ObjectOwnership: "BucketOwnerEnforced" as const }];
  await s3.putBucketOwnershipControls({ Bucket, OwnershipControls: { Rules } });
  expect((await read()).ownership).toBe("BucketOwnerEnforced");
});

test("a key tells its state, its policy and its grants", async () => {
  const { kms } = await clients();
  const { KeyMetadata: key } = await kms.createKey({});
  const KeyId = key?.KeyId ?? "";
  await kms.createGrant({ KeyId, GranteePrincipal: vendor, Operations: ["Decrypt"] });
  await kms.disableKey({ KeyId });
  const found = await readKeys(kms);
  expect(found.find(({ arn }) => arn === key?.Arn)).toMatchObject({
    manager: "CUSTOMER",
    enabled: false,
    spec: "SYMMETRIC_DEFAULT",
    policy: { statements: [expect.objectContaining({ effect: "Allow", actions: ["kms:*"] })] },
    grants: [{ grantee: vendor, operations: ["Decrypt"] }],
  });
});

test("secrets, log groups and images tell where they lie and what copies them, and no value", async () => {
  const all = await clients();
  const { secrets, logs, ecr, kms } = all;
  const { KeyMetadata: key } = await kms.createKey({});
  const secret = { Name: "union/acme/_/_/token", SecretString: "a-value-that-nobody-reads", KmsKeyId: key?.KeyId };
  const { ARN } = await secrets.createSecret(secret);
  await logs.createLogGroup({ logGroupName: "/biplane/acme/main" });
  const rules = [{ destinations: [{ region: "eu-west-1", registryId: "999999999999" }], repositoryFilters: [] }];
  await ecr.putReplicationConfiguration({ replicationConfiguration: { rules } });

  const found = await readStores(all);
  expect(found.secrets).toEqual([{ name: secret.Name, arn: ARN, keyId: key?.KeyId, copies: [] }]);
  expect(found.logGroups).toEqual([
    {
      name: "/biplane/acme/main",
      arn: expect.stringContaining(`:${awsRegion}:${account}:log-group:/biplane/acme/main`),
      destinations: [],
    },
  ]);
  expect(found.imageCopies).toEqual([{ to: "999999999999/eu-west-1", prefixes: [] }]);
  expect(JSON.stringify(found)).not.toContain(secret.SecretString);
});

test("a cluster tells whom it lets in and which pods get a role without a token", async () => {
  const { eks } = await clients();
  const roleArn = `arn:aws:iam::${account}:role/cluster`;
  await eks.createCluster({
    name: "main",
    roleArn,
    resourcesVpcConfig: { subnetIds: ["subnet-1"] },
    accessConfig: { authenticationMode: "API" },
  });
  const principalArn = `arn:aws:iam::${account}:role/viewer`;
  await eks.createAccessEntry({ clusterName: "main", principalArn, kubernetesGroups: ["biplane:managers"] });
  const policyArn = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy";
  const accessScope = { type: "namespace" as const, namespaces: ["union"] };
  await eks.associateAccessPolicy({ clusterName: "main", principalArn, policyArn, accessScope });
  await eks.createPodIdentityAssociation({ clusterName: "main", namespace: "union", serviceAccount: "a", roleArn });

  expect(await readClusterAccess(eks, "main")).toEqual({
    entries: [
      {
        principalArn,
        type: "STANDARD",
        groups: ["biplane:managers"],
        policies: [{ arn: policyArn, scope: "namespace", namespaces: ["union"] }],
      },
    ],
    podIdentities: [{ namespace: "union", serviceAccount: "a", roleArn }],
  });
});

test("principals come with their boundaries, so that the search does not take them for free", async () => {
  const all = await clients();
  const { iam } = all;
  const document = (Action: string) =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] });
  const boundary = await iam.createPolicy({ PolicyName: "ceiling", PolicyDocument: document("eks:*") });
  const trust = { Effect: "Allow", Principal: { AWS: vendor }, Action: "sts:AssumeRole" };
  await iam.createRole({
    RoleName: "management",
    AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [trust] }),
    PermissionsBoundary: boundary.Policy?.Arn,
  });
  const readOnly = "arn:aws:iam::aws:policy/ReadOnlyAccess";
  await iam.attachRolePolicy({ RoleName: "management", PolicyArn: readOnly });
  await iam.putRolePolicy({ RoleName: "management", PolicyName: "own", PolicyDocument: document("s3:*") });

  const found = await readPrincipals(all);
  expect(found.account).toBe(account);
  expect((found.policies ?? []).map(({ arn }) => arn).sort()).toEqual([boundary.Policy?.Arn, readOnly]);
  expect(found.entities.find(({ arn }) => arn.endsWith(":role/management"))).toMatchObject({
    kind: "role",
    trust: { statements: [expect.objectContaining({ principals: [`AWS:${vendor}`] })] },
    inline: [{ document: { statements: [expect.objectContaining({ actions: ["s3:*"] })] } }],
    boundary: {
      arn: boundary.Policy?.Arn,
      document: { statements: [expect.objectContaining({ actions: ["eks:*"] })] },
    },
  });
});

test("instances tell what the networks of their types do, those of the cluster alone", async () => {
  const { ec2 } = await clients();
  const { Vpc } = await ec2.createVpc({ CidrBlock: "10.60.0.0/16" });
  const vpcId = Vpc?.VpcId ?? "";
  const { Subnet } = await ec2.createSubnet({ VpcId: vpcId, CidrBlock: "10.60.0.0/24" });
  const { Images = [] } = await ec2.describeImages({ MaxResults: 5 });
  const run = async (InstanceType: _InstanceType, cluster: string) => {
    const { Instances = [] } = await ec2.runInstances({
      ...{ ImageId: Images[0]?.ImageId, InstanceType, MinCount: 1, MaxCount: 1, SubnetId: Subnet?.SubnetId },
      TagSpecifications: [
        { ResourceType: "instance", Tags: [{ Key: `kubernetes.io/cluster/${cluster}`, Value: "owned" }] },
      ],
    });
    return Instances[0]?.InstanceId ?? "";
  };
  const [encrypting, other] = [await run("m6i.xlarge", "acme"), await run("t3.large", "acme")];
  await run("m6i.xlarge", "globex");
  const found = await readInstances(ec2, { clusterName: "acme", vpcId });
  expect(found.toSorted((a, b) => a.type.localeCompare(b.type))).toEqual([
    { id: encrypting, type: "m6i.xlarge", encryptsInTransit: true },
    { id: other, type: "t3.large", encryptsInTransit: false },
  ]);
});
