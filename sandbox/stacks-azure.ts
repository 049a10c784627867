/** The configuration of the customer's local stacks in Azure. */
import { azure } from "./hosts.ts";
import { asConfig, type Images } from "./stacks.ts";
import { selfManaged, workloadsConfig } from "./stacks-elsewhere.ts";

const { subscription, tenant, region, operator } = azure;

const customer = { ...selfManaged, cloud: "azure", subscription, tenant, region };

export const azureSecretsBackend = "azure-key-vault";

export function azureBaseConfig(): Record<string, string> {
  const access = [{ name: "operator", objectId: operator.objectId, kind: "User", access: "cluster-admin" }];
  return asConfig({ ...customer, phase: "base", kubernetes: { access }, imageScanning: "defender" });
}

export const azureCustomerConfig = (images: Images) => workloadsConfig(customer, images, azureSecretsBackend);
