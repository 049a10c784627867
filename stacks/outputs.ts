/** What each stack answers: the contract between region, customer and whoever verifies them. */
import type { Input } from "@pulumi/pulumi";
import { z } from "zod";

export const tenantOutputs = z.strictObject({
  clientId: z.string(),
  clientSecret: z.string().describe("Of the customer's first administrator"),
  applications: z
    .array(z.strictObject({ clientId: z.string(), clientSecret: z.string(), role: z.string() }))
    .describe("The service accounts that the configuration names"),
  dataPlaneClientId: z.string().optional().describe("Of tenants with a cluster, as what follows"),
  dataPlaneClientSecret: z.string().optional().describe("Of the application that task pods act as"),
  registrationToken: z.string().optional().describe("Joins the customer's cluster, once"),
  tunnelToken: z.string().optional().describe("Of tenants with a tunnelHost: what their connector runs with"),
  appsTunnelToken: z
    .string()
    .optional()
    .describe("Of tenants with an appsDomain: what the connector of apps runs with"),
});

export const verifierOutputs = z.strictObject({
  host: z.string(),
  port: z.int(),
  database: z.string(),
  user: z.string(),
  password: z.string(),
});

export const regionOutputs = z.strictObject({
  endpoint: z.string().describe("Public host of the API"),
  relayHost: z.string(),
  clusterName: z.string(),
  databaseHost: z.string(),
  natAddresses: z.array(z.string()).describe("Public addresses that the region's own connections come from"),
  clusterEndpoints: z
    .record(z.string(), z.string())
    .describe("By <org>/<cluster>: endpoints for the customers to accept"),
  tenants: z.record(z.string(), tenantOutputs).describe("Secret; by organisation"),
  databaseVerifier: verifierOutputs.describe("Secret; the login that reads the database's catalogue, and no row"),
});

export const customerAccountOutputs = z.strictObject({
  accountId: z.string().describe("For biplane:account of the customer's other stacks"),
  accessRoleArn: z.string().describe("What a profile assumes to run them"),
});

export const customerBaseOutputs = z.strictObject({
  clusterName: z.string().describe("Name of the EKS cluster"),
  natAddresses: z.array(z.string()).describe("For the region's allow-list: tunnels come from there"),
  managementRoleArn: z.string().optional().describe("BYOC only"),
  privateLinkService: z.string().optional().describe("BYOC only: for the region's clusterLinks"),
  apiHost: z.string().optional().describe("BYOC only: host name of the cluster's API, for the region's clusterLinks"),
});

export const customerOutputs = z.strictObject({
  clusterName: z.string().describe("Name of the EKS cluster"),
  adminRoleArn: z.string(),
  userRoleArn: z.string(),
  metadataBucket: z.string(),
  fastRegistrationBucket: z.string(),
  repository: z.string().describe("Name in the account's registry"),
  repositoryUrl: z.string(),
  namespaces: z.array(z.string()).describe("The platform's first, then one for each project-domain"),
  taskImage: z.string().optional().describe("Image of tasks that name none"),
  logGroup: z.string().optional().describe("Where task pods' logs are kept"),
});

export const googleBaseOutputs = z.strictObject({
  clusterName: z.string().describe("Name of the GKE cluster"),
  project: z.string(),
  natAddresses: z.array(z.string()).describe("For the region's allow-list: tunnels come from there"),
  managementAccount: z.string().optional().describe("BYOC only: e-mail of the vendor's account"),
  managementProvider: z.string().optional().describe("BYOC only: for the vendor's credential configuration"),
  serviceAttachment: z.string().optional().describe("BYOC only: for the link's stack"),
});

export const googleCustomerOutputs = z.strictObject({
  clusterName: z.string().describe("Name of the GKE cluster"),
  project: z.string(),
  adminAccount: z.string().describe("E-mail"),
  userAccount: z.string().describe("E-mail"),
  metadataBucket: z.string(),
  fastRegistrationBucket: z.string(),
  repository: z.string().describe("Id in the project's registry"),
  repositoryUrl: z.string(),
  namespaces: z.array(z.string()).describe("The platform's first, then one for each project-domain"),
  taskImage: z.string().optional().describe("Image of tasks that name none"),
  logView: z.string().optional().describe("By which task pods' logs are read"),
});

export const googleLinkOutputs = z.strictObject({
  apiAddress: z.string().describe("For biplane:apiAddress of the customer's workloads"),
  connectionId: z.string().describe("Of the connection, for the customer to find it by"),
});

export const azureBaseOutputs = z.strictObject({
  clusterName: z.string().describe("Name of the AKS cluster"),
  subscription: z.string(),
  natAddresses: z.array(z.string()).describe("For the region's allow-list: tunnels come from there"),
  managementClient: z.string().optional().describe("BYOC only: client id that the vendor signs in as"),
  managementPrincipal: z.string().optional().describe("BYOC only: object id, for the workloads"),
  clusterId: z.string().optional().describe("BYOC only: for the link's stack"),
});

export const azureCustomerOutputs = z.strictObject({
  clusterName: z.string().describe("Name of the AKS cluster"),
  subscription: z.string(),
  adminIdentity: z.string().describe("Client id"),
  userIdentity: z.string().describe("Client id"),
  storageAccount: z.string(),
  metadataBucket: z.string().describe("Container of that account"),
  fastRegistrationBucket: z.string().describe("Container of that account"),
  repository: z.string().describe("Name in the plane's registry"),
  repositoryUrl: z.string(),
  namespaces: z.array(z.string()).describe("The platform's first, then one for each project-domain"),
  taskImage: z.string().optional().describe("Image of tasks that name none"),
  logWorkspace: z.string().optional().describe("GUID that task pods' logs are asked of"),
});

export const azureLinkOutputs = z.strictObject({
  apiAddress: z.string().describe("For biplane:apiAddress of the customer's workloads"),
  endpointId: z.string().describe("For the customer to find the connection by"),
});

export type RegionOutputs = z.infer<typeof regionOutputs>;
export type CustomerAccountOutputs = z.infer<typeof customerAccountOutputs>;
export type CustomerBaseOutputs = z.infer<typeof customerBaseOutputs>;
export type CustomerOutputs = z.infer<typeof customerOutputs>;
export type GoogleBaseOutputs = z.infer<typeof googleBaseOutputs>;
export type GoogleCustomerOutputs = z.infer<typeof googleCustomerOutputs>;
export type GoogleLinkOutputs = z.infer<typeof googleLinkOutputs>;
export type AzureBaseOutputs = z.infer<typeof azureBaseOutputs>;
export type AzureCustomerOutputs = z.infer<typeof azureCustomerOutputs>;
export type AzureLinkOutputs = z.infer<typeof azureLinkOutputs>;

/** The same, as a program answers it before its values are known. */
export type Pending<Outputs> = { [Name in keyof Outputs]: Input<Outputs[Name]> };
