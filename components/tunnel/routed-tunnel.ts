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

/** A tunnel of Cloudflare, its one route and its proxied name. @returns the secret that its connector runs with. */
export function createRoutedTunnel(
  name: string,
  { accountId, zoneId, host, service, dependsOn = [] }: RoutedTunnelArgs,
  parent: pulumi.Resource,
): pulumi.Output<string> {
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
  new cloudflare.DnsRecord(
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
  return pulumi.secret(token);
}
