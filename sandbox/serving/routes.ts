/**
 * Envoy's listeners, routes and clusters from Knative's ingresses: hosts, splits with their headers, and of each revision
 * the very addresses that Knative has put behind its Service. Pure: the same objects give the same documents.
 */
import { gatewayPorts } from "../../components/serving/contract.ts";
import type { Backends, Ingress, IngressPath, Split } from "./ingress.ts";

type Document = Record<string, unknown>;

/** By Envoy's own word for each kind. */
export interface Routing {
  clusters: Document[];
  /** By listener: what comes through the gate, and what calls an app by its name within the cluster. */
  routes: Record<RouteName, Document>;
  listeners: Document[];
}

export const routeNames = ["public", "internal"] as const;
export type RouteName = (typeof routeNames)[number];

const types = "type.googleapis.com/envoy";
/** Whom the gateway's own probes ask for. */
const ownHost = "internalkourier";

export function renderRouting(ingresses: readonly Ingress[], backends: Backends): Routing {
  const clusters = new Map<string, Document>();
  const hosts: Record<RouteName, Document[]> = { public: [], internal: [] };
  const taken: Record<RouteName, Set<string>> = { public: new Set(), internal: new Set([ownHost]) };
  // The oldest keeps a host that two name: Envoy would take neither's.
  const ordered = [...ingresses].sort((a, b) => orderOf(a).localeCompare(orderOf(b)));
  for (const { metadata, spec } of ordered) {
    (spec.rules ?? []).forEach(({ hosts: named, visibility = "ExternalIP", http }, at) => {
      for (const { splits } of http?.paths ?? [])
        for (const split of splits) clusters.set(clusterName(split), renderCluster(split, backends));
      const places: RouteName[] = visibility === "ExternalIP" ? ["public", "internal"] : ["internal"];
      for (const place of places) {
        const free = named.filter((host) => !taken[place].has(host));
        if (free.length === 0) continue;
        for (const host of free) taken[place].add(host);
        hosts[place].push({
          name: `${metadata.namespace}/${metadata.name}/${at}`,
          domains: free.flatMap((host) => [host, `${host}:*`]),
          routes: (http?.paths ?? []).map(renderRoute),
        });
      }
    });
  }
  hosts.internal.push({
    ...{ name: ownHost, domains: [ownHost] },
    routes: [{ match: { path: "/ready" }, direct_response: { status: 200 } }],
  });
  const route = (name: RouteName) => ({
    "@type": `${types}.config.route.v3.RouteConfiguration`,
    name,
    virtual_hosts: hosts[name],
  });
  return {
    clusters: [...clusters].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, cluster]) => cluster),
    routes: { public: route("public"), internal: route("internal") },
    listeners: [renderListener("public", gatewayPorts.public), renderListener("internal", gatewayPorts.internal)],
  };
}

function orderOf({ metadata }: Ingress): string {
  const since = metadata.creationTimestamp ? new Date(metadata.creationTimestamp).toISOString() : "";
  return `${since} ${metadata.namespace}/${metadata.name}`;
}

export function clusterName({ serviceNamespace, serviceName, servicePort }: Split): string {
  return `${serviceNamespace}/${serviceName}/${servicePort}`;
}

function renderRoute({ path = "/", headers = {}, rewriteHost, splits, appendHeaders = {} }: IngressPath): Document {
  return {
    match: {
      prefix: path,
      headers: Object.entries(headers).map(([name, { exact }]) => ({
        name,
        ...(exact === undefined ? { present_match: true } : { string_match: { exact } }),
      })),
    },
    request_headers_to_add: renderHeaders(appendHeaders),
    route: {
      weighted_clusters: {
        clusters: splits
          .filter(({ percent = 100 }) => percent > 0)
          .map((split) => ({
            name: clusterName(split),
            weight: split.percent ?? 100,
            request_headers_to_add: renderHeaders(split.appendHeaders ?? {}),
          })),
      },
      // As long as it takes: the app's own limit is kept by the proxy beside it.
      timeout: "0s",
      // Only what no app has begun to answer, nor seen.
      retry_policy: { retry_on: "connect-failure,refused-stream,reset-before-request", num_retries: 3 },
      upgrade_configs: [{ upgrade_type: "websocket" }],
      ...(rewriteHost ? { host_rewrite_literal: rewriteHost } : {}),
    },
  };
}

/** In the place of what a caller sent by such a name: by them an app's proxy knows which revision is meant. */
function renderHeaders(headers: Record<string, string>): Document[] {
  return Object.entries(headers)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({ header: { key, value }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" }));
}

function renderCluster(split: Split, backends: Backends): Document {
  const { serviceNamespace, serviceName, servicePort } = split;
  const service = backends.service(serviceNamespace, serviceName);
  const port = service?.spec?.ports?.find(({ name, port }) => servicePort === port || servicePort === name);
  const addresses = backends.slices(serviceNamespace, serviceName).flatMap(({ endpoints, ports }) => {
    const target = (ports ?? []).find(({ name }) => (name ?? "") === (port?.name ?? ""))?.port;
    if (!target) return [];
    return (endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ addresses }) => addresses.map((address) => `${address}:${target}`));
  });
  const name = clusterName(split);
  return {
    "@type": `${types}.config.cluster.v3.Cluster`,
    ...{ name, type: "STATIC", connect_timeout: "5s" },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [...new Set(addresses)].sort().map(renderEndpoint) }],
    },
    // Knative names the port of an app that speaks HTTP/2 so.
    ...(port?.name === "http2" ? { typed_extension_protocol_options: http2 } : {}),
  };
}

function renderEndpoint(target: string): Document {
  const at = target.lastIndexOf(":");
  const socket_address = { address: target.slice(0, at), port_value: Number(target.slice(at + 1)) };
  return { endpoint: { address: { socket_address } } };
}

const http2 = {
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
    "@type": `${types}.extensions.upstreams.http.v3.HttpProtocolOptions`,
    explicit_http_config: { http2_protocol_options: {} },
  },
};

/** Its routes come apart: a listener that changes would end the connections that it has. */
function renderListener(name: RouteName, port: number): Document {
  const filters = `${types}.extensions.filters`;
  return {
    "@type": `${types}.config.listener.v3.Listener`,
    name,
    address: { socket_address: { address: "0.0.0.0", port_value: port } },
    filter_chains: [
      {
        filters: [
          {
            name: "envoy.filters.network.http_connection_manager",
            typed_config: {
              "@type": `${filters}.network.http_connection_manager.v3.HttpConnectionManager`,
              ...{ stat_prefix: name, stream_idle_timeout: "0s", request_timeout: "0s" },
              rds: { route_config_name: name, config_source: routesSource },
              http_filters: [{ name: "router", typed_config: { "@type": `${filters}.http.router.v3.Router` } }],
            },
          },
        ],
      },
    ],
  };
}

/** The cluster of this name is of what the gateway starts with: components/serving/gateway.ts. */
const routesSource = {
  resource_api_version: "V3",
  api_config_source: {
    ...{ transport_api_version: "V3", api_type: "REST", cluster_names: ["xds_cluster"] },
    ...{ refresh_delay: "0.5s", request_timeout: "5s" },
  },
};
