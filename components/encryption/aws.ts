import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../../shared/errors.ts";
import type { Tags } from "../ownership/tags.ts";
import { type KeyStatement, renderKeyPolicy } from "./key-policy.ts";

/** A key as those who use it see it: made here or adopted. */
export interface KeyReference {
  readonly arn: pulumi.Output<string>;
}

export interface EncryptionKeyArgs {
  /** What rests under the key, in words. */
  description: string;
  account: pulumi.Input<string>;
  /** Where the key lives. @default the provider's region */
  region?: string;
  /** Services that use the key for callers of the account. @default none */
  viaServices?: string[];
  /** Roles that use the key themselves. @default none */
  roles?: pulumi.Input<string>[];
  /** More ways in, from `key-statements.ts`. @default none */
  statements?: pulumi.Input<KeyStatement[]>;
  /** Keeps the key from being destroyed: without it the data under it is lost. */
  dataProtection: boolean;
  tags: Tags;
}

/** Longest wait that KMS knows, so that a mistaken deletion can be called back. */
const deletionDays = { protected: 30, unprotected: 7 };

/**
 * A symmetric key that rotates each year, with an alias for people. Its policy is the only way in.
 * Proved by cmk-customer-keys, n-cmk-describe and enc-at-rest-object-store.
 */
export class EncryptionKey extends pulumi.ComponentResource implements KeyReference {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: EncryptionKeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:encryption:EncryptionKey", name, {}, opts);
    const { description, region, dataProtection, tags, viaServices } = args;

    const policy = pulumi
      .all([args.account, args.roles ?? [], args.statements ?? []])
      .apply(([account, roles, statements]) =>
        JSON.stringify(renderKeyPolicy({ account, viaServices, roles, statements })),
      );
    const key = new aws.kms.Key(
      name,
      {
        region,
        description,
        policy,
        enableKeyRotation: true,
        deletionWindowInDays: dataProtection ? deletionDays.protected : deletionDays.unprotected,
        tags: { ...tags, Name: name },
      },
      { parent: this, protect: dataProtection },
    );
    new aws.kms.Alias(name, { region, name: `alias/${name}`, targetKeyId: key.keyId }, { parent: this });

    this.arn = key.arn;
    this.registerOutputs({ arn: this.arn });
  }
}

/**
 * A key that exists and belongs to somebody else: it is used, and neither its policy nor its life is touched. Its owner
 * adds the statements that the component's plan renders.
 * @param arn of the key itself; an alias can be pointed elsewhere
 * @throws UserError unless it is a key's ARN in the wanted region: no service seals with a key of another one
 */
export function adoptKey(arn: string, { region, subject }: { region: string; subject: string }): KeyReference {
  checkKeyArn(arn, { region, subject });
  return { arn: pulumi.output(arn) };
}

/** The check of `adoptKey` alone. @param subject the setting that the ARN was read from */
export function checkKeyArn(arn: string, { region, subject }: { region: string; subject: string }): void {
  const found = /^arn:aws:kms:([a-z0-9-]+):\d{12}:key\/(?:mrk-)?[0-9a-f-]{32,36}$/.exec(arn);
  if (found?.[1] === region) return;
  throw refusal({
    subject,
    value: arn,
    allowed: `the ARN of a KMS key in ${region}, such as arn:aws:kms:${region}:<account>:key/<id>`,
    todo: found ? "A service seals only with keys of its own region." : "An alias is not taken: name its key.",
  });
}
