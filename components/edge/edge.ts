import * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../ownership/tags.ts";
import { Balancer, type Source } from "./balancer.ts";
import { createDirectRecord, ProxiedOrigin, type ServerCertificate } from "./cloudflare.ts";
import { cloudflareRanges } from "./cloudflare-ranges.ts";
import { OriginPulls } from "./origin-pulls.ts";
import { ZoneGuard, type ZoneGuardArgs } from "./zone-guard.ts";

export interface EdgeArgs {
  zoneId: string;
  /** Host of the API, behind Cloudflare. */
  endpoint: string;
  /** Host that clusters dial, not behind Cloudflare. */
  relayHost: string;
  vpcId: pulumi.Input<string>;
  subnetIds: pulumi.Input<string>[];
  nodeSecurityGroupId: pulumi.Input<string>;
  nodePorts: { gateway: number; relay: number };
  /** The customers' networks, where tunnels come from. */
  relaySources: Source[];
  /** own: this stack sets the zone's TLS settings, firewall and limits. shared: another stack of the zone does. */
  zone: "own" | "shared";
  /** With `zone: own`. @default ZoneGuard's own */
  guard?: Omit<ZoneGuardArgs, "zoneId">;
  /**
   * Authority of a client certificate that the edge shows already, PEM. @default one of the stack's own, uploaded to
   * the edge
   */
  originPullCa?: string;
  tags: Tags;
}

/**
 * The region's two ways in: HTTPS from Cloudflare's ranges only, behind its firewall and with its certificate shown to
 * the origin; tunnels from the customers' networks only, past it, since mutual TLS must end at the relay.
 * Claims: net-regional-endpoints, net-tunnel-mtls, and those of its parts.
 */
export class Edge extends pulumi.ComponentResource {
  readonly gatewayCertificate: ServerCertificate;
  /** What the gateway verifies the edge's client certificate by, PEM. */
  readonly originPullAuthority: pulumi.Output<string>;
  /** For their alarms. */
  readonly balancers: { gateway: Balancer; relay: Balancer };

  constructor(name: string, args: EdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:edge:Edge", name, {}, opts);
    const { zoneId, endpoint, relayHost, nodePorts, relaySources, vpcId, subnetIds, nodeSecurityGroupId, tags } = args;
    const place = { vpcId, subnetIds, nodeSecurityGroupId, tags };

    const gateway = new Balancer(
      `${name}-gateway`,
      { ...place, nodePort: nodePorts.gateway, sources: fromCloudflare() },
      { parent: this },
    );
    const relay = new Balancer(
      `${name}-relay`,
      { ...place, nodePort: nodePorts.relay, sources: relaySources },
      { parent: this },
    );
    const origin = new ProxiedOrigin(
      `${name}-origin`,
      { zoneId, host: endpoint, target: gateway.dnsName },
      { parent: this },
    );
    createDirectRecord(`${name}-relay`, { zoneId, host: relayHost, target: relay.dnsName }, this);

    if (args.zone === "own") new ZoneGuard(`${name}-zone`, { ...args.guard, zoneId }, { parent: this });

    this.balancers = { gateway, relay };
    this.gatewayCertificate = origin.certificate;
    this.originPullAuthority = args.originPullCa
      ? pulumi.output(args.originPullCa)
      : new OriginPulls(`${name}-origin-pulls`, { zoneId, host: endpoint }, { parent: this }).authority;
    this.registerOutputs({});
  }
}

function fromCloudflare(): Source[] {
  return cloudflareRanges.map((cidr) => ({ cidr, description: "Cloudflare" }));
}
