import { describe, expect, it } from "vitest";
import { configJsonSchema } from "./config.ts";
import { readConfig, readShape } from "./read-config.ts";
import {
  servesApps as apps,
  byoc,
  customerAccountValues,
  customerBaseValues,
  customerValues,
  image,
  regionValues,
} from "./testing/valid-config.ts";

const region = (changes: Record<string, unknown> = {}) => readConfig("region", regionValues(changes));
const customer = (changes: Record<string, unknown> = {}) => readConfig("customer", customerValues(changes));

describe("readShape", () => {
  it("says what to do when the shape is missing or unknown", () => {
    expect(() => readShape({})).toThrow(/biplane:shape is missing; allowed: region or customer\. Set it by/);
    expect(() => readShape({ "biplane:shape": "planet" })).toThrow(/biplane:shape is "planet"/);
    expect(() => readShape({ "biplane:shape": "customer" })).toThrow(
      /biplane:phase is missing; allowed: base .* workloads .* account/,
    );
  });
});

const acme = { org: "acme", cluster: "main", egress: ["203.0.113.7/32"] };
const behindCloudflare = { zoneId: "zone", accountId: "account" };
const upstream = { issuer: "https://login.test", clientId: "region" };
const upstreamClientSecret = "a-secret-of-some-length";
const people = [{ group: "staff", role: "viewer" }];

