/** The local run as `verify` sees any customer's plane, and any region's. */
import { join } from "node:path";
import { registryName, vaultName } from "../components/account/azure-names.ts";
import { shipperNamespace } from "../components/logs/contract.ts";
import { storeNamespace } from "../components/metrics-store/contract.ts";
import { servingNamespace } from "../components/serving/contract.ts";
import {
  azureTargetSchema,
  controlPlaneSchema,
  googleTargetSchema,
  type Targets,
  targetSchema,
} from "../verify/target.ts";
import { azureScope } from "./cloud/index.ts";
import type { Environment } from "./environment.ts";
import { accounts, azure, ecrHost, google, names } from "./hosts.ts";
import { local } from "./stacks.ts";
import { azureSecretsBackend } from "./stacks-azure.ts";
import { googleSecretsBackend } from "./stacks-gcp.ts";

export function localTargets(environment: Environment): Targets {
  const plane = {
    aws: () => ({ customer: customerOf(environment) }),
    gcp: () => ({ google: googleOf(environment) }),
    azure: () => ({ azure: azureOf(environment) }),
  }[environment.cloud]();
  return { ...plane, controlPlane: controlPlaneOf(environment) };
}

/** What is alike in every cloud. */
function planeOf(environment: Environment) {
  const { customer } = environment.outputs;
  return {
    org: environment.org,
    model: environment.model,
    clusterName: customer.clusterName,
    projects: [{ project: environment.project, domain: environment.domain }],
    projectsOnDemand: local.onDemand,
    servesApps: servesApps(environment),
    keepsMeasures: keepsMeasures(environment),
    buckets: { metadata: customer.metadataBucket, fastRegistration: customer.fastRegistrationBucket },
    releasedDigests: [environment.servicesImage, environment.connectorImage].flatMap((image) =>
      image ? [image.replace(/^.*@/, "")] : [],
    ),
    kubeconfig: environment.kubeconfigs.customer,
  };
}

function googleOf(environment: Environment) {
  const { customer } = environment.outputs;
  const { endpointUrl, region, accessTokenFile } = environment.google ?? {};
  return googleTargetSchema.parse({
    ...planeOf(environment),
    cloud: "gcp",
    region,
    project: customer.project,
    accounts: { admin: customer.adminAccount, user: customer.userAccount },
    registryHosts: [names.registry],
    repository: customer.repository,
    secretsBackend: googleSecretsBackend,
    logView: customer.logView,
    ownDomains: [google.operator.split("@")[1]],
    accountGroups: [],
    google: { endpointUrl, accessTokenFile, caFile: environment.caFile },
  });
}

function azureOf(environment: Environment) {
  const { customer } = environment.outputs;
  const { endpointUrl, subscription, tenant, region, accessTokenFile } = environment.azure ?? {};
  return azureTargetSchema.parse({
    ...planeOf(environment),
    ...{ cloud: "azure", subscription, tenant, region },
    groups: { cluster: `${customer.clusterName}-base`, workloads: `${customer.clusterName}-workloads` },
    storageAccount: customer.storageAccount,
    registry: registryName(azureScope),
    registryHosts: [names.registry],
    repository: customer.repository,
    ...{ secretsBackend: azureSecretsBackend, secretsVault: vaultName(azureScope, "secrets") },
    logWorkspace: customer.logWorkspace,
    ownPrincipals: [azure.operator.objectId],
    identityGroups: [],
    azure: {
      endpointUrl: `${endpointUrl}/management`,
      blobUrl: `${endpointUrl}/blob/${customer.storageAccount}`,
      ingestionUrl: endpointUrl,
      authorityUrl: `${endpointUrl}/login`,
      caFile: environment.caFile,
      accessTokenFile,
      storageTokenFile: accessTokenFile,
    },
  });
}

function customerOf(environment: Environment) {
  const { customer, customerBase } = environment.outputs;
  const { managementRoleArn: roleArn, privateLinkService: endpointService } = customerBase;
  return targetSchema.parse({
    ...planeOf(environment),
    cloud: "aws",
    account: accounts.customer,
    region: environment.aws.region,
    repository: customer.repository,
    registryHosts: [names.registry, ecrHost],
    ...(environment.model === "byoc" ? { management: { roleArn, endpointService } } : {}),
    clusterNetwork: environment.clusters.customer === "given" ? "elsewhere" : "account",
    aws: accessOf(environment.aws, environment.caFile),
  });
}

function controlPlaneOf({ outputs, awsRegionAccount: aws, caFile, ...environment }: Environment) {
  const { region } = outputs;
  return controlPlaneSchema.parse({
    account: accounts.region,
    customerAccounts: [accounts.customer],
    region: aws.region,
    endpoint: region.endpoint,
    relayHost: region.relayHost,
    caFile,
    clusterName: region.clusterName,
    kubeconfig: environment.kubeconfigs.region,
    aws: accessOf(aws, caFile),
    signIn: { clientId: environment.clientId, clientSecretFile: environment.clientSecretFile },
    database: { ...environment.databaseVerifier, caFile },
  });
}

function accessOf({ profile, configFile, credentialsFile, endpointUrl }: Environment["aws"], caFile: string) {
  return { profile, configFile, credentialsFile, endpointUrl, caFile };
}

/** Whether task pods' logs are shipped: the shipper is an extended part of the toolchain. */
export const shipsLogs = (environment: HasOutputs) => has(environment, shipperNamespace);

/** Whether apps are served: what serves them is an extended part, too. */
export const servesApps = (environment: HasOutputs) => has(environment, servingNamespace);

/** Whether measures of tasks outlive their pods: what keeps them is an extended part, too. */
export const keepsMeasures = (environment: HasOutputs) => has(environment, storeNamespace);

type HasOutputs = Pick<Environment, "outputs">;

function has({ outputs }: HasOutputs, namespace: string): boolean {
  return String(outputs.customer.namespaces).split(",").includes(namespace);
}

/** Lists of what cannot be decided here, and of what judges here in another's place; a given cluster's network is not ours to judge. */
export function localLimits(
  { clusters, networkPolicy, cloud }: Pick<Environment, "clusters" | "networkPolicy" | "cloud">,
  checkout: string,
  has: { shipping: boolean; apps: boolean; measures: boolean },
): string[] {
  const given = clusters.region === "given" || clusters.customer === "given";
  const names = [
    "limits.yaml",
    ...(cloud === "aws" ? [] : [`limits-${cloud}.yaml`]),
    ...(networkPolicy === "enforced" ? [] : ["limits-bridge.yaml"]),
    // Elsewhere the cloud's own agent ships.
    ...(has.shipping || cloud !== "aws" ? [] : ["limits-unshipped.yaml"]),
    has.apps ? "limits-served.yaml" : "limits-unserved.yaml",
    ...(has.measures ? [] : ["limits-unmeasured.yaml"]),
    ...(given ? ["limits-given.yaml"] : []),
    ...(clusters.customer === "given" ? ["limits-given-customer.yaml"] : []),
  ];
  return names.map((name) => join(checkout, "sandbox", name));
}
