import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { cloudflareRanges } from "./cloudflare-ranges.ts";
import { Edge } from "./edge.ts";

const build = () =>
  recordResources(
    () =>
      new Edge("region", {
        zoneId: "zone",
        endpoint: "us-east-2.biplane.test",
        relayHost: "relay.us-east-2.biplane.test",
        vpcId: "vpc",
        subnetIds: ["public-a", "public-b"],
        nodeSecurityGroupId: "sg-nodes",
        nodePorts: { gateway: 30443, relay: 30444 },
        relaySources: [{ cidr: "203.0.113.7/32", description: "acme" }],
        tags: { owner: "us" },
      }),
  );

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
});
