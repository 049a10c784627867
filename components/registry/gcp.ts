import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { CloudKeyReference } from "../encryption/gcp.ts";
import type { Labels } from "../ownership/labels.ts";
import { untaggedDays } from "./lifecycle.ts";

export interface GoogleRepositoryArgs {
  project: string;
  region: string;
  /** Id of the repository, such as `union-tasks`. */
  repository: string;
  /** Seals the layers. A repository keeps it for life. */
  key: CloudKeyReference;
  /** Accounts that pull: the nodes'. */
  pulledBy: Record<string, pulumi.Input<string>>;
  /** On: Pulumi refuses to destroy it. */
  dataProtection: boolean;
  labels: Labels;
}

/**
 * A registry for images whose tags never move, in the plane's region, under the customer's key. Scanning is the
 * project's own setting (Artifact Analysis), which the repository inherits. Proved by image-tagging-customer-defined,
 * builder-images-stay and enc-at-rest-registry.
 */
export class GoogleRepository extends pulumi.ComponentResource {
  /** Where images are pushed to and pulled from. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: GoogleRepositoryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:registry:GoogleRepository", name, {}, opts);
    const { project, region, key, pulledBy, dataProtection, labels } = args;
    const repositoryId = physicalName("google-resource", args.repository);
    const repository = new gcp.artifactregistry.Repository(
      name,
      {
        ...{ project, location: region, repositoryId, format: "DOCKER", mode: "STANDARD_REPOSITORY", labels },
        description: "Task images",
        kmsKeyName: key.name,
        dockerConfig: { immutableTags: true },
        vulnerabilityScanningConfig: { enablementConfig: "INHERITED" },
        cleanupPolicyDryRun: false,
        cleanupPolicies: [
          {
            id: "untagged",
            action: "DELETE",
            condition: { tagState: "UNTAGGED", olderThan: `${untaggedDays * 24 * 3600}s` },
          },
        ],
      },
      { parent: this, protect: dataProtection },
    );
    const pulls = Object.entries(pulledBy).map(
      ([who, email]) =>
        new gcp.artifactregistry.RepositoryIamMember(
          `${name}-${who}`,
          {
            ...{ project, location: region, repository: repository.name, role: "roles/artifactregistry.reader" },
            member: pulumi.interpolate`serviceAccount:${email}`,
          },
          { parent: this },
        ).id,
    );
    this.url = pulumi
      .all([repository.id, pulumi.all(pulls)])
      .apply(() => `${region}-docker.pkg.dev/${project}/${repositoryId}`);
    this.registerOutputs({ url: this.url });
  }
}
