/** What a customer's local stacks have alike in Google Cloud and in Azure: the same programs as production's. */
import { clusters } from "./hosts.ts";
import { asConfig, type Images, local, ownEgress } from "./stacks.ts";

/** Of both phases. */
export const selfManaged = {
  ...{ shape: "customer", model: "self-managed" },
  ...{ org: local.org, cluster: local.cluster, dataProtection: "off" },
};

/**
 * `registrationToken` and `dataPlaneClientSecret` go beside it as secrets.
 *
 * @param customer what both phases say
 * @param secretsBackend in the cloud, for its rights to be seen
 */
export function workloadsConfig(customer: object, images: Images, secretsBackend: string): Record<string, string> {
  return asConfig({
    ...customer,
    phase: "workloads",
    link: "inside",
    controlPlaneHost: local.endpoint,
    images: { services: images.services, task: images.task },
    projects: [
      { project: local.project, domain: local.domain },
      ...local.onDemand.map((space) => ({ ...space, onDemand: true })),
    ],
    secretsBackend,
    // Of the view, or the workspace, the admin's right is seen.
    logs: { retentionDays: 30 },
    egress: ownEgress,
    dnsServers: [`${clusters.customer.dns}/32`],
  });
}
