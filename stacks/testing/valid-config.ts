/** One valid configuration of each shape, as the engine hands it over; tests change one thing at a time. */
export const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
export const image = `registry.test/biplane/services@sha256:${"a".repeat(64)}`;

type Values = Record<string, unknown>;

/** @returns keys with their namespace, nested values as JSON; a value of undefined leaves its key out. */
function asGiven(values: Values): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      value === undefined ? [] : [[`biplane:${key}`, typeof value === "string" ? value : JSON.stringify(value)]],
    ),
  );
}

const access = [{ name: "deployer", principalArn: "arn:aws:iam::111111111111:role/deployer", access: "cluster-admin" }];

export function regionValues(changes: Values = {}): Record<string, string> {
  return asGiven({
    shape: "region",
    region: "us-east-2",
    endpoint: "us-east-2.biplane.test",
    relayHost: "relay.us-east-2.biplane.test",
    edge: { zoneId: "zone", originPullCa: certificate },
    images: { services: image },
    kubernetes: { access },
    backups: { copyRegion: "us-west-2" },
    tenants: [
      { org: "acme", cluster: "main", egress: ["203.0.113.7/32"] },
      { org: "globex", cluster: "main", egress: ["203.0.113.8/32"] },
    ],
    tags: { team: "platform" },
    ...changes,
  });
}

export function customerAccountValues(changes: Values = {}): Record<string, string> {
  return asGiven({
    ...{ shape: "customer", phase: "account", region: "us-east-2", org: "acme", email: "aws+acme@example.com" },
    ...changes,
  });
}

export function customerBaseValues(changes: Values = {}): Record<string, string> {
  return asGiven({
    shape: "customer",
    phase: "base",
    model: "self-managed",
    region: "us-east-2",
    org: "acme",
    cluster: "main",
    kubernetes: { access },
    tags: { team: "platform" },
    ...changes,
  });
}

/** What makes a base a BYOC one. */
export const byoc = {
  model: "byoc",
  management: {
    principals: ["arn:aws:iam::999999999999:role/operations"],
    externalId: "0e8d9ad2-5b9c-4f1e-8f2f-acme",
    level: "no-delete",
  },
  privateLink: { principals: ["arn:aws:iam::999999999999:role/deployer"] },
};

/** What every cloud's workloads are told alike. */
const workloads = {
  link: "inside",
  controlPlaneHost: "us-east-2.biplane.test",
  images: { services: image },
  projects: [
    { project: "demo", domain: "development" },
    { project: "demo", domain: "production" },
  ],
  registrationToken: "registration-token-of-a-test",
  dataPlaneClientSecret: "client-secret-of-a-test",
  tags: { team: "platform" },
};

export function customerValues(changes: Values = {}): Record<string, string> {
  return asGiven({
    shape: "customer",
    phase: "workloads",
    model: "self-managed",
    region: "us-east-2",
    org: "acme",
    cluster: "main",
    ...workloads,
    ...changes,
  });
}

const inGoogle = { shape: "customer", cloud: "gcp", project: "acme-data", region: "europe-west4" };

export function googleBaseValues(changes: Values = {}): Record<string, string> {
  return asGiven({
    ...{ ...inGoogle, phase: "base", model: "self-managed", org: "acme", cluster: "main" },
    tags: { team: "platform" },
    ...changes,
  });
}

/** What makes a base on Google Cloud a BYOC one. */
export const googleByoc = {
  model: "byoc",
  management: { principals: ["arn:aws:iam::999999999999:role/operations"] },
  privateLink: { acceptedProjects: ["vendor-ops"] },
};

const serving = (name: string) => `registry.test/serving/${name}@sha256:${"e".repeat(64)}`;

/** Of a customer that serves apps. */
export const servesApps = {
  domain: "apps.acme.example.com",
  images: Object.fromEntries(
    ["activator", "autoscaler", "controller", "webhook", "queue", "gatewayController", "gateway"].map((name) => [
      name,
      serving(name),
    ]),
  ),
};

export function googleCustomerValues(changes: Values = {}): Record<string, string> {
  return asGiven({
    ...{ ...inGoogle, phase: "workloads", model: "self-managed", org: "acme", cluster: "main" },
    ...workloads,
    ...changes,
  });
}

export function googleLinkValues(changes: Values = {}): Record<string, string> {
  return asGiven({
    ...{ ...inGoogle, project: "vendor-ops", phase: "link", org: "acme", cluster: "main" },
    ...{ network: "management", subnetwork: "management-europe-west4" },
    serviceAttachment: "projects/acme-data/regions/europe-west4/serviceAttachments/biplane-main-api",
    ...changes,
  });
}

const inAzure = {
  ...{ shape: "customer", cloud: "azure", region: "westeurope", org: "acme", cluster: "main" },
  subscription: "11111111-1111-4111-8111-111111111111",
  tenant: "22222222-2222-4222-8222-222222222222",
};

export function azureBaseValues(changes: Values = {}): Record<string, string> {
  return asGiven({ ...inAzure, phase: "base", model: "self-managed", tags: { team: "platform" }, ...changes });
}

/** What makes a base on Azure a BYOC one. */
export const azureByoc = {
  model: "byoc",
  management: { issuer: "https://tokens.vendor.test", subject: "operations", audience: "api://AzureADTokenExchange" },
  privateLink: { approved: ["vendor-api.0e8d9ad2"] },
};

/** As the base answers it; BYOC's workloads are told of the vendor's identity by it. */
export const azureManager = { model: "byoc", managementPrincipal: "33333333-3333-4333-8333-333333333333" };

export function azureCustomerValues(changes: Values = {}): Record<string, string> {
  return asGiven({ ...inAzure, phase: "workloads", model: "self-managed", ...workloads, ...changes });
}

export function azureLinkValues(changes: Values = {}): Record<string, string> {
  const vendor = "/subscriptions/44444444-4444-4444-8444-444444444444/resourceGroups/management";
  return asGiven({
    ...{ ...inAzure, phase: "link", subscription: "44444444-4444-4444-8444-444444444444", group: "management" },
    subnetId: `${vendor}/providers/Microsoft.Network/virtualNetworks/management/subnets/clusters`,
    address: "10.9.0.7",
    clusterId:
      "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/biplane-main-base" +
      "/providers/Microsoft.ContainerService/managedClusters/biplane-main",
    ...changes,
  });
}