describe("readConfig", () => {
  it("fills in what is not said", () => {
    expect(region()).toMatchObject({
      dataProtection: "on",
      replicas: 2,
      nodePorts: { gateway: 30443, relay: 30444 },
      namespace: "union-cp",
      network: { cidr: "10.40.0.0/16" },
    });
    expect(customer()).toMatchObject({
      namespace: "union",
      roles: { admin: "adminflyterole", user: "userflyterole" },
      bucketPrefix: "biplane-acme-main",
      consoleOrigin: "https://us-east-2.biplane.test",
      dataPlaneClientId: "acme-tasks",
    });
  });

  it("leaves other namespaces' keys alone", () => {
    expect(readConfig("region", { ...regionValues(), "aws:region": "us-east-2" }).region).toBe("us-east-2");
  });

  it("lists every problem at once, each with its value and what is allowed", () => {
    const build = () => region({ region: "mars", replicas: 0, endpoint: undefined, colour: "blue" });
    expect(build).toThrow(/^4 settings are wrong in this region stack:/);
    expect(build).toThrow(/- biplane:region is "mars"; allowed: an AWS region, such as us-east-2\./);
    expect(build).toThrow(/- biplane:replicas is 0; allowed: a whole number from 1 to 20\./);
    expect(build).toThrow(
      /- biplane:endpoint is missing; allowed: a host name .* `pulumi config set --path biplane:endpoint`/,
    );
    expect(build).toThrow(/- biplane:colour is not known/);
  });

  it.each([
    ["the relay on the endpoint's host", { relayHost: "us-east-2.biplane.test" }, /biplane:relayHost .*another host/],
    ["one node port for both", { nodePorts: { gateway: 30444, relay: 30444 } }, /biplane:nodePorts\.relay/],
    [
      "a node port outside Kubernetes' range",
      { nodePorts: { gateway: 443 } },
      /biplane:nodePorts\.gateway is 443.*30000/,
    ],
    [
      "a domain of apps of two tenants, and no zone to have it in",
      {
        edge: { zoneId: "zone", accountId: "account" },
        tenants: ["acme", "globex"].map((org) => ({
          ...{ org, cluster: "main", egress: ["203.0.113.7/32"], appsDomain: "apps.biplane.test" },
        })),
      },
      /biplane:edge\.zoneName is missing.*required with an appsDomain[\s\S]*biplane:tenants\[1\]\.appsDomain is "apps/,
    ],
    ["no tenant", { tenants: [] }, /biplane:tenants is \[\]; allowed: at least one tenant/],
    [
      "a tenant twice",
      { tenants: [1, 2].map(() => ({ org: "acme", cluster: "main", egress: ["203.0.113.7/32"] })) },
      /biplane:tenants\[1\]\.org is "acme"; allowed: each organisation once/,
    ],
    [
      "a tenant's cluster without the addresses that it comes from",
      { tenants: [{ org: "acme", cluster: "main" }] },
      /biplane:tenants\[0\] is .*"main".*allowed: a cluster and the addresses that it comes from, or neither/,
    ],
    [
      "an application with a name that is taken",
      { tenants: [{ org: "acme", applications: [{ name: "tasks", role: "viewer" }] }] },
      /biplane:tenants\[0\]\.applications\[0\]\.name is "tasks"; allowed: a name other than admin, tasks/,
    ],
    [
      "an application twice",
      { tenants: [{ org: "acme", applications: [1, 2].map(() => ({ name: "ci", role: "viewer" })) }] },
      /applications\[1\]\.name is "ci"; allowed: each application once/,
    ],
    [
      "a role that no application can have",
      { tenants: [{ org: "acme", applications: [{ name: "ci", role: "task" }] }] },
      /applications\[0\]\.role is "task"; allowed: admin or contributor or viewer/,
    ],
    [
      "the whole internet as a tenant's network",
      { tenants: [{ org: "acme", cluster: "main", egress: ["0.0.0.0/0"] }] },
      /biplane:tenants\[0\]\.egress\[0\] is "0\.0\.0\.0\/0".*never the whole internet/,
    ],
    [
      "an image by tag",
      { images: { services: "registry.test/biplane/services:latest" } },
      /biplane:images\.services .*by digest/,
    ],
    [
      "no PEM for the origin's authority",
      { edge: { zoneId: "z", originPullCa: "x" } },
      /biplane:edge\.originPullCa .*certificate in PEM/,
    ],
    [
      "the signing key published once more",
      { tokenKeys: { signing: 2, published: [1, 2] } },
      /biplane:tokenKeys\.published\[1\] is 2; allowed: each number once, and not the one that signs/,
    ],
    [
      "people without a provider",
      { tenants: [{ org: "acme", people }] },
      /tenants\[0\]\.people .*none without upstream/,
    ],
    [
      "a tunnel's host without the Cloudflare account",
      { tenants: [{ ...acme, tunnelHost: "acme.tunnels.biplane.test" }] },
      /biplane:edge\.accountId is missing; allowed: required with a tunnelHost/,
    ],
    [
      "a tunnel's host without a cluster",
      { edge: behindCloudflare, tenants: [{ org: "acme", tunnelHost: "acme.tunnels.biplane.test" }] },
      /biplane:tenants\[0\]\.tunnelHost .*none without a cluster/,
    ],
    [
      "a tunnel on the region's own host",
      { edge: behindCloudflare, tenants: [{ ...acme, tunnelHost: "relay.us-east-2.biplane.test" }] },
      /tenants\[0\]\.tunnelHost is "relay\.us-east-2\.biplane\.test"; allowed: a host that is no other tenant's/,
    ],
    ["a provider without a secret", { upstream }, /biplane:upstreamClientSecret is missing; allowed: upstream and/],
    [
      "one group of two organisations",
      { upstream, upstreamClientSecret, tenants: ["acme", "globex"].map((org) => ({ org, people })) },
      /biplane:tenants\[1\]\.people\[0\]\.group is "staff"; allowed: each group once, and in one tenant/,
    ],
    [
      "staff who are of a tenant",
      { upstream: { ...upstream, staffGroup: "staff" }, upstreamClientSecret, tenants: [{ org: "acme", people }] },
      /tenants\[0\]\.people\[0\]\.group is "staff"; allowed: no group of the staff/,
    ],
    [
      "a provider in clear",
      { upstream: { ...upstream, issuer: "http://login.test" } },
      /upstream\.issuer .*an https URL/,
    ],
    ["text that is no JSON", { tenants: "[{" }, /biplane:tenants is "\[\{"; allowed: array/],
    ["a URL for a host", { endpoint: "https://us-east-2.biplane.test" }, /biplane:endpoint .*without scheme/],
    ["protection that is neither", { dataProtection: "maybe" }, /biplane:dataProtection .*on or off/],
    ["a network that is too small", { network: { cidr: "10.0.0.0/24" } }, /biplane:network\.cidr/],
    ["one zone", { network: { zones: ["us-east-2a"] } }, /biplane:network\.zones .*at least 2 zones/],
  ])("refuses %s in a region", (_, changes, message) => {
    expect(() => region(changes)).toThrow(message);
  });

  it.each([
    ["an unknown model", { model: "cloud" }, /biplane:model is "cloud"; allowed: byoc or self-managed/],
    ["an organisation in capitals", { org: "ACME" }, /biplane:org is "ACME"; allowed: a-z, 0-9/],
    [
      "one namespace for two projects",
      {
        projects: [
          { project: "a-b", domain: "c" },
          { project: "a", domain: "b-c" },
        ],
      },
      /biplane:projects\[1\] is .*each namespace <project>-<domain> once/,
    ],
    ["a project in the platform's namespace", { namespace: "demo-development" }, /biplane:projects\[0\]/],
    ["Kubernetes' own namespace", { namespace: "kube-system" }, /biplane:namespace is "kube-system"/],
    ["one role for both", { roles: { admin: "same", user: "same" } }, /biplane:roles\.user/],
    ["no project", { projects: [] }, /biplane:projects .*at least one/],
    [
      "a connector without what it runs with",
      { images: { services: image, connector: image } },
      /biplane:tunnelToken is missing; allowed: images\.connector and a tunnel's token, or neither/,
    ],
    [
      "a token of a tunnel without a connector",
      { tunnelToken: "a".repeat(40) },
      /biplane:images\.connector is missing/,
    ],
    [
      "a way to apps where none are served",
      { images: { services: image, connector: image }, appsTunnelToken: "a".repeat(40) },
      /biplane:apps is missing; allowed: required with appsTunnelToken/,
    ],
    [
      "a way to apps without a connector",
      { apps, appsTunnelToken: "a".repeat(40) },
      /biplane:images.connector is missing/,
    ],
    ["a bucket prefix with dots", { bucketPrefix: "a.b" }, /biplane:bucketPrefix/],
  ])("refuses %s in a customer", (_, changes, message) => {
    expect(() => customer(changes)).toThrow(message);
  });

  it.each([
    ["a vendor's role in a self-managed base", { management: byoc.management }, /biplane:management .*no vendor/],
    ["a private link in a self-managed base", { privateLink: byoc.privateLink }, /biplane:privateLink .*no vendor/],
    ["a BYOC base without its role", { ...byoc, management: undefined }, /biplane:management is missing.*BYOC/],
    ["a BYOC base without its link", { ...byoc, privateLink: undefined }, /biplane:privateLink is missing.*BYOC/],
    [
      "a whole account as vendor",
      { ...byoc, management: { ...byoc.management, principals: ["arn:aws:iam::9:root"] } },
      /principals\[0\]/,
    ],
    [
      "an ExternalId that can be guessed",
      { ...byoc, management: { ...byoc.management, externalId: "acme" } },
      /externalId/,
    ],
    [
      "a public API for BYOC",
      { ...byoc, kubernetes: { access: [], publicApi: ["203.0.113.0/24"] } },
      /never on the internet/,
    ],
    [
      "the whole internet at the API",
      { kubernetes: { access: [], publicApi: ["0.0.0.0/0"] } },
      /biplane:kubernetes\.publicApi\[0\]/,
    ],
    [
      "an existing cluster in a new network",
      { kubernetes: { access: [], existing: true } },
      /biplane:network\.existing/,
    ],
    [
      "a subnet that is none",
      { network: { existing: { vpcId: "vpc-0", privateSubnetIds: ["a", "b"] } } },
      /privateSubnetIds\[0\]/,
    ],
  ])("refuses %s", (_, changes, message) => {
    expect(() => readConfig("customer-base", customerBaseValues(changes))).toThrow(message);
  });

  it.each([
    [
      "a link of no tenant",
      { clusterLinks: [{ org: "acme", cluster: "other", serviceName: "s", apiHost: "h" }] },
      /clusterLinks\[0\]/,
    ],
    ["no second region for backups", { backups: {} }, /biplane:backups\.copyRegion/],
  ])("refuses %s in a region", (_, changes, message) => {
    expect(() => region(changes)).toThrow(message);
  });

  it.each([
    ["entries for a cluster that the base made", { access: [] }, /biplane:access .*base phase/],
    ["a quota that AWS does not give", { trustPolicyQuota: 8192 }, /biplane:trustPolicyQuota/],
    ["a narrow egress without networks", { egress: { cloudflareRanges: true } }, /biplane:egress/],
  ])("refuses %s in workloads", (_, changes, message) => {
    expect(() => customer(changes)).toThrow(message);
  });

  it.each([
    ["no address", { email: undefined }, /biplane:email/],
    ["an address without a host", { email: "acme" }, /biplane:email/],
    ["a unit that is none", { organizationalUnit: "acme" }, /biplane:organizationalUnit/],
    ["what the base is told", { model: "byoc" }, /biplane:model is not known/],
  ])("refuses %s for an account", (_, changes, message) => {
    expect(() => readConfig("customer-account", customerAccountValues(changes))).toThrow(message);
  });

  it("never shows a secret's value", () => {
    const build = () => customer({ registrationToken: "short but secret" });
    expect(build).toThrow(/biplane:registrationToken has a wrong form/);
    expect(build).not.toThrow(/short but secret/);
    const token = () => customer({ appsTunnelToken: "neither a token" });
    expect(token).toThrow(/biplane:appsTunnelToken has a wrong form/);
    expect(token).not.toThrow(/neither a token/);
    const provider = () => region({ upstream, upstreamClientSecret: "no secret" });
    expect(provider).toThrow(/biplane:upstreamClientSecret has a wrong form/);
    expect(provider).not.toThrow(/no secret/);
    expect(region({ upstream, upstreamClientSecret, tenants: [{ org: "acme", people }] })).toMatchObject({
      upstream: { scopes: "openid email groups", groupsClaim: "groups" },
      tenants: [{ people }],
    });
  });
});

describe("configJsonSchema", () => {
  it.each([
    ["region", "region"],
    ["customer-base", "customer"],
    ["customer", "customer"],
  ] as const)("describes what a person writes in a %s stack", (program, shape) => {
    expect(configJsonSchema(program)).toMatchObject({
      type: "object",
      properties: { shape: { const: shape } },
      additionalProperties: false,
    });
  });

  it("asks for nothing that has a default", () => {
    expect(configJsonSchema("region")).toMatchObject({
      required: ["shape", "region", "kubernetes", "endpoint", "relayHost", "edge", "images", "tenants", "backups"],
    });
  });
});
