import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { Tags } from "../ownership/tags.ts";

export interface ImageRepositoryArgs {
  /** Path of the repository in the account's registry, such as `union/tasks`. */
  repository: string;
  /** On: Pulumi refuses to destroy it. Off: a destroy deletes its images too. */
  dataProtection: boolean;
  tags: Tags;
}

/** A registry for images whose tags never move and which are scanned when they arrive. */
export class ImageRepository extends pulumi.ComponentResource {
  /** Where images are pushed to and pulled from. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: ImageRepositoryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:registry:ImageRepository", name, {}, opts);
    const { repository, dataProtection, tags } = args;

    const created = new aws.ecr.Repository(
      name,
      {
        name: physicalName("repository", repository),
        imageTagMutability: "IMMUTABLE",
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [{ encryptionType: "AES256" }],
        forceDelete: !dataProtection,
        tags,
      },
      { parent: this, protect: dataProtection },
    );

    this.url = created.repositoryUrl;
    this.registerOutputs({ url: this.url });
  }
}
