/** The configuration of the customer's local stacks in Azure: the same programs as production's. */
import { azure, clusters } from "./hosts.ts";
import { asConfig, type Images, local, ownEgress } from "./stacks.ts";

const { subscription, tenant, region, operator } = azure;

const customer = {
  ...{ shape: "customer", cloud: "azure", model: "self-managed", subscription, tenant, region },
  ...{ org: local.org, cluster: local.cluster, dataProtection: "off" },
};

export function azureBaseConfig(): Record<string, string> {
  const access = [{ name: "operator", objectId: operator.objectId, kind: "User", access: "cluster-admin" }];
  return asConfig({ ...customer, phase: "base", kubernetes: { access } });
}

/** In the cloud, for its rights to be seen. */
export const azureSecretsBackend = "azure-key-vault";

/** `registrationToken` and `dataPlaneClientSecret` go beside it as secrets. */
export function azureCustomerConfig(images: Images): Record<string, string> {
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
    secretsBackend: azureSecretsBackend,
    // Of their workspace the admin's right is seen.
    logs: { retentionDays: 30 },
    egress: ownEgress,
    dnsServers: [`${clusters.customer.dns}/32`],
  });
}
