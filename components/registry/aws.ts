import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import { EncryptionKey, type KeyReference } from "../encryption/aws.ts";
import type { Tags } from "../ownership/tags.ts";
import { renderImageLifecycle } from "./lifecycle.ts";

export interface ImageRepositoryArgs {
  /** Path of the repository in the account's registry, such as `union/tasks`. */
  repository: string;
  /** Seals the layers; from `createImageKey` or `adoptKey`. A repository keeps it for life. @default the registry's own */
  key?: KeyReference;
  /** On: Pulumi refuses to destroy it. Off: a destroy deletes its images too. */
  dataProtection: boolean;
  tags: Tags;
}

/**
 * A registry for images whose tags never move and which are scanned when they arrive. No policy of its own, so that no
 * other account reaches it. Proved by n-ecr-scan-on-push, image-scanning-customer-defined, image-tagging-customer-defined
 * and builder-images-stay.
 */
export class ImageRepository extends pulumi.ComponentResource {
  /** Where images are pushed to and pulled from. */
  readonly url: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: ImageRepositoryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:registry:ImageRepository", name, {}, opts);
    const { repository, key, dataProtection, tags } = args;

    const created = new aws.ecr.Repository(
      name,
      {
        name: physicalName("repository", repository),
        imageTagMutability: "IMMUTABLE",
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [key ? { encryptionType: "KMS", kmsKey: key.arn } : { encryptionType: "AES256" }],
        forceDelete: !dataProtection,
        tags,
      },
      { parent: this, protect: dataProtection },
    );
    new aws.ecr.LifecyclePolicy(
      name,
      { repository: created.name, policy: JSON.stringify(renderImageLifecycle()) },
      { parent: this },
    );

    this.url = created.repositoryUrl;
    this.arn = created.arn;
    this.registerOutputs({ url: this.url });
  }
}

export interface ImageKeyArgs {
  account: pulumi.Input<string>;
  region: string;
  dataProtection: boolean;
  tags: Tags;
}

/** The registry's own key. ECR takes a grant on it when the repository is made and pulls need no right on it. */
export function createImageKey(name: string, args: ImageKeyArgs, opts?: pulumi.ComponentResourceOptions): KeyReference {
  const { account, region, dataProtection, tags } = args;
  const description = "The plane's container images";
  const viaServices = [`ecr.${region}.amazonaws.com`];
  return new EncryptionKey(name, { description, account, viaServices, dataProtection, tags }, opts);
}
