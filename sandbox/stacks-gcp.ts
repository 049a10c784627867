/** The configuration of the customer's local stacks in Google Cloud: the same programs as production's. */
import { clusters, google } from "./hosts.ts";
import { asConfig, type Images, local, ownEgress } from "./stacks.ts";

const customer = {
  shape: "customer",
  cloud: "gcp",
  model: "self-managed",
  project: google.project,
  region: google.region,
  org: local.org,
  cluster: local.cluster,
  dataProtection: "off",
};

export function googleBaseConfig(): Record<string, string> {
  const access = [{ name: "operator", member: google.operator, access: "cluster-admin" }];
  return asConfig({ ...customer, phase: "base", kubernetes: { access } });
}

/** In the cloud, for its rights to be seen. */
export const googleSecretsBackend = "gcp-secret-manager";

/** `registrationToken` and `dataPlaneClientSecret` go beside it as secrets. */
export function googleCustomerConfig(images: Images): Record<string, string> {
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
    secretsBackend: googleSecretsBackend,
    // Of their view the admin's right is seen.
    logs: { retentionDays: 30 },
    egress: ownEgress,
    dnsServers: [`${clusters.customer.dns}/32`],
  });
}
