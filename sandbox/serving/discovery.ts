/**
 * What gateways are told, and what they have taken: Envoy's discovery by REST. A gateway asks again and again, with the
 * version that it holds; it is told routes only once it holds the clusters that they lead to, so that no request finds
 * a route to nowhere, and a cluster stays a while after the last route to it has gone.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { type RouteName, type Routing, routeNames } from "./routes.ts";

const asked = z.looseObject({
  version_info: z.string().optional(),
  versionInfo: z.string().optional(),
  resource_names: z.array(z.string()).optional(),
  resourceNames: z.array(z.string()).optional(),
});

type Kind = "clusters" | "listeners" | "routes";
const kinds: Record<Kind, string> = {
  clusters: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  listeners: "type.googleapis.com/envoy.config.listener.v3.Listener",
  routes: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
};

/** Longer than a gateway needs to ask for its routes, and than requests under way to be sent. */
const lingerMs = 30_000;
/** A gateway that has asked for nothing for so long is gone. */
const goneMs = 5_000;

type Held = Partial<Record<string, string>>;

export class Discovery {
  private readonly now: () => number;
  private routing: Routing | undefined;
  /** By name: what no route leads to any more. */
  private readonly lingering = new Map<string, { cluster: Record<string, unknown>; until: number }>();
  /** By address. */
  private readonly gateways = new Map<string, { seen: number; held: Held }>();

  constructor(now: () => number = Date.now) {
    this.now = now;
  }

  /** From now on. */
  tell(routing: Routing): void {
    const names = new Set(routing.clusters.map(({ name }) => String(name)));
    for (const cluster of this.routing?.clusters ?? []) {
      const name = String(cluster.name);
      if (!names.has(name)) this.lingering.set(name, { cluster, until: this.now() + lingerMs });
    }
    for (const name of names) this.lingering.delete(name);
    this.routing = routing;
  }

  /** @returns undefined where the gateway holds it already, or must wait. @throws for what is no discovery request */
  answer(kind: string, gateway: string, body: unknown): object | undefined {
    const type = kinds[kind as Kind];
    if (!type) throw new Error(`no gateway asks for ${kind}`);
    const request = asked.parse(body);
    const wanted = request.resource_names ?? request.resourceNames ?? [];
    const holds = request.version_info ?? request.versionInfo ?? "";
    const name = kind === "routes" ? wanted[0] : kind;
    if (!this.routing || name === undefined) return undefined;
    const known = this.gateways.get(gateway);
    this.gateways.set(gateway, { seen: this.now(), held: { ...known?.held, [name]: holds } });
    if (kind === "routes" && known?.held.clusters !== this.version("clusters")) return undefined;
    const version = this.version(name);
    return version === holds ? undefined : { version_info: version, resources: this.resources(name), type_url: type };
  }

  /** Whether every gateway that is there, and one at least, holds all that it was told last. */
  inEffect(): boolean {
    const present = [...this.gateways].filter(([address, { seen }]) => {
      if (seen > this.now() - goneMs) return true;
      this.gateways.delete(address);
      return false;
    });
    const names = ["clusters", "listeners", ...routeNames];
    return (
      present.length > 0 && present.every(([, { held }]) => names.every((name) => held[name] === this.version(name)))
    );
  }

  private version(name: string): string {
    return createHash("sha256")
      .update(JSON.stringify(this.resources(name)))
      .digest("hex")
      .slice(0, 16);
  }

  private resources(name: string): Record<string, unknown>[] {
    if (!this.routing) return [];
    switch (name) {
      case "listeners":
        return this.routing.listeners;
      case "clusters":
        for (const [old, { until }] of this.lingering) if (until < this.now()) this.lingering.delete(old);
        return [...this.routing.clusters, ...[...this.lingering.values()].map(({ cluster }) => cluster)];
      default: {
        const route = this.routing.routes[name as RouteName];
        return route ? [route] : [];
      }
    }
  }
}
