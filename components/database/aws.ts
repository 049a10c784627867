import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import { EncryptionKey } from "../encryption/aws.ts";
import { logGroupsOf } from "../encryption/key-statements.ts";
import type { Tags } from "../ownership/tags.ts";
import { createSecurityGroup, port } from "./access.ts";
import { serverParameters } from "./parameters.ts";
import { checkWindows, defaultWindows, type Windows } from "./windows.ts";

export interface DatabaseArgs {
  region: string;
  account: pulumi.Input<string>;
  vpcId: pulumi.Input<string>;
  /** Subnets without a route out, in at least two zones. */
  subnetIds: pulumi.Input<string>[];
  /** The only group whose members may connect: that of the services' nodes. */
  clientSecurityGroupId: pulumi.Input<string>;
  /** RDS instance class. @default db.m7g.large */
  instanceClass?: string;
  /** @default defaultWindows */
  windows?: Windows;
  /** Days that exported logs are kept. @default 365 */
  logRetentionDays?: number;
  /** Role by which RDS reports the machine's own measures each minute. @default not measured */
  monitoringRoleArn?: pulumi.Input<string>;
  /** On: deletion protection, a final snapshot, and Pulumi refuses to destroy it. */
  dataProtection: boolean;
  tags: Tags;
}

/** Where the database answers, and the login of its owner, who makes the schema. */
export interface DatabaseConnection {
  host: pulumi.Output<string>;
  port: number;
  name: string;
  owner: { user: string; password: pulumi.Output<string> };
}

const databaseName = "biplane";
const owner = "biplane_owner";
const storageGiB = { start: 100, limit: 1000 };
const exports = ["postgresql", "upgrade"] as const;
/** The longest that RDS keeps. Nobody else keeps a continuous backup: AWS Backup takes snapshots only. */
const recoveryDays = 35;
/** Days of query measures that cost nothing. */
const insightDays = 7;

/**
 * The region's PostgreSQL: multi-AZ, encrypted under its own key, TLS only, isolated subnets, point-in-time recovery
 * for 35 days. Its owner makes the schema and the runtime role beneath it; no service runs as the owner.
 * Proved by cp-rds-managed-postgres, cp-rds-encrypted-aes256, cp-multi-az, cp-automated-backups, cp-automated-patching,
 * cp-vpc-isolated, n-cp-pitr and n-internal-tls.
 */
export class Database extends pulumi.ComponentResource {
  readonly connection: DatabaseConnection;
  /** Of the instance, for backups. */
  readonly arn: pulumi.Output<string>;
  /** Its physical name, for alarms. */
  readonly identifier: string;

  constructor(name: string, args: DatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:database:Database", name, {}, opts);
    const { dataProtection, tags, monitoringRoleArn } = args;
    const identifier = physicalName("database", name);
    const windows = args.windows ?? defaultWindows;
    checkWindows(windows);

    const key = createKey(name, identifier, args, this);
    const logs = createLogGroups(name, identifier, key, args, this);
    const subnets = new aws.rds.SubnetGroup(
      name,
      { name: physicalName("database", name), description: "Isolated subnets", subnetIds: args.subnetIds, tags },
      { parent: this },
    );
    const group = createSecurityGroup(name, args, this);
    const parameters = createParameters(name, tags, this);
    const instance = new aws.rds.Instance(
      name,
      {
        identifier,
        engine: "postgres",
        engineVersion: "17",
        instanceClass: args.instanceClass ?? "db.m7g.large",
        allocatedStorage: storageGiB.start,
        maxAllocatedStorage: storageGiB.limit,
        storageType: "gp3",
        storageEncrypted: true,
        kmsKeyId: key.arn,
        dbName: databaseName,
        username: owner,
        manageMasterUserPassword: true,
        masterUserSecretKmsKeyId: key.arn,
        port,
        multiAz: true,
        dbSubnetGroupName: subnets.name,
        vpcSecurityGroupIds: [group.id],
        publiclyAccessible: false,
        parameterGroupName: parameters.name,
        caCertIdentifier: "rds-ca-rsa2048-g1",
        backupRetentionPeriod: recoveryDays,
        backupWindow: windows.backup,
        maintenanceWindow: windows.maintenance,
        copyTagsToSnapshot: true,
        autoMinorVersionUpgrade: true,
        enabledCloudwatchLogsExports: [...exports],
        performanceInsightsEnabled: true,
        performanceInsightsKmsKeyId: key.arn,
        performanceInsightsRetentionPeriod: insightDays,
        ...(monitoringRoleArn ? { monitoringInterval: 60, monitoringRoleArn } : {}),
        deletionProtection: dataProtection,
        skipFinalSnapshot: !dataProtection,
        finalSnapshotIdentifier: dataProtection ? physicalName("database", name, "final") : undefined,
        tags: { ...tags, Name: name },
      },
      { parent: this, protect: dataProtection, dependsOn: logs },
    );

    this.arn = instance.arn;
    this.identifier = identifier;
    this.connection = {
      host: instance.address,
      port,
      name: databaseName,
      owner: { user: owner, password: readOwnerPassword(instance, this) },
    };
    this.registerOutputs({ host: instance.address });
  }
}

/** RDS keeps and rotates the password in Secrets Manager; it is read anew by each `up` and is in no configuration. */
function readOwnerPassword(instance: aws.rds.Instance, parent: pulumi.Resource): pulumi.Output<string> {
  const secretId = instance.masterUserSecrets.apply((secrets) => {
    const arn = secrets[0]?.secretArn;
    if (!arn) throw new Error("RDS answered no managed secret for the database's owner");
    return arn;
  });
  const { secretString } = aws.secretsmanager.getSecretVersionOutput({ secretId }, { parent });
  return pulumi.secret(secretString.apply((text) => String(JSON.parse(text).password)));
}

function createKey(name: string, identifier: string, args: DatabaseArgs, parent: pulumi.Resource) {
  const { region, account, dataProtection, tags } = args;
  const statements = pulumi
    .output(account)
    .apply((id) => [logGroupsOf(id, region, [`/aws/rds/instance/${identifier}/*`])]);
  return new EncryptionKey(
    `${name}-key`,
    {
      description: "The control plane's database, its snapshots, its logs and its owner's password",
      account,
      viaServices: ["rds", "secretsmanager", "backup"].map((service) => `${service}.${region}.amazonaws.com`),
      statements,
      dataProtection,
      tags,
    },
    { parent },
  );
}

/** Made before the instance: RDS would make them itself, unsealed and kept for ever. */
function createLogGroups(
  name: string,
  identifier: string,
  key: EncryptionKey,
  { logRetentionDays = 365, dataProtection, tags }: DatabaseArgs,
  parent: pulumi.Resource,
) {
  return exports.map(
    (log) =>
      new aws.cloudwatch.LogGroup(
        `${name}-${log}`,
        {
          name: `/aws/rds/instance/${identifier}/${log}`,
          kmsKeyId: key.arn,
          retentionInDays: logRetentionDays,
          tags,
        },
        { parent, protect: dataProtection },
      ),
  );
}

function createParameters(name: string, tags: Tags, parent: pulumi.Resource) {
  return new aws.rds.ParameterGroup(
    name,
    {
      name: physicalName("database", name),
      family: "postgres17",
      description: "TLS and SCRAM only",
      parameters: serverParameters(),
      tags,
    },
    { parent },
  );
}
