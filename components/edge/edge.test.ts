import { describe, expect, it } from "vitest";
import { type Recorded, recordResources } from "../testing/record-resources.ts";
import { cloudflareRanges } from "./cloudflare-ranges.ts";
import { Edge, type EdgeArgs } from "./edge.ts";
import { checkRateLimits, planRateRules } from "./firewall.ts";
import { checkHosts, regionalHosts } from "./regional-hosts.ts";

const args: EdgeArgs = {
  zoneId: "zone",
  endpoint: "us-east-2.biplane.test",
  relayHost: "relay.us-east-2.biplane.test",
  vpcId: "vpc",
  subnetIds: ["public-a", "public-b"],
  nodeSecurityGroupId: "sg-nodes",
  nodePorts: { gateway: 30443, relay: 30444 },
  relaySources: [{ cidr: "203.0.113.7/32", description: "acme" }],
  zone: "own",
  tags: { owner: "us" },
};
const build = (changes: Partial<EdgeArgs> = {}, preview = false) =>
  recordResources(() => new Edge("region", { ...args, ...changes }), { preview });

const listType = "aws:ec2/managedPrefixList:ManagedPrefixList";
const ruleType = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";

describe("Edge", () => {
  it("admits Cloudflare's ranges to the gateway and the customers' networks to the relay", async () => {
    const made = await build();
    expect(made.one(listType, "region-gateway").inputs.entries).toEqual(
      cloudflareRanges.map((cidr) => ({ cidr, description: "Cloudflare" })),
    );
    expect(made.one(listType, "region-relay").inputs.entries).toEqual([
      { cidr: "203.0.113.7/32", description: "acme" },
    ]);
  });

  it("opens 443 to the lists, the node ports to the balancers, and nothing to the world", async () => {
    const made = await build();
    for (const way of ["gateway", "relay"]) {
      expect(made.one(ruleType, `region-${way}-in`).inputs).toMatchObject({
        securityGroupId: `region-${way}-id`,
        prefixListId: `region-${way}-id`,
        fromPort: 443,
        toPort: 443,
      });
    }
    expect(made.one(ruleType, "region-relay-nodes").inputs).toMatchObject({
      securityGroupId: "sg-nodes",
      referencedSecurityGroupId: "region-relay-id",
      fromPort: 30444,
    });
    expect(JSON.stringify(made.all)).not.toContain('cidrIpv4":"0.0.0.0/0');
  });

  it("puts the endpoint behind the proxy and the relay beside it, each to its own balancer", async () => {
    const made = await build();
    const records = made.of("cloudflare:index/dnsRecord:DnsRecord").map(({ inputs }) => inputs);
    expect(records).toEqual([
      expect.objectContaining({ name: "us-east-2.biplane.test", proxied: true, content: "region-gateway.elb.test" }),
      expect.objectContaining({
        name: "relay.us-east-2.biplane.test",
        proxied: false,
        content: "region-relay.elb.test",
      }),
    ]);
  });

  it("passes TLS through, so that the relay itself sees the clusters' certificates", async () => {
    const listeners = (await build()).of("aws:lb/listener:Listener");
    expect(listeners.map(({ inputs }) => [inputs.port, inputs.protocol])).toEqual([
      [443, "TCP"],
      [443, "TCP"],
    ]);
  });

  it("asks for the gateway's certificate by request, so that its key never leaves the stack", async () => {
    const { inputs } = (await build()).one("cloudflare:index/originCaCertificate:OriginCaCertificate");
    expect(inputs).toMatchObject({ csr: "REQUEST region-origin", hostnames: ["us-east-2.biplane.test"] });
  });

  it("sets the zone to TLS 1.2 and 1.3, a verified origin, and HTTPS that browsers remember", async () => {
    const settings = (await build()).of("cloudflare:index/zoneSetting:ZoneSetting").map(({ inputs }) => inputs);
    expect(Object.fromEntries(settings.map(({ settingId, value }) => [settingId, value]))).toMatchObject({
      min_tls_version: "1.2",
      tls_1_3: "on",
      "0rtt": "off",
      ssl: "strict",
      always_use_https: "on",
      security_header: { strict_transport_security: { enabled: true, max_age: 31_536_000, include_subdomains: true } },
    });
  });

  it("runs the managed rules, and only records where that is asked for", async () => {
    const managed = async (changes: Partial<EdgeArgs>) =>
      (await build(changes)).one("cloudflare:index/ruleset:Ruleset", "region-zone-managed").inputs;
    expect(await managed({})).toMatchObject({
      phase: "http_request_firewall_managed",
      rules: [{ action: "execute", enabled: true, actionParameters: { id: expect.stringMatching(/^[0-9a-f]{32}$/) } }],
    });
    expect(JSON.stringify(await managed({}))).not.toContain("overrides");
    expect(await managed({ guard: { firewall: "log" } })).toMatchObject({
      rules: [{ actionParameters: { overrides: { action: "log" } } }],
    });
  });

  it("leaves the zone alone where another stack owns it, and still has its names and its own certificate", async () => {
    const made = await build({ zone: "shared" });
    expect(made.of("cloudflare:index/ruleset:Ruleset")).toEqual([]);
    expect(made.of("cloudflare:index/zoneSetting:ZoneSetting")).toEqual([]);
    made.one("cloudflare:index/authenticatedOriginPulls:AuthenticatedOriginPulls");
    expect(made.of("cloudflare:index/dnsRecord:DnsRecord")).toHaveLength(2);
  });

  it("has the edge show a certificate of this region's own, for its host only", async () => {
    const made = await build();
    expect(made.one("cloudflare:index/authenticatedOriginPulls:AuthenticatedOriginPulls").inputs).toMatchObject({
      configs: [{ hostname: "us-east-2.biplane.test", enabled: true, certId: "region-origin-pulls-id" }],
    });
    const signed = made.one("tls:index/locallySignedCert:LocallySignedCert", "region-origin-pulls").inputs;
    expect(signed.allowedUses).toEqual(["digital_signature", "client_auth"]);
    expect(signed.caCertPem).toBe("CERTIFICATE region-origin-pulls-authority");
  });

  it("answers the authority that the gateway must verify the edge by, its own or the given one", async () => {
    expect(await authorityOf({})).toBe("CERTIFICATE region-origin-pulls-authority");
    expect(await authorityOf({ originPullCa: "GIVEN" })).toBe("GIVEN");
    const made = await build({ originPullCa: "GIVEN" });
    expect(made.all.filter(({ type }) => type.includes("OriginPulls"))).toEqual([]);
  });

  it("shows the same resources in a first preview, when nothing is known yet", async () => {
    const names = ({ all }: Recorded) => all.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(await build({}, true))).toEqual(names(await build()));
  });
});

