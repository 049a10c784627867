/** The services of Google Cloud that a plane uses, turned on in its project. */
import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";

/** Those of the documents that something here calls; the others stay as the project has them. */
export const usedServices = [
  "artifactregistry",
  "cloudkms",
  "cloudresourcemanager",
  "compute",
  "container",
  "iam",
  "iamcredentials",
  "logging",
  // Whoever reads or sets the organisation's policies in the project asks by it.
  "orgpolicy",
  "secretmanager",
  "storage",
  "sts",
] as const;

/** Stays on when the stack is destroyed: others of the project may have come to use it. */
export function enableServices(
  name: string,
  project: string,
  opts: pulumi.CustomResourceOptions = {},
): pulumi.Output<string> {
  const enabled = usedServices.map(
    (service) =>
      new gcp.projects.Service(
        `${name}-${service}`,
        { project, service: `${service}.googleapis.com`, disableOnDestroy: false },
        opts,
      ),
  );
  return pulumi.all(enabled.map(({ id }) => id)).apply(() => project);
}
