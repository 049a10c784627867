/** A region's control plane. */
import { z } from "zod";
import { reservedApplications } from "../../components/control-plane/tenant-names.ts";
import { common, newCluster, newNetwork, serving } from "./common.ts";
import {
  host,
  image,
  label,
  namespace,
  oneOf,
  peers,
  pem,
  problems,
  region,
  repeated,
  secret,
  text,
  whole,
  word,
} from "./words.ts";

const nodePort = whole(30000, 32767);

const edge = z.strictObject({
  zoneId: text("the id of the Cloudflare zone", /^\S+$/),
  accountId: text("the id of the Cloudflare account", /^\S+$/)
    .optional()
    .describe("Of the account that the zone is in. Needed where a tenant has a tunnelHost or an appsDomain"),
  cloudflareApi: z
    .url({ protocol: /^https$/, error: "an https URL" })
    .default("https://api.cloudflare.com/client/v4")
    .describe("Where the region asks Cloudflare, with tunnelReconcilerToken"),
  zoneName: host.optional().describe("Name of the zone: both hosts are checked to be in it. @default not checked"),
  zone: oneOf("own", "shared")
    .default("own")
    .describe("own: this stack sets the zone's TLS settings, firewall and limits. shared: another stack of it does"),
  firewall: oneOf("block", "log").default("block"),
  rateLimits: z
    .strictObject({ requests: whole(1, 1_000_000).optional(), logins: whole(1, 100_000).optional() })
    .optional(),
  originPullCa: pem
    .optional()
    .describe("Authority of the client certificate that the edge shows already. @default one of the stack's own"),
});

const application = z.strictObject({
  name: word.describe("Its client id is <org>-<name>"),
  role: oneOf("admin", "contributor", "viewer"),
  places: z
    .array(z.strictObject({ project: label.optional(), domain: label }))
    .min(1, { error: "at least one place" })
    .optional()
    .describe("Where the role holds: a project in a domain, or a domain of every project. @default everywhere"),
});

const tenants = z
  .array(
    z.strictObject({
      org: word,
      cluster: word.optional().describe("The name of its compute plane. @default none yet: nothing of it can run"),
      egress: z
        .array(peers)
        .min(1, { error: "at least one network" })
        .optional()
        .describe("The customer's NAT addresses: tunnels come from there"),
      tunnelHost: host
        .optional()
        .describe(
          "Host of the zone that leads to its cluster through Cloudflare. @default the cluster dials relayHost",
        ),
      appsDomain: host
        .optional()
        .describe("Domain of the zone under which its cluster serves apps, as its own apps.domain. @default none"),
      applications: z
        .array(application)
        .default([])
        .describe("Service accounts beside the first administrator; their secrets are in the stack's outputs"),
      people: z
        .array(
          z.strictObject({
            group: text("the name of a group, up to 256 characters", /^.{1,256}$/),
            role: oneOf("admin", "contributor", "viewer", "none").describe("none: only what policies give"),
          }),
        )
        .default([])
        .describe("Whose groups at the identity provider (`upstream`) belong to it. @default nobody signs in"),
    }),
  )
  .min(1, { error: "at least one tenant" });

const database = z
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
  .prefault({});

const backups = z.strictObject({
  copyRegion: region.describe("Where each daily snapshot is copied to"),
  dailyAt: text("hh:mm, UTC", /^\d\d:\d\d$/).default("06:30"),
  retentionDays: whole(1, 36_500).default(35),
  copyRetentionDays: whole(1, 36_500).default(90),
});

