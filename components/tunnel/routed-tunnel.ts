import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";

export interface RoutedTunnelArgs {
  accountId: string;
  zoneId: string;
  /** Of the zone; `*.` stands for every name below. */
  host: string;
  /** Where its connector takes what comes for the host, and for no other. */
  service: string;
  /** What must be there before it leads anywhere. @default nothing */
  dependsOn?: pulumi.Resource[];
}

/** What a tunnel, its route and its name are to be, for who keeps them so. */
export interface TunnelState {
  accountId: string;
  zoneId: string;
  tunnelId: string;
  host: string;
  service: string;
}

export interface RoutedTunnel {
  /** Secret: what its connector runs with. */
  token: pulumi.Output<string>;
  /** Known once all of it is there, and so: gone before any of it goes. */
  state: pulumi.Output<TunnelState>;
}

/** A tunnel of Cloudflare, its one route and its proxied name. */
export function createRoutedTunnel(
  name: string,
  { accountId, zoneId, host, service, dependsOn = [] }: RoutedTunnelArgs,
  parent: pulumi.Resource,
): RoutedTunnel {
  const tunnel = new cloudflare.ZeroTrustTunnelCloudflared(
    name,
    { accountId, name, configSrc: "cloudflare" },
    { parent, dependsOn },
  );
  const routed = new cloudflare.ZeroTrustTunnelCloudflaredConfig(
    name,
    {
      accountId,
      tunnelId: tunnel.id,
      config: { ingresses: [{ hostname: host, service }, { service: "http_status:404" }] },
    },
    { parent },
  );
  const record = new cloudflare.DnsRecord(
    name,
    {
      zoneId,
      name: host,
      type: "CNAME",
      content: pulumi.interpolate`${tunnel.id}.cfargotunnel.com`,
      proxied: true,
      ttl: 1,
    },
    { parent, dependsOn: routed },
  );
  const { token } = cloudflare.getZeroTrustTunnelCloudflaredTokenOutput({ accountId, tunnelId: tunnel.id }, { parent });
  const state = pulumi
    .all([tunnel.id, record.id])
    .apply(([tunnelId]) => ({ accountId, zoneId, tunnelId, host, service }));
  return { token: pulumi.secret(token), state };
}
