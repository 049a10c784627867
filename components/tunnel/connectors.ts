import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { connectorOrigin } from "./connector.ts";
import { createRoutedTunnel, type RoutedTunnel, type TunnelState } from "./routed-tunnel.ts";

export interface ConnectorTunnelsArgs {
  /** Cloudflare's id of the account that the zone is in. */
  accountId: string;
  zoneId: string;
  /** Clusters that are reached through Cloudflare, each by a host of the zone. */
  clusters: { org: string; cluster: string; host: string }[];
}

/** Renewed by Cloudflare each time that it is used. */
const accessDuration = "8760h";

/**
 * The region's ways to clusters that do not dial the relay: for each a tunnel of Cloudflare, a proxied name, and an
 * Access application that lets in the region's service token and nobody else. What goes through is encrypted between
 * relay and cluster besides. Claims: `net-tunnel-to-edge`, `net-egress-cloudflare-cidrs`.
 */
export class ConnectorTunnels extends pulumi.ComponentResource {
  /** By <org>/<cluster>: what each cluster's connector runs with. */
  readonly tokens: Record<string, pulumi.Output<string>>;
  readonly states: pulumi.Output<TunnelState>[];
  /** What the relay dials by, as its `connectors.json`. */
  readonly file: pulumi.Output<string>;

  constructor(name: string, args: ConnectorTunnelsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:tunnel:ConnectorTunnels", name, {}, opts);
    const { accountId, zoneId, clusters } = args;

    const relay = new cloudflare.ZeroTrustAccessServiceToken(
      `${name}-relay`,
      { accountId, name: `${name} relay`, duration: accessDuration },
      { parent: this, additionalSecretOutputs: ["clientSecret"] },
    );
    const onlyRelay = new cloudflare.ZeroTrustAccessPolicy(
      `${name}-relay`,
      {
        accountId,
        name: `${name} relay only`,
        // Asks nobody to log in: whoever has no such token is refused.
        decision: "non_identity",
        includes: [{ serviceToken: { tokenId: relay.id } }],
      },
      { parent: this },
    );
    const made = clusters.map(({ org, cluster, host }) => {
      const tunnel = createTunnel(`${name}-${org}-${cluster}`, { accountId, zoneId, host, policy: onlyRelay.id }, this);
      return [`${org}/${cluster}`, tunnel] as const;
    });

    this.tokens = Object.fromEntries(made.map(([cluster, { token }]) => [cluster, token]));
    this.states = made.map(([, { state }]) => state);
    this.file = pulumi.secret(
      pulumi.jsonStringify({
        access: { clientId: relay.clientId, clientSecret: relay.clientSecret },
        connectors: clusters,
      }),
    );
    this.registerOutputs({});
  }
}

interface TunnelArgs {
  accountId: string;
  zoneId: string;
  host: string;
  policy: pulumi.Output<string>;
}

function createTunnel(
  name: string,
  { accountId, zoneId, host, policy }: TunnelArgs,
  parent: pulumi.Resource,
): RoutedTunnel {
  // Closed before it leads anywhere.
  const closed = new cloudflare.ZeroTrustAccessApplication(
    name,
    {
      accountId,
      name,
      type: "self_hosted",
      domain: host,
      policies: [{ id: policy, precedence: 1 }],
      appLauncherVisible: false,
      serviceAuth401Redirect: true,
    },
    { parent },
  );
  return createRoutedTunnel(name, { accountId, zoneId, host, service: connectorOrigin, dependsOn: [closed] }, parent);
}
