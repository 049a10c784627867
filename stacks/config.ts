/** The configuration of each shape: one schema, from which reading, refusing and the published JSON Schema come. */
import { z } from "zod";
import { taskClientId } from "../components/control-plane/tenants.ts";

/** A text with its rule in words: the words are what a person is told when it is broken. */
const text = (allowed: string, pattern: RegExp) =>
  z.string({ error: allowed }).regex(pattern, { error: allowed }).describe(allowed);

/** Room is left for what is added to it: no derived name passes the 63 characters of a DNS label. */
const word = text(
  'a-z, 0-9 and "-", from 1 to 30 characters, beginning with a letter',
  /^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,29}$/,
);
const namespace = text('a-z, 0-9 and "-", up to 63 characters', /^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,62}$/);
const host = text(
  "a host name without scheme or port, such as us-east-2.example.com",
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/,
);
const region = text("an AWS region, such as us-east-2", /^[a-z]{2}(?:-[a-z]+)+-\d$/);
const image = text(
  "an image by digest, such as registry/name@sha256:<64 hex digits>",
  /^[\w.:-]+(?:\/[\w.-]+)+@sha256:[0-9a-f]{64}$/,
);
const pem = text("a certificate in PEM", /^-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/);
const secret = text("at least 20 letters and digits", /^[\w.~-]{20,}$/);
const role = text("letters, digits and _+=,.@-, up to 64 characters", /^[\w+=,.@-]{1,64}$/);

const octet = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const network = (allowed: string, lengths: string) =>
  text(allowed, new RegExp(`^(?:${octet}\\.){3}${octet}/(?:${lengths})$`));
const ownNetwork = network("an IPv4 network of /16 to /20, such as 10.40.0.0/16", "1[6-9]|20");
const peers = network(
  "an IPv4 network of /16 to /32, such as 203.0.113.7/32; never the whole internet",
  "1[6-9]|2\\d|3[0-2]",
);

const whole = (least: number, most: number) => {
  const allowed = `a whole number from ${least} to ${most}`;
  return z.int({ error: allowed }).min(least, { error: allowed }).max(most, { error: allowed });
};
const oneOf = <const Words extends [string, ...string[]]>(...words: Words) =>
  z.enum(words, { error: words.join(" or ") });

/** What both shapes know. */
const common = {
  region,
  network: z
    .strictObject({
      cidr: ownNetwork.default("10.40.0.0/16"),
      zones: z
        .array(z.string())
        .min(2, { error: "at least 2 zones: databases and clusters span them" })
        .max(3, { error: "at most 3 zones" })
        .optional()
        .describe("Availability zones. @default the region's a, b and c"),
    })
    .prefault({}),
  replicas: whole(1, 20).default(2).describe("Pods of each service that can run more than once"),
  dnsServers: z.array(peers).default([]).describe("DNS servers beside the cluster's own, such as a node-local cache"),
  dataProtection: oneOf("on", "off").default("on").describe("on: what holds data cannot be destroyed. off: all can"),
  tags: z.record(z.string(), z.string()).default({}).describe("Your own tags, on every AWS resource beside ours"),
};

const nodePort = whole(30000, 32767);

export const regionSchema = z
  .strictObject({
    shape: z.literal("region"),
    ...common,
    endpoint: host.describe("Public host of the API, behind Cloudflare; it issues the tokens"),
    relayHost: host.describe("Public host that clusters dial, not behind Cloudflare"),
    edge: z.strictObject({
      zoneId: text("the id of the Cloudflare zone", /^\S+$/),
      originPullCa: pem.describe(
        "Authority of the edge's client certificate (authenticated origin pulls of the zone's own)",
      ),
    }),
    images: z.strictObject({ services: image }),
    tenants: z
      .array(
        z.strictObject({
          org: word,
          cluster: word,
          egress: z
            .array(peers)
            .min(1, { error: "at least one network" })
            .describe("The customer's NAT addresses: tunnels come from there"),
        }),
      )
      .min(1, { error: "at least one tenant" }),
    database: z
      .strictObject({
        instanceClass: text("an RDS instance class, such as db.m7g.large", /^db\.[a-z0-9]+\.[a-z0-9]+$/).default(
          "db.m7g.large",
        ),
        addresses: z
          .array(peers)
          .min(1)
          .optional()
          .describe("Where it answers, for network policies. @default the isolated subnets"),
        authority: pem.optional().describe("Bundle that its certificate is verified with. @default the system's"),
      })
      .prefault({}),
    nodePorts: z
      .strictObject({ gateway: nodePort.default(30443), relay: nodePort.default(30444) })
      .prefault({})
      .describe("Ports of the nodes that the balancers forward to"),
    namespace: namespace.default("union-cp"),
    upstreamOidcIssuer: z
      .url({ protocol: /^https$/, error: "an https URL" })
      .optional()
      .describe("OIDC provider of the users"),
  })
  .check(({ value, issues }) => {
    const problem = (path: PropertyKey[], input: unknown, message: string) =>
      issues.push({ code: "custom", path, input, message });
    if (value.relayHost === value.endpoint) problem(["relayHost"], value.relayHost, "another host than endpoint's");
    if (value.nodePorts.gateway === value.nodePorts.relay) {
      problem(["nodePorts", "relay"], value.nodePorts.relay, "another port than the gateway's");
    }
    for (const [at, { org }] of repeated(value.tenants, ({ org }) => org)) {
      problem(["tenants", at, "org"], org, "each organisation once");
    }
  });

const reservedNamespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

export const customerSchema = z
  .strictObject({
    shape: z.literal("customer"),
    ...common,
    model: oneOf("byoc", "self-managed").describe(
      "Who operates the cluster; self-managed makes no vendor principal at all",
    ),
    org: word,
    cluster: word.describe("Name that the cluster is registered by"),
    controlPlaneHost: host.describe("The region's endpoint"),
    images: z.strictObject({ services: image, task: image.optional() }),
    projects: z
      .array(z.strictObject({ project: word, domain: word }))
      .min(1, { error: "at least one project and domain" })
      .describe("Each pair gets a namespace <project>-<domain>"),
    roles: z
      .strictObject({ admin: role.default("adminflyterole"), user: role.default("userflyterole") })
      .prefault({})
      .describe("Names of the two platform roles"),
    namespace: namespace.default("union").describe("Namespace of the platform's services"),
    bucketPrefix: text('a-z, 0-9 and "-", up to 50 characters', /^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,49}$/)
      .optional()
      .describe("Both buckets' names begin with it. @default biplane-<org>-<cluster>"),
    repository: text("a repository path, such as union/tasks", /^[a-z0-9]+(?:[-/][a-z0-9]+)*$/).default("union/tasks"),
    consoleOrigin: z
      .url({ protocol: /^https$/, error: "an https origin" })
      .optional()
      .describe("Where the console is served from. @default https://<controlPlaneHost>"),
    dataPlaneClientId: z.string().min(1).optional().describe("Application that task pods act as. @default <org>-tasks"),
    registrationToken: secret.describe("Joins the cluster to its region; from the region's outputs"),
    dataPlaneClientSecret: secret.describe("Secret of dataPlaneClientId; from the region's outputs"),
  })
  .check(({ value, issues }) => {
    const problem = (path: PropertyKey[], input: unknown, message: string) =>
      issues.push({ code: "custom", path, input, message });
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
    if (value.roles.admin === value.roles.user)
      problem(["roles", "user"], value.roles.user, "another name than the admin role's");
  })
  .transform((config) => ({
    ...config,
    bucketPrefix: config.bucketPrefix ?? `biplane-${config.org}-${config.cluster}`,
    consoleOrigin: config.consoleOrigin ?? `https://${config.controlPlaneHost}`,
    dataPlaneClientId: config.dataPlaneClientId ?? taskClientId(config.org),
  }));

export const schemas = { region: regionSchema, customer: customerSchema };
export type Shape = keyof typeof schemas;
export type RegionConfig = z.output<typeof regionSchema>;
export type CustomerConfig = z.output<typeof customerSchema>;

/** Keys whose values are shown to nobody: give them by `pulumi config set --secret`. */
export const secretKeys: Record<Shape, string[]> = {
  region: [],
  customer: ["registrationToken", "dataPlaneClientSecret"],
};

/** The zones that the design counts on; a region without them names its own. */
export function zonesOf({ region, network }: Pick<RegionConfig, "region" | "network">): string[] {
  return network.zones ?? ["a", "b", "c"].map((letter) => `${region}${letter}`);
}

/** @returns the JSON Schema of what a person writes, keys without the `biplane:` before them. */
export function configJsonSchema(shape: Shape): object {
  return z.toJSONSchema(schemas[shape], { io: "input" });
}

function* repeated<Item>(items: Item[], keyOf: (item: Item) => string): Generator<[number, Item]> {
  const seen = new Set<string>();
  for (const [at, item] of items.entries()) {
    if (seen.has(keyOf(item))) yield [at, item];
    seen.add(keyOf(item));
  }
}
