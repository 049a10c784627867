import * as cloudflare from "@pulumi/cloudflare";
import type * as pulumi from "@pulumi/pulumi";

/** A year, in seconds; the least that browsers' preload lists ask for. */
const hstsSeconds = 31_536_000;

/** Zone settings by Cloudflare's own ids. */
export const zoneSettings = {
  always_use_https: "on",
  automatic_https_rewrites: "on",
  min_tls_version: "1.2",
  tls_1_3: "on",
  // A request sent before the handshake ends can be sent again by somebody else.
  "0rtt": "off",
  // The origin's certificate is verified, which the origin authority signs.
  ssl: "strict",
  security_header: {
    strict_transport_security: {
      enabled: true,
      max_age: hstsSeconds,
      include_subdomains: true,
      preload: false,
      nosniff: true,
    },
  },
} as const;

/**
 * What holds for every host of the zone: TLS 1.2 at least and 1.3 on, a verified origin, HTTPS always and remembered.
 * Claims: comm-client-cp-tls12, n-cp-endpoint-tls, n-tls13-client-edge, enc-in-transit-everywhere.
 */
export function createZoneSettings(name: string, zoneId: string, parent: pulumi.Resource): void {
  for (const [settingId, value] of Object.entries(zoneSettings)) {
    new cloudflare.ZoneSetting(`${name}-${settingId.replaceAll("_", "-")}`, { zoneId, settingId, value }, { parent });
  }
}
