/** Which tunnel a host leads into, and whose token it is, as the zone's owner has said (sandbox/providers/cloudflare). */
import type { ZoneStore } from "../../providers/cloudflare/zone.ts";
import type { Route } from "./front.ts";

const tunnelDomain = ".cfargotunnel.com";

interface Ingress {
  hostname?: string;
  service: string;
}

/** @returns the route of the host's own record, or of the one for every name right beside it */
export function routeIn(zone: Pick<ZoneStore, "list" | "get">, host: string): Route | undefined {
  const names = [host, host.replace(/^[^.]+/, "*")];
  const records = zone.list("records");
  const record = names.map((name) => records.find((one) => one.name === name)).find((one) => one !== undefined);
  const content = String(record?.content ?? "");
  if (record?.proxied !== true || !content.endsWith(tunnelDomain)) return undefined;
  const tunnel = content.slice(0, -tunnelDomain.length);
  const { ingresses = [] } = (zone.get("tunnels", tunnel)?.config ?? {}) as { ingresses?: Ingress[] };
  const service = ingresses.find(({ hostname }) => hostname === undefined || names.includes(hostname))?.service;
  return service?.startsWith("http://") ? { tunnel, service } : undefined;
}
