import { beforeAll, describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { AppTunnels } from "./app-tunnels.ts";

const clusters = [
  { org: "acme", cluster: "main", domain: "apps.acme.biplane.test" },
  { org: "globex", cluster: "main", domain: "apps.globex.biplane.test" },
];

describe("AppTunnels", () => {
  let tunnels: AppTunnels;
  let made: Awaited<ReturnType<typeof recordResources>>;
  beforeAll(async () => {
    made = await recordResources(() => {
      tunnels = new AppTunnels("region", { accountId: "account", zoneId: "zone", zoneName: "biplane.test", clusters });
    });
  });

  it("leads the names below each domain to that cluster's gate and to nothing else", () => {
    const routes = made.of("cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig");
    expect(routes.map(({ inputs }) => [inputs.tunnelId, inputs.config])).toEqual(
      clusters.map(({ org, domain }) => [
        `region-${org}-main-id`,
        { ingresses: [{ hostname: `*.${domain}`, service: "http://127.0.0.1:8081" }, { service: "http_status:404" }] },
      ]),
    );
    const records = made.of("cloudflare:index/dnsRecord:DnsRecord").map(({ inputs }) => inputs);
    expect(records).toEqual(
      clusters.map(({ org, domain }) =>
        expect.objectContaining({
          name: `*.${domain}`,
          proxied: true,
          content: `region-${org}-main-id.cfargotunnel.com`,
        }),
      ),
    );
  });

  it("has a certificate for them before there is a tunnel", () => {
    const packs = made.of("cloudflare:index/certificatePack:CertificatePack");
    expect(packs.map(({ inputs }) => inputs.hosts)).toEqual(
      clusters.map(({ domain }) => ["biplane.test", `*.${domain}`]),
    );
    for (const pack of packs) {
      const tunnel = made.one("cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared", pack.name);
      expect(tunnel.begun).toBeGreaterThan(pack.ended);
    }
  });

  it("tells how each is to be, once its record is there", async () => {
    expect(await settled(tunnels.states)).toEqual(
      clusters.map(({ org, domain }) => ({
        ...{ accountId: "account", zoneId: "zone", tunnelId: `region-${org}-main-id` },
        ...{ host: `*.${domain}`, service: "http://127.0.0.1:8081" },
      })),
    );
  });

  it("gives each cluster its own tunnel's token", async () => {
    expect(await settled(tunnels.tokens)).toEqual({ "acme/main": "tunnel token", "globex/main": "tunnel token" });
  });
});
