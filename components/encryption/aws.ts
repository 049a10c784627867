import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../ownership/tags.ts";
import { renderKeyPolicy } from "./key-policy.ts";

export interface EncryptionKeyArgs {
  /** What rests under the key, in words. */
  description: string;
  account: pulumi.Input<string>;
  /** Services that use the key for callers of the account. @default none */
  viaServices?: string[];
  /** Roles that use the key themselves. @default none */
  roles?: pulumi.Input<string>[];
  /** Keeps the key from being destroyed: without it the data under it is lost. */
  dataProtection: boolean;
  tags: Tags;
}

/** Longest wait that KMS knows, so that a mistaken deletion can be called back. */
const deletionDays = { protected: 30, unprotected: 7 };

/** A symmetric key that rotates each year, with an alias for people. */
export class EncryptionKey extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: EncryptionKeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:encryption:EncryptionKey", name, {}, opts);
    const { description, dataProtection, tags, viaServices } = args;

    const policy = pulumi
      .all([args.account, args.roles ?? []])
      .apply(([account, roles]) => JSON.stringify(renderKeyPolicy({ account, viaServices, roles })));
    const key = new aws.kms.Key(
      name,
      {
        description,
        policy,
        enableKeyRotation: true,
        deletionWindowInDays: dataProtection ? deletionDays.protected : deletionDays.unprotected,
        tags: { ...tags, Name: name },
      },
      { parent: this, protect: dataProtection },
    );
    new aws.kms.Alias(name, { name: `alias/${name}`, targetKeyId: key.keyId }, { parent: this });

    this.arn = key.arn;
    this.registerOutputs({ arn: this.arn });
  }
}
