/** Wiring that the stacks of Google Cloud have in common. */
import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";

export function openGoogle({ project, region }: { project: string; region: string }): gcp.Provider {
  // Quotas and bills are the project's own, whoever deploys.
  return new gcp.Provider("gcp", { project, region, userProjectOverride: true, billingProject: project });
}

/** IAM conditions and Google's own accounts name a project by its number. */
export function numberOf(project: string, cloud: gcp.Provider): pulumi.Output<string> {
  return gcp.organizations.getProjectOutput({ projectId: project }, { provider: cloud }).number;
}
