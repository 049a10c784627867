/** What the region's stack says of its tunnels of Cloudflare: where each one's host leads, and by which record. */
import { z } from "zod";

/** As Cloudflare writes ids: they become parts of a path. */
const id = z.string().regex(/^[A-Za-z0-9-]+$/, "must be an id of Cloudflare's");

const tunnel = z.strictObject({
  accountId: id,
  /** In other zones than the local run's, 32 hex digits. */
  zoneId: z.string().regex(/^[A-Za-z0-9.-]+$/, "must be an id of a zone"),
  tunnelId: id,
  /** `*.` stands for every name right below. */
  host: z.string().regex(/^(\*\.)?[a-z0-9.-]+$/, "must be a host, or *. and a domain"),
  service: z.string().min(1),
});

export type DesiredTunnel = z.output<typeof tunnel>;

export const desiredFile = z
  .strictObject({ tunnels: z.array(tunnel).min(1) })
  .refine(({ tunnels }) => new Set(tunnels.map(({ host }) => host)).size === tunnels.length, {
    error: "each host must lead into one tunnel",
  });

/** One rule of a tunnel's configuration; the last one is for every host. */
export interface Ingress {
  hostname?: string | undefined;
  path?: string | undefined;
  service: string;
}

/** What a DNS record says. */
export interface RecordContent {
  type: string;
  name: string;
  content: string;
  proxied: boolean;
}

export interface DnsRecord extends RecordContent {
  id: string;
}

/** As components/tunnel/routed-tunnel.ts makes it. */
export function routeOf({ host, service }: DesiredTunnel): Ingress[] {
  return [{ hostname: host, service }, { service: "http_status:404" }];
}

/** As components/tunnel/routed-tunnel.ts makes it. */
export function recordOf({ host, tunnelId }: DesiredTunnel): RecordContent {
  return { type: "CNAME", name: host, content: `${tunnelId}.cfargotunnel.com`, proxied: true };
}
