import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import { EncryptionKey } from "../encryption/aws.ts";
import type { Tags } from "../ownership/tags.ts";

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

const port = 5432;
const databaseName = "biplane";
const owner = "biplane_owner";
const storageGiB = { start: 100, limit: 1000 };

/**
 * The region's PostgreSQL: multi-AZ, encrypted under its own key, TLS only, isolated subnets, point-in-time recovery
 * for 35 days (the longest that RDS keeps).
 */
export class Database extends pulumi.ComponentResource {
  readonly connection: DatabaseConnection;

  constructor(name: string, args: DatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:database:Database", name, {}, opts);
    const { dataProtection, tags } = args;

    const key = createKey(name, args, this);
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
        identifier: physicalName("database", name),
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
        backupRetentionPeriod: 35,
        backupWindow: "03:00-04:00",
        maintenanceWindow: "sun:04:30-sun:05:30",
        copyTagsToSnapshot: true,
        autoMinorVersionUpgrade: true,
        enabledCloudwatchLogsExports: ["postgresql", "upgrade"],
        deletionProtection: dataProtection,
        skipFinalSnapshot: !dataProtection,
        finalSnapshotIdentifier: dataProtection ? physicalName("database", name, "final") : undefined,
        tags: { ...tags, Name: name },
      },
      { parent: this, protect: dataProtection },
    );

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

function createKey(name: string, { region, account, dataProtection, tags }: DatabaseArgs, parent: pulumi.Resource) {
  return new EncryptionKey(
    `${name}-key`,
    {
      description: "The control plane's database, its snapshots and its owner's password",
      account,
      viaServices: [`rds.${region}.amazonaws.com`, `secretsmanager.${region}.amazonaws.com`],
      dataProtection,
      tags,
    },
    { parent },
  );
}

/** One way in, none out: a database starts no connections. */
function createSecurityGroup(name: string, args: DatabaseArgs, parent: pulumi.Resource) {
  const group = new aws.ec2.SecurityGroup(
    name,
    { name, description: "Control plane database", vpcId: args.vpcId, tags: { ...args.tags, Name: name } },
    { parent },
  );
  new aws.vpc.SecurityGroupIngressRule(
    `${name}-services`,
    {
      securityGroupId: group.id,
      description: "PostgreSQL from the services",
      ipProtocol: "tcp",
      fromPort: port,
      toPort: port,
      referencedSecurityGroupId: args.clientSecurityGroupId,
      tags: args.tags,
    },
    { parent },
  );
  return group;
}

function createParameters(name: string, tags: Tags, parent: pulumi.Resource) {
  return new aws.rds.ParameterGroup(
    name,
    {
      name: physicalName("database", name),
      family: "postgres17",
      description: "TLS and SCRAM only",
      parameters: [
        { name: "rds.force_ssl", value: "1", applyMethod: "immediate" },
        { name: "rds.accepted_password_auth_method", value: "scram", applyMethod: "immediate" },
        { name: "password_encryption", value: "scram-sha-256", applyMethod: "immediate" },
      ],
      tags,
    },
    { parent },
  );
}
