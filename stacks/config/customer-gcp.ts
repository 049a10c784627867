/** A customer's compute plane on Google Cloud: the same phases, models and words as on AWS, with Google's own names. */
import { z } from "zod";
import { longestRetention } from "../../components/logs/gcp-plan.ts";
import { defaultRanges } from "../../components/network/gcp-plan.ts";
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
import { googleProject, googleRegion, keyName, oneOf, peers, principalArn, text, whole, word } from "./words.ts";

const both = {
  ...customerOf({
    clusterKind: "GKE",
    cluster: text('the name of a GKE cluster: a-z, 0-9 and "-", up to 40', /^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,39}$/),
    repository: text(
      'the id of a repository: a-z, 0-9 and "-", such as union-tasks',
      /^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,62}$/,
    ),
    defaultRepository: "union-tasks",
  }),
  cloud: z.literal("gcp"),
  project: googleProject.describe("Project that this stack is for; the plane is in no other"),
  region: googleRegion,
  dataProtection: common.dataProtection,
  tags: z.record(z.string(), z.string()).default({}).describe("Your own labels, on every resource that takes labels"),
};

const management = z
  .strictObject({
    principals: z.array(principalArn).min(1, { error: "at least one role of the vendor's" }),
    level: level.default("no-delete"),
  })
  .describe("BYOC: the vendor's one way into this project, from roles of its AWS account");

const privateLink = z
  .strictObject({
    acceptedProjects: z.array(z.string()).min(1, { error: "at least one: the vendor's project" }),
    proxyCidr: z.string().default("10.40.160.0/23").describe("For Google's own proxies; nothing else is in it"),
    linkCidr: z.string().default("10.40.162.0/24").describe("For translated addresses; nothing else is in it"),
  })
  .describe("BYOC: the vendor's private path to the Kubernetes API");

const existingNetwork = z
  .strictObject({
    subnetwork: z.string().min(1),
    hostProject: googleProject.optional().describe("Project that shares it. @default this one"),
    podsRange: z.string().min(1),
    servicesRange: z.string().min(1),
    natAddresses: z.array(z.string()).optional().describe("Public addresses that its traffic comes from"),
  })
  .describe("A subnet of yours: looked up, never changed");

const network = z.strictObject({
  nodes: z.string().default(defaultRanges.nodes),
  pods: z.string().default(defaultRanges.pods),
  services: z.string().default(defaultRanges.services),
  master: z.string().default(defaultRanges.master).describe("The control plane's own /28"),
  natAddresses: whole(1, 16).default(2).describe("Public addresses of Cloud NAT"),
  existing: existingNetwork.optional(),
});

const access = z
  .array(
    z.strictObject({
      name: word,
      member: z.string().describe("user:…, group:… or serviceAccount:…"),
      access: oneOf("cluster-admin", "view"),
    }),
  )
  .default([])
  .describe("Who may use the Kubernetes API, beside whoever may by the project's IAM already");

const kubernetes = z.strictObject({
  access,
  version: z.string().optional().describe("Kubernetes minor version. @default 1.34"),
  channel: oneOf("RAPID", "REGULAR", "STABLE").default("REGULAR").describe("How early GKE's patches come"),
  zones: z
    .array(z.string())
    .min(2, { error: "at least 2 zones" })
    .max(3, { error: "at most 3 zones" })
    .optional()
    .describe("Zones of the nodes. @default the region's a, b and c"),
  nodePools: z
    .record(
      z.string(),
      z.strictObject({
        machineType: z.string(),
        ...nodeKind(1000),
      }),
    )
    .optional()
    .describe("Kinds of nodes, sizes of each zone. @default one kind, 1 to 5 nodes a zone"),
  nodeEncryption: z
    .boolean()
    .default(true)
    .describe(
      "Encrypts what pods say to pods of other nodes, by WireGuard in GKE's agents: the claims need it where apps are served. Up to 500 nodes",
    ),
  publicApi: z.array(peers).default([]).describe("Networks that may reach the API over the internet. @default none"),
  existing: z.boolean().default(false).describe("The cluster named clusterName is yours: looked up, never changed"),
});

