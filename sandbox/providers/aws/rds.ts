/** RDS: configuration at the emulator; behind an instance stands a real database (database.ts). */
import { isDeepStrictEqual } from "node:util";
import type { DBInstance } from "@aws-sdk/client-rds";
import type { InstanceArgs } from "@pulumi/aws/rds/instance.js";
import type { ParameterGroupArgs } from "@pulumi/aws/rds/parameterGroup.js";
import type { SubnetGroupArgs } from "@pulumi/aws/rds/subnetGroup.js";
import { names } from "../../hosts.ts";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { databaseExists, dropDatabase, ensureDatabase } from "./database.ts";
import { changeTags, finish, fromTags, ifThere, need, type Plain, type Tags, toTags } from "./helpers.ts";

const port = 5432;

export const rdsTypes = (cloud: Cloud): Types => ({
  "aws:rds/subnetGroup:SubnetGroup": define<Plain<SubnetGroupArgs>>({
    named: { property: "name" },
    defaults: { description: "Managed by Pulumi" },
    replaceOn: ["name"],
    async create(inputs) {
      const DBSubnetGroupName = need(inputs.name, "the group's name");
      const { description: DBSubnetGroupDescription = "", subnetIds: SubnetIds } = inputs;
      const request = { DBSubnetGroupName, DBSubnetGroupDescription, SubnetIds, Tags: toTags(inputs.tags) };
      await (await cloud.rds()).createDBSubnetGroup(request);
      return DBSubnetGroupName;
    },
    async read(id) {
      const rds = await cloud.rds();
      const group = (await ifThere(rds.describeDBSubnetGroups({ DBSubnetGroupName: id })))?.DBSubnetGroups?.[0];
      if (!group) return undefined;
      const inputs = {
        name: group.DBSubnetGroupName,
        description: group.DBSubnetGroupDescription,
        subnetIds: group.Subnets?.map(({ SubnetIdentifier }) => SubnetIdentifier),
        ...(await tagsOf(cloud, group.DBSubnetGroupArn)),
      };
      return { inputs: properties(inputs), outputs: properties({ arn: group.DBSubnetGroupArn, vpcId: group.VpcId }) };
    },
    async update(id, inputs, _call, olds) {
      const rds = await cloud.rds();
      const { description: DBSubnetGroupDescription, subnetIds: SubnetIds } = inputs;
      await rds.modifyDBSubnetGroup({ DBSubnetGroupName: id, DBSubnetGroupDescription, SubnetIds });
      await retag(cloud, `subgrp:${id}`, olds.tags, inputs.tags);
    },
    async delete(id) {
      await ifThere((await cloud.rds()).deleteDBSubnetGroup({ DBSubnetGroupName: id }));
    },
    find: async ({ name }) => name,
  }),

  "aws:rds/parameterGroup:ParameterGroup": define<Plain<ParameterGroupArgs>>({
    named: { property: "name" },
    defaults: { description: "Managed by Pulumi" },
    replaceOn: ["name", "family", "description"],
    async create(inputs) {
      const DBParameterGroupName = need(inputs.name, "the group's name");
      await (await cloud.rds()).createDBParameterGroup({
        DBParameterGroupName,
        DBParameterGroupFamily: inputs.family,
        Description: inputs.description,
        Tags: toTags(inputs.tags),
      });
      return finish(DBParameterGroupName, () => setParameters(cloud, DBParameterGroupName, inputs.parameters ?? []));
    },
    async read(id, _call, last) {
      const found = await ifThere((await cloud.rds()).describeDBParameterGroups({ DBParameterGroupName: id }));
      const group = found?.DBParameterGroups?.[0];
      if (!group) return undefined;
      const inputs = {
        name: group.DBParameterGroupName,
        family: group.DBParameterGroupFamily,
        description: group.Description,
        // The emulator takes parameters and does not tell them back.
        ...(last.parameters ? { parameters: last.parameters } : {}),
        ...(await tagsOf(cloud, group.DBParameterGroupArn)),
      };
      return { inputs: properties(inputs), outputs: properties({ arn: group.DBParameterGroupArn }) };
    },
    async update(id, inputs, _call, olds) {
      await setParameters(cloud, id, inputs.parameters ?? []);
      await retag(cloud, `pg:${id}`, olds.tags, inputs.tags);
    },
    async delete(id) {
      await ifThere((await cloud.rds()).deleteDBParameterGroup({ DBParameterGroupName: id }));
    },
    find: async ({ name }) => name,
  }),

  "aws:rds/instance:Instance": define<Plain<InstanceArgs>>({
    named: { property: "identifier", max: 63 },
    replaceOn: ["identifier", "engine", "dbName", "username", "kmsKeyId", "storageEncrypted", "dbSubnetGroupName"],
    secrets: ["password"],
    async create(inputs) {
      const rds = await cloud.rds();
      const DBInstanceIdentifier = need(inputs.identifier, "the instance's identifier");
      const { DBInstance } = await rds.createDBInstance({
        DBInstanceIdentifier,
        Engine: inputs.engine,
        DBName: inputs.dbName,
        MasterUsername: inputs.username,
        MasterUserPassword: inputs.password,
        StorageEncrypted: inputs.storageEncrypted,
        KmsKeyId: inputs.kmsKeyId,
        DBSubnetGroupName: inputs.dbSubnetGroupName,
        Port: inputs.port,
        EnableCloudwatchLogsExports: inputs.enabledCloudwatchLogsExports,
        Tags: toTags(inputs.tags),
        ...adjustable(inputs),
        ...managed(inputs),
        AllocatedStorage: inputs.allocatedStorage,
      });
      return finish(DBInstanceIdentifier, () => serve(cloud, need(DBInstance, "the instance"), inputs.password));
    },
    async read(id) {
      const found = await ifThere((await cloud.rds()).describeDBInstances({ DBInstanceIdentifier: id }));
      const held = found?.DBInstances?.[0];
      if (!held || !(await databaseExists(await cloud.backing.databaseAdmin(), databaseOf(held)))) return undefined;
      const inputs = { ...configurationOf(held), ...(await tagsOf(cloud, held.DBInstanceArn)) };
      const { SecretArn: secretArn, KmsKeyId: kmsKeyId, SecretStatus: secretStatus } = held.MasterUserSecret ?? {};
      return {
        inputs: properties(inputs),
        outputs: properties({
          address: names.database,
          port,
          endpoint: `${names.database}:${port}`,
          arn: held.DBInstanceArn,
          resourceId: held.DbiResourceId,
          status: held.DBInstanceStatus,
          masterUserSecrets: secretArn ? [{ secretArn, kmsKeyId, secretStatus }] : [],
        }),
      };
    },
    async update(id, inputs, _call, olds) {
      const rds = await cloud.rds();
      const [before, after] = [managed(olds), managed(inputs)];
      const changes = {
        ...adjustable(inputs),
        // Asked for again, the emulator makes a second secret, where RDS keeps the one that there is.
        ...(isDeepStrictEqual(before, after) ? {} : after),
        MasterUserPassword: inputs.password,
      };
      const modified = await rds.modifyDBInstance({
        DBInstanceIdentifier: id,
        ApplyImmediately: true,
        ...(inputs.allocatedStorage === olds.allocatedStorage ? {} : { AllocatedStorage: inputs.allocatedStorage }),
        ...changes,
        CloudwatchLogsExportConfiguration: exportChanges(olds, inputs),
      });
      await serve(cloud, need(modified.DBInstance, "the instance"), inputs.password);
      await retag(cloud, `db:${id}`, olds.tags, inputs.tags);
    },
    async delete(id, _call, { dbName, username, skipFinalSnapshot, finalSnapshotIdentifier }) {
      const final = skipFinalSnapshot
        ? { SkipFinalSnapshot: true }
        : { FinalDBSnapshotIdentifier: String(finalSnapshotIdentifier ?? `${id}-final`) };
      const rds = await cloud.rds();
      const found = await ifThere(rds.describeDBInstances({ DBInstanceIdentifier: id }));
      await ifThere(rds.deleteDBInstance({ DBInstanceIdentifier: id, ...final }));
      // RDS takes the secret that it manages with it; the emulator leaves it.
      const secret = found?.DBInstances?.[0]?.MasterUserSecret?.SecretArn;
      if (secret) {
        await ifThere((await cloud.secrets()).deleteSecret({ SecretId: secret, ForceDeleteWithoutRecovery: true }));
      }
      await dropDatabase(await cloud.backing.databaseAdmin(), String(dbName ?? "postgres"), String(username));
    },
    find: async ({ identifier }) => identifier,
  }),
});

