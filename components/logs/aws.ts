import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../../shared/errors.ts";
import type { WorkloadIssuer } from "../cluster/aws.ts";
import { EncryptionKey, type KeyReference } from "../encryption/aws.ts";
import { logGroupsOf } from "../encryption/key-statements.ts";
import { NarrowRole } from "../identity/narrow-role.ts";
import type { Tags } from "../ownership/tags.ts";
import { type ShipperKind, taskLogGroup } from "./contract.ts";
import { retentions } from "./retentions.ts";

export interface TaskLogsArgs {
  org: string;
  /** Name that the cluster is registered by. */
  cluster: string;
  /** Name of the EKS cluster; the shipper's role begins with it. */
  clusterName: string;
  region: string;
  account: pulumi.Input<string>;
  issuer: WorkloadIssuer;
  shipper: ShipperKind;
  /** A key of the customer's, whose policy lets CloudWatch Logs use it for this group. @default one is made */
  key?: KeyReference;
  /** Days. @default 365 */
  retentionDays?: number;
  /** On: kept logs and their key cannot be destroyed. */
  dataProtection: boolean;
  tags: Tags;
}

/**
 * Where the task pods' logs are kept: a group of the plane's own, sealed with a key of the customer's account, and the one
 * role that writes it and can do nothing else. Proved by data-logs-in-aggregator, tenant-separate-iam-boundaries and
 * lp-iam-minimum-permissions.
 */
export class TaskLogs extends pulumi.ComponentResource {
  readonly logGroup: string;
  /** Answered once the group is there, so that no shipper begins before. */
  readonly shipperRoleArn: pulumi.Output<string>;

  constructor(name: string, args: TaskLogsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:logs:TaskLogs", name, {}, opts);
    const { org, cluster, clusterName, region, account, issuer, shipper, dataProtection, tags } = args;
    const { retentionDays = 365 } = args;
    if (!retentions.includes(retentionDays)) {
      throw refusal({ subject: "logs.retentionDays", value: retentionDays, allowed: retentions.join(", ") });
    }
    this.logGroup = taskLogGroup(org, cluster);

    const key = args.key ?? createKey(`${name}-key`, this.logGroup, args, this);
    const group = new aws.cloudwatch.LogGroup(
      name,
      { name: this.logGroup, kmsKeyId: key.arn, retentionInDays: retentionDays, tags },
      { parent: this, protect: dataProtection },
    );
    const role = new NarrowRole(
      name,
      { kind: "log-shipper", cluster: clusterName, region, account, issuer, logGroup: this.logGroup, shipper, tags },
      { parent: this },
    );
    this.shipperRoleArn = pulumi.all([role.arn, group.id]).apply(([arn]) => arn);
    this.registerOutputs({ logGroup: this.logGroup });
  }
}

function createKey(name: string, logGroup: string, args: TaskLogsArgs, parent: pulumi.Resource): KeyReference {
  const { region, account, dataProtection, tags } = args;
  const statements = pulumi.output(account).apply((id) => [logGroupsOf(id, region, [logGroup])]);
  return new EncryptionKey(
    name,
    { description: "Logs of task pods", account, statements, dataProtection, tags },
    { parent },
  );
}
