/** The configuration of the customer's local stacks in Google Cloud. */
import { google } from "./hosts.ts";
import { asConfig, type Images } from "./stacks.ts";
import { selfManaged, workloadsConfig } from "./stacks-elsewhere.ts";

const customer = { ...selfManaged, cloud: "gcp", project: google.project, region: google.region };

export const googleSecretsBackend = "gcp-secret-manager";

export function googleBaseConfig(): Record<string, string> {
  const access = [{ name: "operator", member: google.operator, access: "cluster-admin" }];
  return asConfig({ ...customer, phase: "base", transportPolicies: "base", kubernetes: { access } });
}

export const googleCustomerConfig = (images: Images) => workloadsConfig(customer, images, googleSecretsBackend);