/** What can change while the instance lives. */
function adjustable(inputs: Plain<InstanceArgs>) {
  return {
    EngineVersion: inputs.engineVersion,
    DBInstanceClass: inputs.instanceClass,
    MaxAllocatedStorage: inputs.maxAllocatedStorage,
    StorageType: inputs.storageType,
    MultiAZ: inputs.multiAz,
    VpcSecurityGroupIds: inputs.vpcSecurityGroupIds,
    PubliclyAccessible: inputs.publiclyAccessible,
    DBParameterGroupName: inputs.parameterGroupName,
    BackupRetentionPeriod: inputs.backupRetentionPeriod,
    PreferredBackupWindow: inputs.backupWindow,
    PreferredMaintenanceWindow: inputs.maintenanceWindow,
    CopyTagsToSnapshot: inputs.copyTagsToSnapshot,
    AutoMinorVersionUpgrade: inputs.autoMinorVersionUpgrade,
    DeletionProtection: inputs.deletionProtection,
    CACertificateIdentifier: inputs.caCertIdentifier,
    EnablePerformanceInsights: inputs.performanceInsightsEnabled,
    PerformanceInsightsKMSKeyId: inputs.performanceInsightsKmsKeyId,
    PerformanceInsightsRetentionPeriod: inputs.performanceInsightsRetentionPeriod,
    MonitoringInterval: inputs.monitoringInterval,
    MonitoringRoleArn: inputs.monitoringRoleArn,
  };
}