const audit = z
  .strictObject({
    bucket: text("the name of a bucket", /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
      .optional()
      .describe("@default biplane-audit-<endpoint>"),
    lockDays: whole(1, 36_500).default(365).describe("Days for which nobody can delete a record"),
    keepDays: whole(1, 36_500).default(730),
    logDays: whole(1, 3653).default(365),
    calls: oneOf("benchmark", "essential")
      .default("benchmark")
      .describe(
        "Which calls alarms tell. benchmark: those of CIS AWS Foundations 1.4. essential: the root user and the trail, where the organisation has alarms of its own for the rest",
      ),
  })
  .prefault({});

const tokenKey = z.int().min(1).max(9999);

const tokenKeys = z
  .strictObject({
    signing: tokenKey.default(1).describe("The one that signs"),
    published: z
      .array(tokenKey)
      .max(2)
      .default([])
      .describe("Trusted besides: the next one before it signs, the last one until all that it signed has ended"),
  })
  .prefault({})
  .describe("Keys of access tokens, by number; how to change them: docs/runbooks/change-token-key.md");

export const regionSchema = z
  .strictObject({
    shape: z.literal("region"),
    ...common,
    ...serving,
    network: z.strictObject(newNetwork).prefault({}),
    kubernetes: z.strictObject(newCluster),
    endpoint: host.describe("Public host of the API, behind Cloudflare; it issues the tokens"),
    relayHost: host.describe("Public host that clusters dial, not behind Cloudflare"),
    edge,
    images: z.strictObject({ services: image }),
    tenants,
    clusterLinks: z
      .array(z.strictObject({ org: word, cluster: word, serviceName: z.string(), apiHost: z.string() }))
      .default([])
      .describe("PrivateLink to BYOC clusters, from the customers' base outputs"),
    database,
    backups,
    audit,
    alarms: z
      .array(z.strictObject({ protocol: oneOf("email", "https", "sqs"), endpoint: z.string() }))
      .default([])
      .describe("Who is told. @default nobody: alarms are seen in the console only"),
    nodePorts: z
      .strictObject({ gateway: nodePort.default(30443), relay: nodePort.default(30444) })
      .prefault({})
      .describe("Ports of the nodes that the balancers forward to"),
    namespace: namespace.default("union-cp"),
    tokenKeys,
    upstream: z
      .strictObject({
        issuer: z.url({ protocol: /^https$/, error: "an https URL" }),
        clientId: text("the id of the region's application there", /^\S{1,256}$/),
        scopes: text("scopes with spaces between them", /^openid( \S+)*$/)
          .default("openid email groups")
          .describe("What is asked for; the e-mail address must be among it"),
        groupsClaim: text("the name of a claim", /^\S{1,256}$/).default("groups"),
        staffGroup: text("the name of a group, up to 256 characters", /^.{1,256}$/)
          .optional()
          .describe("Of the region's own staff, whom a tenant may let in for a while. @default nobody is staff"),
      })
      .optional()
      .describe("OIDC provider of the people. @default only applications sign in"),
    upstreamClientSecret: secret.optional().describe("Secret of upstream.clientId"),
    tunnelReconcilerToken: secret
      .optional()
      .describe(
        "Token of Cloudflare's API by which the region puts its tunnels right by itself: docs/runbooks/keep-tunnels.md. @default only `up` does",
      ),
  })
  .check(({ value, issues }) => {
    const problem = problems(issues);
    if (value.relayHost === value.endpoint) problem(["relayHost"], value.relayHost, "another host than endpoint's");
    if (value.nodePorts.gateway === value.nodePorts.relay) {
      problem(["nodePorts", "relay"], value.nodePorts.relay, "another port than the gateway's");
    }
    const trusted = [value.tokenKeys.signing, ...value.tokenKeys.published];
    for (const [at, key] of repeated(trusted, String)) {
      problem(["tokenKeys", "published", at - 1], key, "each number once, and not the one that signs");
    }
    if ((value.upstream === undefined) !== (value.upstreamClientSecret === undefined)) {
      const at = value.upstream === undefined ? "upstream" : "upstreamClientSecret";
      problem([at], undefined, "upstream and upstreamClientSecret, or neither");
    }
    for (const [at, { tunnelHost, cluster }] of value.tenants.entries()) {
      if (tunnelHost === undefined) continue;
      if (cluster === undefined) problem(["tenants", at, "tunnelHost"], tunnelHost, "none without a cluster");
      if (value.edge.accountId === undefined) problem(["edge", "accountId"], undefined, "required with a tunnelHost");
    }
    for (const [at, { appsDomain, cluster }] of value.tenants.entries()) {
      if (appsDomain === undefined) continue;
      if (cluster === undefined) problem(["tenants", at, "appsDomain"], appsDomain, "none without a cluster");
      for (const name of ["accountId", "zoneName"] as const) {
        if (value.edge[name] === undefined) problem(["edge", name], undefined, "required with an appsDomain");
      }
    }
    const domains = value.tenants.flatMap(({ appsDomain }, at) =>
      appsDomain === undefined ? [] : [{ appsDomain, at }],
    );
    for (const [, { at, appsDomain }] of repeated(domains, (one) => one.appsDomain)) {
      problem(["tenants", at, "appsDomain"], appsDomain, "no other tenant's");
    }
    const hosts = [value.endpoint, value.relayHost, ...value.tenants.map(({ tunnelHost }) => tunnelHost)];
    for (const [index, tunnelHost] of hosts.entries()) {
      if (tunnelHost === undefined || hosts.indexOf(tunnelHost) === index || index < 2) continue;
      problem(
        ["tenants", index - 2, "tunnelHost"],
        tunnelHost,
        "a host that is no other tenant's and not the region's",
      );
    }
    for (const [at, { people }] of value.tenants.entries()) {
      if (people.length > 0 && !value.upstream) problem(["tenants", at, "people"], people, "none without upstream");
    }
    for (const [at, { people }] of value.tenants.entries()) {
      const index = people.findIndex(({ group }) => group === value.upstream?.staffGroup);
      if (index >= 0) problem(["tenants", at, "people", index, "group"], people[index]?.group, "no group of the staff");
    }
    // One group of two organisations would make its people nobody's.
    const groups = value.tenants.flatMap(({ people }, at) => people.map(({ group }, index) => ({ at, index, group })));
    for (const [, { at, index, group }] of repeated(groups, (one) => one.group)) {
      problem(["tenants", at, "people", index, "group"], group, "each group once, and in one tenant");
    }
    for (const [at, { org }] of repeated(value.tenants, ({ org }) => org)) {
      problem(["tenants", at, "org"], org, "each organisation once");
    }
    for (const [at, { cluster, egress, applications }] of value.tenants.entries()) {
      if ((cluster === undefined) !== (egress === undefined)) {
        problem(["tenants", at], { cluster, egress }, "a cluster and the addresses that it comes from, or neither");
      }
      for (const [index, { name }] of applications.entries()) {
        const path = ["tenants", at, "applications", index, "name"];
        if (reservedApplications.includes(name))
          problem(path, name, `a name other than ${reservedApplications.join(", ")}`);
      }
      for (const [index, { name }] of repeated(applications, (one) => one.name)) {
        problem(["tenants", at, "applications", index, "name"], name, "each application once");
      }
    }
    for (const [at, link] of value.clusterLinks.entries()) {
      if (!value.tenants.some(({ org, cluster }) => org === link.org && cluster === link.cluster)) {
        problem(["clusterLinks", at], `${link.org}/${link.cluster}`, "a cluster of one of the tenants");
      }
    }
  })
  .transform((config) => ({
    ...config,
    audit: { ...config.audit, bucket: config.audit.bucket ?? `biplane-audit-${config.endpoint.replaceAll(".", "-")}` },
  }));
