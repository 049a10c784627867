/** A tunnel and its configuration, as the provider keeps them. */
import type { ZoneStore } from "../../providers/cloudflare/zone.ts";
import { properties } from "../../providers/machine/resource.ts";
import type { Reply } from "../google/answers.ts";
import { done, failed } from "./answers.ts";
import type { ApiCall } from "./front.ts";

interface Rule {
  hostname?: unknown;
  service?: unknown;
}

interface TunnelPath {
  accountId: string;
  tunnelId: string;
  configuration: boolean;
}

export function takeTunnel(path: TunnelPath, { method, body }: ApiCall, zone: ZoneStore): Reply {
  const { accountId, tunnelId, configuration } = path;
  const tunnel = zone.get("tunnels", tunnelId);
  if (tunnel?.accountId !== accountId) return failed(404, 1003, "Tunnel not found");
  if (!configuration) {
    if (method !== "GET") return failed(405, 10405, "Method not allowed");
    // Which connectors are there, the edge knows alone.
    return done({ id: tunnelId, account_tag: accountId, name: tunnel.name, status: "inactive", deleted_at: null });
  }
  const told = (config: unknown) => done({ account_id: accountId, tunnel_id: tunnelId, source: "cloudflare", config });
  if (method === "GET") {
    const { ingresses } = (tunnel.config ?? {}) as { ingresses?: Rule[] };
    return told(ingresses ? { ingress: ingresses } : null);
  }
  if (method !== "PUT") return failed(405, 10405, "Method not allowed");
  const { ingress } = (body.config ?? {}) as { ingress?: Rule[] };
  const last = Array.isArray(ingress) ? ingress.at(-1) : undefined;
  if (!ingress || !last || last.hostname) {
    return failed(400, 1056, "Bad Configuration: The last ingress rule must match all URLs");
  }
  zone.put("tunnels", tunnelId, { ...tunnel, ...properties({ config: { ingresses: ingress } }) });
  return told({ ingress });
}
