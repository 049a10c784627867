import * as pulumi from "@pulumi/pulumi";
import { EncryptionKey, type KeyReference } from "../encryption/aws.ts";
import { rolesThroughService } from "../encryption/key-statements.ts";
import type { Tags } from "../ownership/tags.ts";
import type { SecretSettings } from "./backends.ts";
import { secretPrefix } from "./names.ts";
import { renderSecretPolicy } from "./policy.ts";

export interface SecretsArgs {
  org: string;
  /** The one role that reads and writes values; task pods' roles never do. */
  adminRoleArn: pulumi.Input<string>;
  /** From `createSecretsKey` or `adoptKey`. */
  key: Pick<KeyReference, "arn">;
}

/**
 * What AWS Secrets Manager needs to keep users' secrets; the secrets themselves are made by the platform's services at
 * run time, each under the key and with the policy that stand here. Proved by data-secrets-backends,
 * secrets-backends-four, iam-user-no-secrets-manager and cmk-customer-keys.
 */
export function planAwsSecrets({ org, adminRoleArn, key }: SecretsArgs): SecretSettings {
  return {
    backend: "aws-secrets-manager",
    prefix: secretPrefix(org),
    keyArn: key.arn,
    resourcePolicy: pulumi.output(adminRoleArn).apply((role) => JSON.stringify(renderSecretPolicy(role))),
  };
}

export interface SecretsKeyArgs {
  account: pulumi.Input<string>;
  region: string;
  adminRoleArn: pulumi.Input<string>;
  dataProtection: boolean;
  tags: Tags;
}

/** The secrets' own key: used by the admin role alone, and only through Secrets Manager. */
export function createSecretsKey(
  name: string,
  args: SecretsKeyArgs,
  opts?: pulumi.ComponentResourceOptions,
): KeyReference {
  const { account, region, adminRoleArn, dataProtection, tags } = args;
  const service = `secretsmanager.${region}.amazonaws.com`;
  const statements = pulumi
    .all([account, adminRoleArn])
    .apply(([id, role]) => [rolesThroughService({ account: id, roles: [role], service })]);
  return new EncryptionKey(name, { description: "Users' secrets", account, statements, dataProtection, tags }, opts);
}
