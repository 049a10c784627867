import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { EncryptionKey } from "../encryption/aws.ts";
import { logGroupsOf } from "../encryption/key-statements.ts";
import { NarrowRole } from "../identity/narrow-role.ts";
import type { Tags } from "../ownership/tags.ts";
import type { ApiEndpoint } from "./endpoint.ts";
import type { KubernetesVersion } from "./versions.ts";

export interface ControlPlaneArgs {
  region: string;
  account: pulumi.Input<string>;
  clusterName: string;
  subnetIds: pulumi.Input<string>[];
  version: KubernetesVersion;
  endpoint: ApiEndpoint;
  /** @default 365 */
  logRetentionDays?: number;
  dataProtection: boolean;
  tags: Tags;
}

export const logTypes = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

const defaultRetentionDays = 365;

/** The cluster itself, with the role that EKS takes, the key that everything of it rests under, and its logs. */
export function createControlPlane(name: string, args: ControlPlaneArgs, parent: pulumi.Resource) {
  const { clusterName, region, account, dataProtection, tags } = args;
  const roleArgs = { kind: "cluster" as const, cluster: clusterName, region, account, tags };
  const role = new NarrowRole(`${name}-cluster`, roleArgs, { parent });
  const key = createKey(name, args, role.arn, parent);
  const logs = createLogGroup(name, args, key.arn, parent);
  const cluster = new aws.eks.Cluster(
    name,
    {
      name: clusterName,
      roleArn: role.arn,
      version: args.version,
      deletionProtection: dataProtection,
      vpcConfig: { subnetIds: args.subnetIds, ...args.endpoint },
      encryptionConfig: { resources: ["secrets"], provider: { keyArn: key.arn } },
      enabledClusterLogTypes: logTypes,
      // Who creates the cluster is let in by the list of entries, like everybody else.
      accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
      // The add-ons are the stack's: EKS's own copies would not be updated.
      bootstrapSelfManagedAddons: false,
      tags: { ...tags, Name: name },
    },
    // EKS would make the log group itself, unsealed and for ever.
    { parent, protect: dataProtection, dependsOn: [logs] },
  );
  return { cluster, keyArn: key.arn };
}

function logGroupOf(clusterName: string): string {
  return `/aws/eks/${clusterName}/cluster`;
}

/** EKS seals Secrets with it, EC2 the nodes' volumes, CloudWatch the control plane's logs. */
function createKey(name: string, args: ControlPlaneArgs, roleArn: pulumi.Output<string>, parent: pulumi.Resource) {
  const { region, account, clusterName, dataProtection, tags } = args;
  const logs = pulumi.output(account).apply((owner) => [logGroupsOf(owner, region, [logGroupOf(clusterName)])]);
  return new EncryptionKey(
    `${name}-cluster`,
    {
      description: "Kubernetes Secrets, node volumes and control-plane logs of this cluster",
      account,
      viaServices: [`ec2.${region}.amazonaws.com`],
      roles: [roleArn],
      statements: logs,
      dataProtection,
      tags,
    },
    { parent },
  );
}

function createLogGroup(
  name: string,
  { clusterName, logRetentionDays, dataProtection, tags }: ControlPlaneArgs,
  kmsKeyId: pulumi.Output<string>,
  parent: pulumi.Resource,
) {
  const retentionInDays = logRetentionDays ?? defaultRetentionDays;
  return new aws.cloudwatch.LogGroup(
    `${name}-control-plane`,
    { name: logGroupOf(clusterName), retentionInDays, kmsKeyId, tags },
    { parent, protect: dataProtection },
  );
}
