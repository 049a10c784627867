import type * as pulumi from "@pulumi/pulumi";
import { EncryptionKey, type KeyReference } from "../encryption/aws.ts";
import type { Tags } from "../ownership/tags.ts";

export interface MetricsKeyArgs {
  account: pulumi.Input<string>;
  region: string;
  dataProtection: boolean;
  tags: Tags;
}

/** The disk's own key: EC2 opens it for whoever attaches the disk, and the disk driver's role needs no right on it. */
export function createMetricsKey(
  name: string,
  args: MetricsKeyArgs,
  opts?: pulumi.ComponentResourceOptions,
): KeyReference {
  const { account, region, dataProtection, tags } = args;
  const viaServices = [`ec2.${region}.amazonaws.com`];
  const description = "Measures of task pods";
  return new EncryptionKey(name, { description, account, viaServices, dataProtection, tags }, opts);
}
