/** The real SDK against the keeper and an emulator of the test's own; no planes needed. */
import { Backup } from "@aws-sdk/client-backup";
import { EKS, type ResourceInUseException } from "@aws-sdk/client-eks";
import { RDS } from "@aws-sdk/client-rds";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Emulated, startEmulated } from "../../engine/testing/emulated.ts";
import { accounts, awsRegion } from "../../hosts.ts";

let world: Emulated;
let eks: EKS;
beforeAll(async () => {
  world = await startEmulated();
  eks = await world.cloud.eks();
});
afterAll(() => world?.close());

const role = (name: string) => `arn:aws:iam::${accounts.customer}:role/${name}`;
const viewPolicy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy";

async function made(name: string, more: Partial<Parameters<EKS["createCluster"]>[0]> = {}): Promise<string> {
  await eks.createCluster({
    name,
    roleArn: role("cluster"),
    version: "1.34",
    resourcesVpcConfig: { subnetIds: ["subnet-1"], endpointPrivateAccess: true, endpointPublicAccess: false },
    accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
    ...more,
  });
  return name;
}

const elsewhereIn = (region: string) => ({
  region,
  endpoint: world.endpoint,
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
});

const nameOf = (error: { name: string; message: string }) => `${error.name}: ${error.message}`;

test("a cluster answers what it was told, where the emulator would have forgotten it", async () => {
  const name = await made("told", { deletionProtection: true });
  const before = (await eks.describeCluster({ name })).cluster;
  expect(before).toMatchObject({
    accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
    deletionProtection: true,
    version: "1.34",
  });
  const { update } = await eks.updateClusterConfig({ name, resourcesVpcConfig: { endpointPublicAccess: true } });
  expect(await eks.describeUpdate({ name, updateId: update?.id })).toMatchObject({ update: { status: "Successful" } });
  expect((await eks.describeCluster({ name })).cluster?.resourcesVpcConfig).toMatchObject({
    subnetIds: ["subnet-1"],
    endpointPrivateAccess: true,
    endpointPublicAccess: true,
  });
});

test("a cluster tells its network and its nodes' group, once the group is there", async () => {
  const name = await made("placed");
  const before = (await eks.describeCluster({ name })).cluster?.resourcesVpcConfig;
  expect(before?.clusterSecurityGroupId).toBeFalsy();
  const ec2 = await world.cloud.ec2();
  const { Vpc } = await ec2.createVpc({ CidrBlock: "10.9.0.0/16" });
  const place = { VpcId: Vpc?.VpcId, Description: "nodes" };
  await ec2.createSecurityGroup({ ...place, GroupName: "eks-cluster-sg-other" });
  const { GroupId } = await ec2.createSecurityGroup({ ...place, GroupName: `eks-cluster-sg-${name}` });
  expect((await eks.describeCluster({ name })).cluster?.resourcesVpcConfig).toMatchObject({
    subnetIds: ["subnet-1"],
    vpcId: Vpc?.VpcId,
    clusterSecurityGroupId: GroupId,
  });
});

test("an account has the regions enabled that the local stacks use", async () => {
  const { Regions = [] } = await (await world.cloud.ec2()).describeRegions({});
  expect(Regions.map(({ RegionName }) => RegionName).sort()).toEqual(["us-east-2", "us-west-2"]);
});

test("an instance answers where the local database does, and tells no backup that nobody took", async () => {
  const rds = new RDS(elsewhereIn(awsRegion));
  const DBInstanceIdentifier = "told";
  await rds.createDBInstance({
    DBInstanceIdentifier,
    DBInstanceClass: "db.m7g.large",
    Engine: "postgres",
    MasterUsername: "owner",
    MasterUserPassword: "password-of-a-test",
    AllocatedStorage: 20,
    BackupRetentionPeriod: 7,
  });
  await rds.createDBSnapshot({ DBInstanceIdentifier, DBSnapshotIdentifier: "by-hand" });
  const [instance] = (await rds.describeDBInstances({ DBInstanceIdentifier })).DBInstances ?? [];
  expect(instance).toMatchObject({
    BackupRetentionPeriod: 7,
    Endpoint: { Address: "database.biplane.test", Port: 5432 },
  });
  expect(instance?.LatestRestorableTime).toBeUndefined();
  const { DBSnapshots = [] } = await rds.describeDBSnapshots({ DBInstanceIdentifier });
  expect(DBSnapshots.map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier)).toEqual(["by-hand"]);
});