/** That RDS keeps the master password itself, and under which key. */
function managed(inputs: Plain<InstanceArgs>) {
  return {
    ManageMasterUserPassword: inputs.manageMasterUserPassword,
    MasterUserSecretKmsKeyId: inputs.masterUserSecretKmsKeyId,
  };
}

/** RDS is told what begins and what ends, not what is to be. */
function exportChanges(olds: Plain<InstanceArgs>, news: Plain<InstanceArgs>) {
  const [before, after] = [olds.enabledCloudwatchLogsExports ?? [], news.enabledCloudwatchLogsExports ?? []];
  return {
    EnableLogTypes: after.filter((log) => !before.includes(log)),
    DisableLogTypes: before.filter((log) => !after.includes(log)),
  };
}

/** Of what the emulator keeps, that which it tells as it was told. */
function configurationOf(held: DBInstance) {
  return {
    identifier: held.DBInstanceIdentifier,
    engine: held.Engine,
    instanceClass: held.DBInstanceClass,
    allocatedStorage: held.AllocatedStorage,
    storageType: held.StorageType,
    storageEncrypted: held.StorageEncrypted,
    dbName: held.DBName,
    username: held.MasterUsername,
    multiAz: held.MultiAZ,
    publiclyAccessible: held.PubliclyAccessible,
    backupRetentionPeriod: held.BackupRetentionPeriod,
    deletionProtection: held.DeletionProtection,
    dbSubnetGroupName: held.DBSubnetGroup?.DBSubnetGroupName,
    parameterGroupName: held.DBParameterGroups?.[0]?.DBParameterGroupName,
  };
}

async function serve(cloud: Cloud, held: DBInstance, given: string | undefined): Promise<void> {
  const password = given ?? (await managedPassword(cloud, need(held.MasterUserSecret?.SecretArn, "the secret's ARN")));
  const master = { name: need(held.MasterUsername, "the master user's name"), password };
  await ensureDatabase(await cloud.backing.databaseAdmin(), databaseOf(held), master);
}

async function managedPassword(cloud: Cloud, SecretId: string): Promise<string> {
  const { SecretString = "{}" } = await (await cloud.secrets()).getSecretValue({ SecretId });
  const { password } = JSON.parse(SecretString) as { password?: string };
  return need(password, "the managed password");
}

function databaseOf(held: DBInstance): string {
  return held.DBName ?? "postgres";
}

async function setParameters(
  cloud: Cloud,
  DBParameterGroupName: string,
  parameters: NonNullable<Plain<ParameterGroupArgs>["parameters"]>,
): Promise<void> {
  if (parameters.length === 0) return;
  await (await cloud.rds()).modifyDBParameterGroup({
    DBParameterGroupName,
    Parameters: parameters.map(({ name, value, applyMethod = "immediate" }) => ({
      ParameterName: name,
      ParameterValue: value,
      ApplyMethod: applyMethod as "immediate",
    })),
  });
}

async function tagsOf(cloud: Cloud, ResourceName: string | undefined): Promise<{ tags?: Tags }> {
  return ResourceName ? fromTags((await (await cloud.rds()).listTagsForResource({ ResourceName })).TagList) : {};
}

async function retag(cloud: Cloud, name: string, olds: Tags | undefined, news: Tags | undefined): Promise<void> {
  const rds = await cloud.rds();
  const ResourceName = `arn:aws:rds:${cloud.region}:${cloud.account}:${name}`;
  await changeTags(olds, news, {
    set: (tags) => rds.addTagsToResource({ ResourceName, Tags: toTags(tags) }),
    remove: (TagKeys) => rds.removeTagsFromResource({ ResourceName, TagKeys }),
  });
}
