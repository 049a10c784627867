import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { appsOrigin } from "./connector.ts";
import { createRoutedTunnel, type TunnelState } from "./routed-tunnel.ts";

export interface AppTunnelsArgs {
  /** Cloudflare's id of the account that the zone is in. */
  accountId: string;
  zoneId: string;
  /** A certificate of Cloudflare's is for this too, always. */
  zoneName: string;
  /** Of the zone; each cluster's apps lie right below its domain. */
  clusters: { org: string; cluster: string; domain: string }[];
}

/** The longest life that every authority of Cloudflare's gives; it renews by itself. */
const certificateDays = 90;

/**
 * The ways of browsers and programs to customers' apps, past the region: for each cluster a tunnel of its own, the names
 * below its domain, and a certificate for these at the edge, since a zone's own covers one label. Nobody is kept out here:
 * who may reach an app is asked by the gate behind it. Claims: `apps-via-cloudflare-to-kourier`,
 * `apps-traffic-in-customer-infra`.
 */
export class AppTunnels extends pulumi.ComponentResource {
  /** By <org>/<cluster>: what each cluster's connector runs with. */
  readonly tokens: Record<string, pulumi.Output<string>>;
  readonly states: pulumi.Output<TunnelState>[];

  constructor(name: string, args: AppTunnelsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:tunnel:AppTunnels", name, {}, opts);
    const { accountId, zoneId, zoneName, clusters } = args;
    const made = clusters.map(({ org, cluster, domain }) => {
      const each = `${name}-${org}-${cluster}`;
      const host = `*.${domain}`;
      const certificate = new cloudflare.CertificatePack(
        each,
        {
          zoneId,
          type: "advanced",
          hosts: [zoneName, host],
          certificateAuthority: "lets_encrypt",
          validationMethod: "txt",
          validityDays: certificateDays,
        },
        { parent: this },
      );
      const route = { accountId, zoneId, host, service: appsOrigin, dependsOn: [certificate] };
      return [`${org}/${cluster}`, createRoutedTunnel(each, route, this)] as const;
    });
    this.tokens = Object.fromEntries(made.map(([cluster, { token }]) => [cluster, token]));
    this.states = made.map(([, { state }]) => state);
    this.registerOutputs({});
  }
}
