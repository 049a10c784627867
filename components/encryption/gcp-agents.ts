/** Google's own accounts in a customer's project, by which its services use the project's keys. */
import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";

/** What rests under a key, by the service that keeps it. */
export type SealingService = "artifactregistry" | "compute" | "container" | "logging" | "secretmanager" | "storage";

export interface AgentPlace {
  project: pulumi.Input<string>;
  /** The project's number. */
  number: pulumi.Input<string>;
}

/**
 * An agent comes to be when its service is first asked for it: whoever grants it a key asks.
 * @returns the member as IAM policies name it
 */
export function serviceAgent(
  name: string,
  service: SealingService,
  { project, number }: AgentPlace,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  switch (service) {
    case "artifactregistry":
    case "container":
    case "secretmanager": {
      const args = { project, service: `${service}.googleapis.com` };
      return new gcp.projects.ServiceIdentity(`${name}-${service}`, args, { parent }).member;
    }
    case "storage":
      return gcp.storage.getProjectServiceAccountOutput({ project }, { parent }).member;
    case "logging":
      return gcp.logging
        .getProjectCmekSettingsOutput({ project }, { parent })
        .apply(({ serviceAccountId }) => `serviceAccount:${serviceAccountId}`);
    case "compute":
      return pulumi.interpolate`serviceAccount:service-${number}@compute-system.iam.gserviceaccount.com`;
  }
}