test("deletion protection is obeyed, and a cluster is updated one version at a time", async () => {
  const name = await made("guarded", { deletionProtection: true });
  await expect(eks.deleteCluster({ name })).rejects.toThrow("has deletion protection enabled");
  await expect(eks.updateClusterVersion({ name, version: "1.36" })).rejects.toThrow("Unsupported Kubernetes minor");
  await eks.updateClusterVersion({ name, version: "1.35" });
  expect((await eks.describeCluster({ name })).cluster?.version).toBe("1.35");
  await eks.updateClusterConfig({ name, deletionProtection: false });
  await eks.deleteCluster({ name });
  await expect(eks.describeCluster({ name })).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});

test("access entries and their policies are read back, and refused as EKS words it", async () => {
  const clusterName = await made("admitting");
  const principalArn = role("team/admin");
  const { accessEntry } = await eks.createAccessEntry({ clusterName, principalArn, tags: { a: "1" } });
  expect(accessEntry?.username).toBe(`arn:aws:sts::${accounts.customer}:assumed-role/admin/{{SessionName}}`);
  const again = await eks
    .createAccessEntry({ clusterName, principalArn })
    .catch((error: ResourceInUseException) => error);
  expect(again).toMatchObject({ name: "ResourceInUseException" });
  await eks.associateAccessPolicy({
    clusterName,
    principalArn,
    policyArn: viewPolicy,
    accessScope: { type: "namespace", namespaces: ["union"] },
  });
  const { associatedAccessPolicies } = await eks.listAssociatedAccessPolicies({ clusterName, principalArn });
  expect(associatedAccessPolicies).toMatchObject([
    { policyArn: viewPolicy, accessScope: { type: "namespace", namespaces: ["union"] } },
  ]);
  await eks.tagResource({ resourceArn: accessEntry?.accessEntryArn, tags: { b: "2" } });
  await eks.untagResource({ resourceArn: accessEntry?.accessEntryArn, tagKeys: ["a"] });
  expect((await eks.describeAccessEntry({ clusterName, principalArn })).accessEntry?.tags).toEqual({ b: "2" });
  await eks.deleteAccessEntry({ clusterName, principalArn });
  await expect(eks.describeAccessEntry({ clusterName, principalArn })).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
  expect((await eks.listAccessEntries({ clusterName })).accessEntries).toEqual([]);
});

test("an entry of a cluster that is not there is refused, and one that admits by ConfigMap takes none", async () => {
  const principalArn = role("admin");
  const nowhere = await eks.listAccessEntries({ clusterName: "nowhere" }).catch(nameOf);
  expect(nowhere).toBe("ResourceNotFoundException: No cluster found for name: nowhere.");
  const clusterName = await made("config-map", { accessConfig: { authenticationMode: "CONFIG_MAP" } });
  const refused = await eks.createAccessEntry({ clusterName, principalArn }).catch(nameOf);
  expect(refused).toContain("InvalidRequestException: The cluster's authentication mode must be set to");
});

test("add-ons and pod identity associations are read back and go with their cluster", async () => {
  const clusterName = await made("equipped");
  const addonName = "vpc-cni";
  const configurationValues = '{"enableNetworkPolicy":"true"}';
  await eks.createAddon({ clusterName, addonName, addonVersion: "v1.21.1-eksbuild.1", configurationValues });
  await expect(eks.createAddon({ clusterName, addonName, addonVersion: "v1.21.1-eksbuild.1" })).rejects.toThrow(
    "Addon already exists.",
  );
  await expect(eks.updateAddon({ clusterName, addonName, addonVersion: "latest" })).rejects.toThrow("not supported");
  await eks.updateAddon({ clusterName, addonName, addonVersion: "v1.21.2-eksbuild.1" });
  const { addon } = await eks.describeAddon({ clusterName, addonName });
  expect(addon).toMatchObject({ status: "ACTIVE", addonVersion: "v1.21.2-eksbuild.1", configurationValues });
  expect(addon?.createdAt).toBeInstanceOf(Date);
  const { association } = await eks.createPodIdentityAssociation({
    clusterName,
    namespace: "union",
    serviceAccount: "executor",
    roleArn: role("executor"),
  });
  const { associationId } = association ?? {};
  expect((await eks.describePodIdentityAssociation({ clusterName, associationId })).association?.roleArn).toBe(
    role("executor"),
  );
  await eks.deleteCluster({ name: clusterName });
  await made("equipped");
  expect((await eks.listAddons({ clusterName })).addons).toEqual([]);
  expect((await eks.listPodIdentityAssociations({ clusterName })).associations).toEqual([]);
});

