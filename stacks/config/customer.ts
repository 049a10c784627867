/** A customer's compute plane on AWS, in two phases: nobody reaches a private API in the `up` that makes it. */
import { z } from "zod";
import { defaultTags } from "../../components/image-builder/tags.ts";
import { shipperKinds } from "../../components/logs/contract.ts";
import { retentions } from "../../components/logs/retentions.ts";
import { access, common, existingNetwork, newCluster, newNetwork, serving } from "./common.ts";
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
import { awsId, image, keyArn, oneOf, principalArn, problems, role, text, whole } from "./words.ts";

const both = {
  ...common,
  ...customerOf({
    cluster: text("the name of an EKS cluster", /^[A-Za-z0-9][\w-]{0,99}$/),
    clusterKind: "EKS",
    repository: text("a repository path, such as union/tasks", /^[a-z0-9]+(?:[-/][a-z0-9]+)*$/),
    defaultRepository: "union/tasks",
  }),
  cloud: z.literal("aws").default("aws").describe("Which cloud; each has its own settings"),
};

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
  .check(checkBase)
  .check(({ value: { network, privateLink: link }, issues }) => {
    if (network.existing && link && !link.clusterCidrs) {
      problems(issues)(["privateLink", "clusterCidrs"], undefined, "required with an existing network");
    }
  })
  .transform(withNames);

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

const imageBuilder = z
  .strictObject({
    image: image.describe("BuildKit, by digest, with rootlesskit, runc and uv: see docs/decisions/0033"),
    approvedBases: z
      .array(z.string())
      .min(1, { error: "at least one registry" })
      .describe("Registries, paths in them or repositories that base images may come from"),
    tags: z
      .string()
      .default(defaultTags)
      .describe("How images are called in the registry, out of {project}, {domain}, {name} and {version}"),
    registries: z
      .array(z.string())
      .min(1, { error: "at least one network" })
      .describe("Networks in which the registries of bases, and this plane's own, answer TLS"),
    packages: z
      .strictObject({
        url: text("an HTTP proxy such as http://proxy.example.com:3128", /^http:\/\/[a-z0-9.-]+(?::\d{1,5})?$/),
        networks: z.array(z.string()).min(1, { error: "at least one network" }).describe("Where it answers"),
      })
      .describe("The one proxy by which packages reach a build"),
  })
  .describe("Builds task images in the cluster (`--image-builder remote`). @default none are built");

export const customerSchema = z
  .strictObject({
    ...both,
    ...serving,
    ...workloads,
    clusterOwner: oneOf("base", "yours")
      .default("base")
      .describe("Who made the cluster: the base phase, or you, without one"),
    access: access.optional().describe("With clusterOwner yours: entries to add to the cluster's own"),
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
        metrics: keyArn.optional(),
      })
      .prefault({})
      .describe("Keys of yours for buckets, images, secrets, logs and metrics. @default made here"),
    secretsBackend: oneOf("kubernetes", "aws-secrets-manager")
      .optional()
      .describe("@default kubernetes for self-managed, aws-secrets-manager for BYOC"),
    accessLogs: whole(1, 3650).optional().describe("Days that the buckets' access logs are kept. @default no logs"),
    logs: logs.optional(),
    metricsStore: metricsStore.optional(),
    imageBuilder: imageBuilder.optional(),
  })
  .check(checkWorkloads)
  .check(({ value, issues }) => {
    if (value.access && value.clusterOwner === "base") {
      problems(issues)(["access"], value.access, "nothing: the base phase lists who may use its cluster");
    }
  })
  .transform((config) => withConsole(withNames(config)));