async function authorityOf(changes: Partial<EdgeArgs>): Promise<string | undefined> {
  let seen: string | undefined;
  await recordResources(() => {
    new Edge("region", { ...args, ...changes }).originPullAuthority.apply((pem) => {
      seen = pem;
    });
  });
  return seen;
}

describe("rate limits", () => {
  it("count logins apart from everything, each by the caller's address", () => {
    const [logins, requests] = planRateRules({ requests: 1000, logins: 20 });
    expect(logins).toMatchObject({ action: "block", ratelimit: { requestsPerPeriod: 20, period: 60 } });
    expect(logins?.expression).toContain('"/oauth2/"');
    expect(requests).toMatchObject({ expression: "(true)", ratelimit: { requestsPerPeriod: 1000 } });
    for (const rule of [logins, requests]) {
      expect(rule?.ratelimit?.characteristics).toEqual(["cf.colo.id", "ip.src"]);
    }
  });

  it.each([
    { requests: 5, logins: 5 },
    { requests: 100, logins: 200 },
    { requests: 100.5, logins: 20 },
    { requests: Number.NaN, logins: 20 },
  ])("refuse %j", (limits) => {
    expect(() => checkRateLimits(limits)).toThrow(/biplane:edge\.rateLimits/);
  });
});

describe("regionalHosts", () => {
  it.each([
    ["us-east-2", "hosted.unionai.cloud"],
    ["us-west-2", "us-west-2.unionai.cloud"],
    ["eu-west-1", "eu-west-1.unionai.cloud"],
    ["eu-west-2", "eu-west-2.unionai.cloud"],
    ["eu-central-1", "eu-central-1.unionai.cloud"],
  ])("gives %s its documented name", (region, endpoint) => {
    expect(regionalHosts("unionai.cloud", region).endpoint).toBe(endpoint);
  });

  it("gives each region a relay of its own, in the same zone", () => {
    const relays = ["us-east-2", "eu-west-1"].map((region) => regionalHosts("a.test", region).relayHost);
    expect(new Set(relays).size).toBe(2);
    expect(() => checkHosts("a.test", relays)).not.toThrow();
  });

  it("refuses a host that the zone cannot answer", () => {
    expect(() => checkHosts("a.test", ["hosted.b.test"])).toThrow(/edge\.zoneName .*hosted\.b\.test/);
    expect(() => checkHosts("a.test", ["hosted.nota.test"])).toThrow();
  });
});