test("a node group keeps how it is updated, has no SSH key of its own, and its role is let in", async () => {
  const clusterName = await made("grouped");
  const nodegroupName = "default-a";
  await eks.createNodegroup({
    clusterName,
    nodegroupName,
    nodeRole: role("nodes"),
    subnets: ["subnet-1"],
    updateConfig: { maxUnavailablePercentage: 33 },
    tags: { a: "1" },
  });
  const group = async () => (await eks.describeNodegroup({ clusterName, nodegroupName })).nodegroup;
  expect(await group()).toMatchObject({ updateConfig: { maxUnavailablePercentage: 33 }, version: "1.34" });
  expect((await group())?.remoteAccess).toBeUndefined();
  await eks.updateNodegroupVersion({ clusterName, nodegroupName, releaseVersion: "1.34.2-20261101" });
  await eks.tagResource({ resourceArn: (await group())?.nodegroupArn, tags: { b: "2" } });
  expect(await group()).toMatchObject({ releaseVersion: "1.34.2-20261101", tags: { a: "1", b: "2" } });
  const { accessEntry } = await eks.describeAccessEntry({ clusterName, principalArn: role("nodes") });
  expect(accessEntry).toMatchObject({ type: "EC2_LINUX", kubernetesGroups: ["system:nodes"] });
  await eks.deleteNodegroup({ clusterName, nodegroupName });
  expect((await eks.listAccessEntries({ clusterName })).accessEntries).toEqual([]);
});

test("accounts and regions do not see each other's", async () => {
  const clusterName = await made("apart");
  await eks.createAddon({ clusterName, addonName: "coredns", addonVersion: "v1.12.4-eksbuild.1" });
  const elsewhere = new EKS(elsewhereIn("eu-west-1"));
  expect(awsRegion).not.toBe("eu-west-1");
  await expect(elsewhere.describeAddon({ clusterName, addonName: "coredns" })).rejects.toThrow("No cluster found");
});

test("what a backup plan backs up is read back, and keeps the plan from being deleted", async () => {
  const backup = new Backup(elsewhereIn(awsRegion));
  const { BackupPlanId } = await backup.createBackupPlan({ BackupPlan: { BackupPlanName: "daily", Rules: [] } });
  const BackupSelection = { SelectionName: "database", IamRoleArn: role("backup"), Resources: ["arn:aws:rds:x"] };
  const { SelectionId } = await backup.createBackupSelection({ BackupPlanId, BackupSelection });
  expect(await backup.getBackupSelection({ BackupPlanId, SelectionId })).toMatchObject({ BackupSelection });
  expect((await backup.listBackupSelections({ BackupPlanId })).BackupSelectionsList).toMatchObject([{ SelectionId }]);
  await expect(backup.deleteBackupPlan({ BackupPlanId })).rejects.toThrow("must be deleted prior");
  await backup.deleteBackupSelection({ BackupPlanId, SelectionId });
  await backup.deleteBackupPlan({ BackupPlanId });
  await expect(backup.getBackupSelection({ BackupPlanId, SelectionId })).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
});

test("replication of a database's backups is read back in the region that it goes to", async () => {
  const KmsKeyId = "arn:aws:kms:us-west-2:222222222222:key/a&b";
  const rds = new RDS(elsewhereIn("us-west-2"));
  const SourceDBInstanceArn = `arn:aws:rds:${awsRegion}:${accounts.customer}:db:control`;
  const started = await rds.startDBInstanceAutomatedBackupsReplication({
    SourceDBInstanceArn,
    BackupRetentionPeriod: 7,
    KmsKeyId,
  });
  const { DBInstanceAutomatedBackupsArn } = started.DBInstanceAutomatedBackup ?? {};
  const { DBInstanceAutomatedBackups } = await rds.describeDBInstanceAutomatedBackups({
    DBInstanceAutomatedBackupsArn,
  });
  expect(DBInstanceAutomatedBackups).toMatchObject([
    { DBInstanceIdentifier: "control", Region: awsRegion, BackupRetentionPeriod: 7, KmsKeyId },
  ]);
  await rds.stopDBInstanceAutomatedBackupsReplication({ SourceDBInstanceArn });
  await expect(rds.stopDBInstanceAutomatedBackupsReplication({ SourceDBInstanceArn })).rejects.toThrow("not found");
});
