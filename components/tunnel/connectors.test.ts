import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { ConnectorTunnels } from "./connectors.ts";

const clusters = [
  { org: "acme", cluster: "main", host: "acme.tunnels.biplane.test" },
  { org: "globex", cluster: "main", host: "globex.tunnels.biplane.test" },
];

async function build() {
  let tunnels: ConnectorTunnels | undefined;
  const made = await recordResources(() => {
    tunnels = new ConnectorTunnels("region", { accountId: "account", zoneId: "zone", clusters });
  });
  if (!tunnels) throw new Error("nothing was built");
  return { ...made, tunnels };
}

describe("ConnectorTunnels", () => {
  it("makes a tunnel, its route, a proxied name and a guarded host for each cluster", async () => {
    const made = await build();
    const records = made.of("cloudflare:index/dnsRecord:DnsRecord").map(({ inputs }) => inputs);
    expect(records).toEqual(
      clusters.map(({ org, host }) =>
        expect.objectContaining({
          name: host,
          type: "CNAME",
          proxied: true,
          content: `region-${org}-main-id.cfargotunnel.com`,
        }),
      ),
    );
    const routes = made.of("cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig");
    expect(routes.map(({ inputs }) => inputs.config)).toEqual(
      clusters.map(({ host }) => ({
        ingresses: [{ hostname: host, service: "tcp://127.0.0.1:8090" }, { service: "http_status:404" }],
      })),
    );
  });

  it("lets the relay's service token in and nobody else, before a tunnel leads anywhere", async () => {
    const made = await build();
    const { inputs } = made.one("cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy");
    expect(inputs).toMatchObject({
      decision: "non_identity",
      includes: [{ serviceToken: { tokenId: "region-relay-id" } }],
    });
    const guarded = made.of("cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication");
    expect(guarded.map(({ inputs }) => [inputs.domain, inputs.policies])).toEqual(
      clusters.map(({ host }) => [host, [{ id: "region-relay-id", precedence: 1 }]]),
    );
    for (const { name, ended } of guarded) {
      const tunnel = made.one("cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared", name);
      expect(tunnel.begun).toBeGreaterThan(ended);
    }
  });

  it("gives each cluster its tunnel's token, and the relay what it dials by", async () => {
    const { tunnels } = await build();
    expect(await settled(tunnels.tokens)).toEqual({ "acme/main": "tunnel token", "globex/main": "tunnel token" });
    expect(await settled(tunnels.states)).toEqual(
      clusters.map(({ org, host }) => ({
        ...{ accountId: "account", zoneId: "zone", tunnelId: `region-${org}-main-id` },
        ...{ host, service: "tcp://127.0.0.1:8090" },
      })),
    );
    expect(JSON.parse(String(await settled(tunnels.file)))).toEqual({
      access: { clientId: "region-relay.access", clientSecret: "secret of region-relay" },
      connectors: clusters,
    });
  });
});
