import * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../ownership/tags.ts";
import { Balancer, type Source } from "./balancer.ts";
import { createDirectRecord, ProxiedOrigin, type ServerCertificate } from "./cloudflare.ts";
import { cloudflareRanges } from "./cloudflare-ranges.ts";

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
  tags: Tags;
}

/** The region's two ways in: HTTPS from Cloudflare's ranges only, tunnels from the customers' networks only. */
export class Edge extends pulumi.ComponentResource {
  readonly gatewayCertificate: ServerCertificate;

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

    this.gatewayCertificate = origin.certificate;
    this.registerOutputs({});
  }
}

function fromCloudflare(): Source[] {
  return cloudflareRanges.map((cidr) => ({ cidr, description: "Cloudflare" }));
}
