/** A customer's compute plane on Azure: the same phases, models and words as on AWS, with Azure's own names. */
import { z } from "zod";
import { workspaceRetention } from "../../components/logs/azure-plan.ts";
import { defaultAzureRanges } from "../../components/network/azure-plan.ts";
import { common, nodeKind, serving } from "./common.ts";
import {
  checkBase,
  checkWorkloads,
  customerOf,
  level,
  metricsStore,
  withConsole,
  withNames,
  workloads,
} from "./customer-common.ts";
import { armId, azureGroup, azureRegion, guid, oneOf, peers, text, whole, word } from "./words.ts";

const both = {
  ...customerOf({
    clusterKind: "AKS",
    cluster: text('the name of an AKS cluster: a-z, 0-9 and "-", up to 40', /^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,39}$/),
    repository: text(
      'the name of a repository: a-z, 0-9 and "-", such as union-tasks',
      /^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,62}$/,
    ),
    defaultRepository: "union-tasks",
  }),
  cloud: z.literal("azure"),
  subscription: guid.describe("Subscription that this stack is for; the plane is in no other"),
  tenant: guid.describe("Entra tenant of the subscription"),
  region: azureRegion,
  dataProtection: common.dataProtection,
  tags: z.record(z.string(), z.string()).default({}).describe("Your own tags, on every resource that takes tags"),
};

const management = z
  .strictObject({
    issuer: z.url({ protocol: /^https$/, error: "an https URL" }).describe("Of the vendor's tokens"),
    subject: z.string().min(1).describe("The one workload of the vendor's"),
    audience: z.string().min(1).describe("For whom its tokens are made"),
    level: level.default("no-delete"),
  })
  .describe("BYOC: the vendor's one way into this subscription, by a token of its own issuer");

const privateLink = z
  .strictObject({
    approved: z
      .array(z.string())
      .default([])
      .describe("Names of the vendor's connections that you let in; every other waits. @default none yet"),
  })
  .describe("BYOC: the vendor's private path to the Kubernetes API");

const existingNetwork = z
  .strictObject({
    group: azureGroup,
    virtualNetwork: z.string().min(1),
    subnet: z.string().min(1),
    natAddresses: z.array(z.string()).optional().describe("Public addresses that its traffic comes from"),
  })
  .describe("A subnet of yours: looked up, never changed");

const network = z.strictObject({
  nodes: z.string().default(defaultAzureRanges.nodes).describe("The network, and its one subnet"),
  pods: z.string().default(defaultAzureRanges.pods).describe("Known within the cluster only"),
  services: z.string().default(defaultAzureRanges.services).describe("Known within the cluster only"),
  natAddresses: whole(1, 16).default(2).describe("Public addresses of the NAT gateway"),
  existing: existingNetwork.optional(),
});

const access = z
  .array(
    z.strictObject({
      name: word,
      objectId: guid.describe("In Entra"),
      kind: oneOf("User", "Group", "ServicePrincipal"),
      access: oneOf("cluster-admin", "view"),
    }),
  )
  .default([])
  .describe("Who may use the Kubernetes API, beside whoever may by rights on the subscription already");

const kubernetes = z.strictObject({
  access,
  version: z.string().optional().describe("Kubernetes minor version. @default 1.34"),
  channel: oneOf("patch", "stable", "none").default("patch").describe("Which versions AKS takes by itself"),
  zones: z
    .array(z.string())
    .min(2, { error: "at least 2 zones" })
    .max(3, { error: "at most 3 zones" })
    .default(["1", "2", "3"])
    .describe("Numbers of the region's zones that nodes are in"),
  nodePools: z
    .record(z.string(), z.strictObject({ vmSize: z.string(), ...nodeKind(333) }))
    .optional()
    .describe("Kinds of nodes, sizes of each zone. @default one kind, 1 to 5 nodes a zone"),
  publicApi: z.array(peers).default([]).describe("Networks that may reach the API over the internet. @default none"),
  recordDays: whole(workspaceRetention.least, workspaceRetention.most)
    .default(365)
    .describe("How long the control plane's records are kept"),
  existing: z.boolean().default(false).describe("The cluster named clusterName is yours: looked up, never changed"),
});

const clusterGroup = azureGroup.optional();

