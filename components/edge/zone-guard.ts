import * as pulumi from "@pulumi/pulumi";
import { createFirewall, defaultRateLimits, type FirewallMode, type RateLimits } from "./firewall.ts";
import { createZoneSettings } from "./zone-settings.ts";

export interface ZoneGuardArgs {
  zoneId: string;
  /** @default block */
  firewall?: FirewallMode;
  /** @default defaultRateLimits */
  rateLimits?: Partial<RateLimits>;
}

/**
 * What a whole zone has once: its TLS settings, Cloudflare's managed firewall rules and rate limits. Regions that share
 * a zone share this too, so exactly one of their stacks makes it.
 */
export class ZoneGuard extends pulumi.ComponentResource {
  constructor(name: string, args: ZoneGuardArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:edge:ZoneGuard", name, {}, opts);
    const { zoneId, firewall: mode = "block", rateLimits } = args;

    createZoneSettings(name, zoneId, this);
    createFirewall(name, { zoneId, mode, limits: { ...defaultRateLimits, ...rateLimits } }, this);

    this.registerOutputs({});
  }
}
