/** A customer's compute plane, in two phases: nobody reaches a private API in the `up` that makes it. */
import { z } from "zod";
import { taskClientId } from "../../components/control-plane/tenants.ts";
import { shipperKinds } from "../../components/logs/contract.ts";
import { retentions } from "../../components/logs/retentions.ts";
import { access, common, existingNetwork, newCluster, newNetwork, serving } from "./common.ts";
import {
  awsId,
  host,
  image,
  keyArn,
  namespace,
  oneOf,
  principalArn,
  problems,
  repeated,
  role,
  secret,
  text,
  whole,
  word,
} from "./words.ts";

const model = oneOf("byoc", "self-managed").describe(
  "Who operates the cluster; self-managed makes no vendor principal at all",
);
const level = oneOf("full", "no-delete", "read-only");

const both = {
  shape: z.literal("customer"),
  ...common,
  model,
  org: word,
  cluster: word.describe("Name that the cluster is registered by"),
  clusterName: text("the name of an EKS cluster", /^[A-Za-z0-9][\w-]{0,99}$/)
    .optional()
    .describe("Name of the EKS cluster. @default biplane-<cluster>"),
  bucketPrefix: text('a-z, 0-9 and "-", up to 50 characters', /^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,49}$/)
    .optional()
    .describe("Both buckets' names begin with it. @default biplane-<org>-<cluster>"),
  repository: text("a repository path, such as union/tasks", /^[a-z0-9]+(?:[-/][a-z0-9]+)*$/).default("union/tasks"),
};

interface Named {
  org: string;
  cluster: string;
  clusterName?: string;
  bucketPrefix?: string;
}

/** What both phases must come to alike, each by itself. */
function withNames<Config extends Named>(config: Config) {
  return {
    ...config,
    clusterName: config.clusterName ?? `biplane-${config.cluster}`,
    bucketPrefix: config.bucketPrefix ?? `biplane-${config.org}-${config.cluster}`,
  };
}

const management = z
  .strictObject({
    principals: z.array(principalArn).min(1, { error: "at least one role of the vendor's" }),
    externalId: text("16 to 1224 letters, digits and _+=,.@:/-", /^[\w+=,.@:/-]{16,1224}$/),
    level: level.default("no-delete"),
  })
  .describe("BYOC: the vendor's one way into this account");

const privateLink = z
  .strictObject({
    principals: z.array(principalArn).min(1, { error: "at least one: the role that deploys the region" }),
    acceptedEndpoints: z.array(awsId("vpce")).default([]).describe("Endpoints that are let in; all others wait"),
    clusterCidrs: z
      .array(z.string())
      .optional()
      .describe("Of an existing network: the small subnets of the cluster's own interfaces"),
  })
  .describe("BYOC: the vendor's private path to the Kubernetes API");

export const customerBaseSchema = z
  .strictObject({
    ...both,
    phase: z.literal("base"),
    network: z.strictObject({ ...newNetwork, existing: existingNetwork.optional() }).prefault({}),
    kubernetes: z.strictObject({
      ...newCluster,
      existing: z.boolean().default(false).describe("The cluster named clusterName is yours: looked up, never changed"),
    }),
    management: management.optional(),
    privateLink: privateLink.optional(),
  })
  .check(({ value, issues }) => {
    const problem = problems(issues);
    const { model, kubernetes, network } = value;
    for (const name of ["management", "privateLink"] as const) {
      const given = value[name];
      if (model === "self-managed" && given)
        problem([name], given, "nothing: no vendor has a way into a self-managed plane");
      if (model === "byoc" && !given) problem([name], given, "required for BYOC");
    }
    if (model === "byoc" && kubernetes.publicApi.length > 0) {
      problem(["kubernetes", "publicApi"], kubernetes.publicApi, "nothing for BYOC: its API is never on the internet");
    }
    if (network.existing && value.privateLink && !value.privateLink.clusterCidrs) {
      problem(["privateLink", "clusterCidrs"], undefined, "required with an existing network");
    }
    if (kubernetes.existing && !network.existing) {
      problem(["network", "existing"], undefined, "required with an existing cluster: its network is yours too");
    }
  })
  .transform(withNames);

const narrowEgress = z.strictObject({
  cloudflareRanges: z.literal(true),
  endpoints: z.array(z.string()).describe("The cluster's API and the cloud's endpoints"),
  region: z
    .array(z.string())
    .optional()
    .describe("The relay's networks, for what speaks to the region alone. @default among endpoints"),
});

const egress = z
  .union([z.literal("open-443"), narrowEgress])
  .default("open-443")
  .describe("Where TLS connections may leave to: anywhere, or Cloudflare's published ranges and the given networks");

const logs = z
  .strictObject({
    shipper: oneOf(...shipperKinds)
      .default("fluent-bit")
      .describe("The program whose image this is"),
    image: image.describe("The shipper's image, by digest"),
    retentionDays: z
      .number()
      .refine((days) => retentions.includes(days), { error: `one of ${retentions.join(", ")}` })
      .default(365)
      .describe("How long logs are kept; the numbers of days that CloudWatch Logs knows"),
  })
  .describe("Keeps the task pods' logs in CloudWatch Logs. @default they are told as long as their pods are there");

const reservedNamespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

export const customerSchema = z
  .strictObject({
    ...both,
    ...serving,
    phase: z.literal("workloads"),
    clusterOwner: oneOf("base", "yours")
      .default("base")
      .describe("Who made the cluster: the base phase, or you, without one"),
    access: access.optional().describe("With clusterOwner yours: entries to add to the cluster's own"),
    link: oneOf("none", "private-link", "inside")
      .default("none")
      .describe("How this machine reaches a private API: by the region's PrivateLink, or from inside the network"),
    managementLevel: level.default("no-delete").describe("BYOC: what the vendor's group may do in the cluster"),
    controlPlaneHost: host.describe("The region's endpoint"),
    images: z.strictObject({
      services: image,
      task: image.optional(),
      connector: image
        .optional()
        .describe(
          "Cloudflare's cloudflared: the region comes through Cloudflare. @default the tunnel dials the region",
        ),
    }),
    projects: z
      .array(
        z.strictObject({
          project: word,
          domain: word,
          onDemand: z
            .boolean()
            .default(false)
            .describe("true: its namespace is made when the region has the project, without another `up`"),
        }),
      )
      .min(1, { error: "at least one project and domain" })
      .describe("Each pair gets a namespace <project>-<domain>"),
    isolation: oneOf("shared", "project")
      .default("shared")
      .describe("project: each project-domain has a role that reaches its own prefix only"),
    trustPolicyQuota: z
      .union([z.literal(2048), z.literal(4096)])
      .default(2048)
      .describe("Characters of a trust policy: 4096 where AWS raised the account's quota"),
    roleQuota: whole(100, 5000).default(1000).describe("Roles of the account, where AWS raised the quota"),
    roles: z
      .strictObject({ admin: role.default("adminflyterole"), user: role.default("userflyterole") })
      .prefault({})
      .describe("Names of the two platform roles"),
    keys: z
      .strictObject({
        data: keyArn.optional(),
        images: keyArn.optional(),
        secrets: keyArn.optional(),
        logs: keyArn.optional(),
      })
      .prefault({})
      .describe("Keys of yours for buckets, images, secrets and logs. @default made here"),
    secretsBackend: oneOf("kubernetes", "aws-secrets-manager")
      .optional()
      .describe("@default kubernetes for self-managed, aws-secrets-manager for BYOC"),
    accessLogs: whole(1, 3650).optional().describe("Days that the buckets' access logs are kept. @default no logs"),
    logs: logs.optional(),
    namespace: namespace.default("union").describe("Namespace of the platform's services"),
    egress,
    approvedRegistries: z
      .array(z.string())
      .optional()
      .describe("Registries that task images may come from. @default any"),
    taskImagesByDigest: z.boolean().default(false).describe("Task pods run images by digest only"),
    consoleOrigin: z
      .url({ protocol: /^https$/, error: "an https origin" })
      .optional()
      .describe("Where the console is served from. @default https://<controlPlaneHost>"),
    dataPlaneClientId: z.string().min(1).optional().describe("Application that task pods act as. @default <org>-tasks"),
    registrationToken: secret.describe("Joins the cluster to its region; from the region's outputs"),
    tunnelToken: secret.optional().describe("With images.connector: what it runs with; from the region's outputs"),
    dataPlaneClientSecret: secret.describe("Secret of dataPlaneClientId; from the region's outputs"),
  })
  .check(({ value, issues }) => {
    const problem = problems(issues);
    const names = value.projects.map(({ project, domain }) => `${project}-${domain}`);
    for (const [at, name] of repeated(names, (name) => name)) {
      problem(["projects", at], name, "each namespace <project>-<domain> once");
    }
    for (const [at, name] of names.entries()) {
      if (name === value.namespace) problem(["projects", at], name, "another namespace than the platform's");
    }
    if (reservedNamespaces.includes(value.namespace)) {
      problem(["namespace"], value.namespace, "a namespace that Kubernetes does not use itself");
    }
    if ((value.images.connector === undefined) !== (value.tunnelToken === undefined)) {
      const at = value.images.connector === undefined ? ["images", "connector"] : ["tunnelToken"];
      problem(at, undefined, "images.connector and tunnelToken, or neither");
    }
    if (value.roles.admin === value.roles.user) {
      problem(["roles", "user"], value.roles.user, "another name than the admin role's");
    }
    if (value.access && value.clusterOwner === "base") {
      problem(["access"], value.access, "nothing: the base phase lists who may use its cluster");
    }
  })
  .transform((config) => ({
    ...withNames(config),
    consoleOrigin: config.consoleOrigin ?? `https://${config.controlPlaneHost}`,
    dataPlaneClientId: config.dataPlaneClientId ?? taskClientId(config.org),
  }));