export const googleBaseSchema = z
  .strictObject({
    ...both,
    phase: z.literal("base"),
    network: network.prefault({}),
    kubernetes: kubernetes.prefault({}),
    transportPolicies: oneOf("base", "yours")
      .default("yours")
      .describe(
        "Who sets the policies that refuse plain HTTP and TLS before 1.2 in the project: you, for all of your organisation; or this stack, run by somebody with roles/orgpolicy.policyAdmin there",
      ),
    management: management.optional(),
    privateLink: privateLink.optional(),
  })
  .check(checkBase)
  .transform((config) => {
    const zones = config.kubernetes.zones ?? ["a", "b", "c"].map((letter) => `${config.region}-${letter}`);
    return withNames({ ...config, kubernetes: { ...config.kubernetes, zones } });
  });

const logs = z
  .strictObject({ retentionDays: whole(1, longestRetention).default(365).describe("How long logs are kept") })
  .describe("Keeps the task pods' logs in Cloud Logging. @default they are told as long as their pods are there");

const account = text('a-z, 0-9 and "-", 6 to 30 characters', /^(?=.{6,30}$)[a-z](?:[a-z0-9]|-(?=[a-z0-9]))*$/);

export const googleCustomerSchema = z
  .strictObject({
    ...both,
    ...serving,
    ...workloads,
    clusterOwner: oneOf("base", "yours")
      .default("base")
      .describe("Who made the cluster: the base phase, or you, without one"),
    nodeAccount: z
      .string()
      .optional()
      .describe("With clusterOwner yours: e-mail of the nodes' account, which pulls images. @default the base's"),
    apiAddress: z.string().optional().describe("With link private-link: the address that the link's stack answers"),
    managementAccount: z
      .string()
      .optional()
      .describe("BYOC: e-mail of the vendor's account. @default the one that the base made"),
    serviceAccountQuota: whole(20, 100_000)
      .default(100)
      .describe("Service accounts of the project, where Google raised the quota"),
    roles: z
      .strictObject({ admin: account.default("adminflyterole"), user: account.default("userflyterole") })
      .prefault({})
      .describe("Ids of the two platform accounts"),
    keys: z
      .strictObject({
        data: keyName.optional(),
        images: keyName.optional(),
        secrets: keyName.optional(),
        logs: keyName.optional(),
        metrics: keyName.optional(),
      })
      .prefault({})
      .describe("Keys of yours for buckets, images, secrets, logs and metrics. @default made here"),
    secretsBackend: oneOf("kubernetes", "gcp-secret-manager")
      .optional()
      .describe("@default kubernetes for self-managed, gcp-secret-manager for BYOC"),
    logs: logs.optional(),
    metricsStore: metricsStore.optional(),
  })
  .check(checkWorkloads)
  .check(({ value, issues }) => {
    if ((value.link === "private-link") !== (value.apiAddress !== undefined)) {
      const message = "the link's address with link private-link, and nothing otherwise";
      issues.push({ code: "custom", path: ["apiAddress"], input: value.apiAddress, message });
    }
    if (value.clusterOwner === "yours" && !value.nodeAccount) {
      const message = "required with a cluster of yours: whom your registry lets pull";
      issues.push({ code: "custom", path: ["nodeAccount"], input: undefined, message });
    }
  })
  .transform((config) => withConsole(withNames(config)));

export const googleLinkSchema = z.strictObject({
  shape: z.literal("customer"),
  phase: z.literal("link"),
  cloud: z.literal("gcp"),
  org: word,
  cluster: word,
  project: googleProject.describe("The vendor's own, one of the base's privateLink.acceptedProjects"),
  region: googleRegion.describe("The customer's"),
  network: z.string().describe("Of the vendor's, where clusters are managed from"),
  subnetwork: z.string().describe("Of that network and region: the endpoint's address is in it"),
  serviceAttachment: z.string().describe("As the customer's base answers it"),
  tags: z.record(z.string(), z.string()).default({}).describe("Your own labels"),
});