export const azureBaseSchema = z
  .strictObject({
    ...both,
    phase: z.literal("base"),
    clusterGroup: clusterGroup.describe("With kubernetes.existing: the resource group that your cluster is in"),
    network: network.prefault({}),
    kubernetes: kubernetes.prefault({}),
    imageScanning: oneOf("defender", "unchanged")
      .default("unchanged")
      .describe(
        "defender: Microsoft Defender for Containers with its scanning of registries, for the whole subscription, billed and left on when the stack goes; unchanged: as the subscription has it",
      ),
    management: management.optional(),
    privateLink: privateLink.optional(),
  })
  .check(checkBase)
  .check(({ value, issues }) => {
    if (value.kubernetes.existing === (value.clusterGroup !== undefined)) return;
    const message = "the group of your cluster with kubernetes.existing, and nothing otherwise";
    issues.push({ code: "custom", path: ["clusterGroup"], input: value.clusterGroup, message });
  })
  .transform((config) => withNames(config));

const logs = z
  .strictObject({
    retentionDays: whole(workspaceRetention.least, workspaceRetention.most)
      .default(365)
      .describe("How long logs are kept"),
    sealedBy: armId
      .optional()
      .describe("Dedicated cluster of Log Analytics, under a key of yours. @default Azure's own keys"),
  })
  .describe("Keeps the task pods' logs in Log Analytics. @default they are told as long as their pods are there");

const identity = text('a-z, 0-9 and "-", 3 to 40 characters', /^(?=.{3,40}$)[a-z](?:[a-z0-9]|-(?=[a-z0-9]))*$/);

export const azureCustomerSchema = z
  .strictObject({
    ...both,
    ...serving,
    ...workloads,
    clusterOwner: oneOf("base", "yours")
      .default("base")
      .describe("Who made the cluster: the base phase, or you, without one"),
    clusterGroup: clusterGroup.describe("With clusterOwner yours: its resource group. @default the base's"),
    apiAddress: z.string().optional().describe("With link private-link: the address that the link's stack answers"),
    managementPrincipal: guid.optional().describe("BYOC: the vendor's identity, as the base answers it"),
    roles: z
      .strictObject({ admin: identity.default("adminflyterole"), user: identity.default("userflyterole") })
      .prefault({})
      .describe("Names of the two platform identities"),
    keys: z
      .strictObject({ data: armId.optional(), images: armId.optional() })
      .prefault({})
      .describe("Keys of yours for objects and images, by their ids. @default made here"),
    secretsBackend: oneOf("kubernetes", "azure-key-vault")
      .optional()
      .describe("@default kubernetes for self-managed, azure-key-vault for BYOC"),
    logs: logs.optional(),
    metricsStore: metricsStore
      .extend({ diskEncryptionSet: armId.describe("Disk encryption set under a key of yours, by its id") })
      .optional(),
  })
  .check(checkWorkloads)
  .check(({ value, issues }) => {
    const problem = (name: "apiAddress" | "clusterGroup" | "managementPrincipal", message: string) =>
      void issues.push({ code: "custom", path: [name], input: value[name], message });
    if ((value.link === "private-link") !== (value.apiAddress !== undefined)) {
      problem("apiAddress", "the link's address with link private-link, and nothing otherwise");
    }
    if ((value.clusterOwner === "yours") !== (value.clusterGroup !== undefined)) {
      problem("clusterGroup", "the group of a cluster of yours, and nothing otherwise");
    }
    if ((value.model === "byoc") !== (value.managementPrincipal !== undefined)) {
      problem("managementPrincipal", "the base's answer for BYOC, and nothing for a self-managed plane");
    }
  })
  .transform((config) => withConsole(withNames(config)));

export const azureLinkSchema = z.strictObject({
  shape: z.literal("customer"),
  phase: z.literal("link"),
  cloud: z.literal("azure"),
  org: word,
  cluster: word,
  subscription: guid.describe("The vendor's own"),
  tenant: guid.describe("The vendor's own"),
  region: azureRegion.describe("Of the vendor's network"),
  group: azureGroup.describe("Of the vendor's, where the endpoint is made"),
  subnetId: armId.describe("Of the vendor's, where clusters are managed from"),
  address: text("an IPv4 address", /^(?:\d{1,3}\.){3}\d{1,3}$/).describe("A free one of that subnet"),
  clusterId: armId.describe("As the customer's base answers it"),
  tags: z.record(z.string(), z.string()).default({}).describe("Your own tags"),
});
