/** Kourier as data: a controller that knows the apps' routes, and Envoys that ask it for them. */
import type { types } from "@pulumi/kubernetes";
import {
  gatewayAccount,
  gatewayController,
  gatewayName,
  gatewayNamespace,
  gatewayPorts,
  routesPort,
  type ServingSettings,
  servingNamespace,
} from "./contract.ts";
import { type Running, renderDeployment } from "./programs.ts";

type Deployment = types.input.apps.v1.DeploymentSpec;
type RoutesBy = NonNullable<ServingSettings["routesBy"]>;

export const bootstrapConfig = "kourier-bootstrap";
const bootstrapFile = "envoy-bootstrap.yaml";
const bootstrapFolder = "/tmp/config";
const adminPort = 9901;
/** New connections go elsewhere before it stops; what runs is let run that long. */
const drainSeconds = 15;

export function renderGatewayController(running: Running): Deployment {
  // Whatever it speaks there, it listens once it works.
  const tcpSocket = { port: routesPort };
  return renderDeployment(gatewayController, running, {
    account: gatewayAccount,
    stopSeconds: 30,
    container: {
      resources: { requests: { cpu: "20m", memory: "96Mi" }, limits: { cpu: "1", memory: "500Mi" } },
      env: [
        { name: "SYSTEM_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
        ...Object.entries({
          CERTS_SECRET_NAMESPACE: "",
          CERTS_SECRET_NAME: "",
          METRICS_DOMAIN: "knative.dev/samples",
          KOURIER_GATEWAY_NAMESPACE: gatewayNamespace,
          ENABLE_SECRET_INFORMER_FILTERING_BY_CERT_UID: "false",
        }).map(([name, value]) => ({ name, value })),
      ],
      ports: [{ name: "routes", containerPort: routesPort }],
      readinessProbe: { tcpSocket, periodSeconds: 2, failureThreshold: 3 },
      livenessProbe: { tcpSocket, periodSeconds: 10, failureThreshold: 6 },
    },
  });
}

export function renderGateway(running: Running): Deployment {
  const httpGet = {
    ...{ path: "/ready", port: gatewayPorts.internal, scheme: "HTTP" },
    // A host of its own: no app is asked.
    httpHeaders: [{ name: "Host", value: "internalkourier" }],
  };
  return renderDeployment(gatewayName, running, {
    account: "default",
    stopSeconds: drainSeconds * 2,
    container: {
      command: ["/usr/local/bin/envoy"],
      args: [
        ...["-c", `${bootstrapFolder}/${bootstrapFile}`, "--log-level", "warning", "--disable-hot-restart"],
        ...["--drain-time-s", String(drainSeconds), "--drain-strategy", "immediate"],
      ],
      resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { cpu: "1", memory: "800Mi" } },
      ports: Object.entries(gatewayPorts).map(([name, containerPort]) => ({ name, containerPort })),
      readinessProbe: { httpGet, periodSeconds: 2, timeoutSeconds: 3, failureThreshold: 3 },
      livenessProbe: { httpGet, periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 6, initialDelaySeconds: 20 },
      // By the kubelet itself: no image has to hold a program that sleeps.
      lifecycle: { preStop: { sleep: { seconds: drainSeconds } } },
      volumeMounts: [{ name: "config", mountPath: bootstrapFolder, readOnly: true }],
    },
    volumes: [{ name: "config", configMap: { name: bootstrapConfig } }],
  });
}

/** YAML holds JSON. @returns data of the ConfigMap that the gateway starts with */
export function renderBootstrap(routesBy: RoutesBy = "grpc"): Record<string, string> {
  return { [bootstrapFile]: JSON.stringify(bootstrap(routesBy), null, 2) };
}

function bootstrap(routesBy: RoutesBy) {
  const source = sources[routesBy];
  return {
    node: { cluster: "kourier-knative", id: gatewayName },
    dynamic_resources: {
      ...(routesBy === "grpc" ? { ads_config: grpc } : {}),
      cds_config: { resource_api_version: "V3", ...source },
      lds_config: { resource_api_version: "V3", ...source },
    },
    static_resources: {
      listeners: [statsListener],
      clusters: [
        {
          ...{ name: "service_stats", type: "STATIC", connect_timeout: "0.250s" },
          load_assignment: endpoints("service_stats", "127.0.0.1", adminPort),
        },
        {
          ...{ name: routesCluster, type: "STRICT_DNS", connect_timeout: "1s" },
          load_assignment: endpoints(
            routesCluster,
            `${gatewayController}.${servingNamespace}.svc.cluster.local`,
            routesPort,
          ),
          ...(routesBy === "grpc" ? { typed_extension_protocol_options: http2 } : {}),
        },
      ],
    },
    admin: { address: { socket_address: { address: "127.0.0.1", port_value: adminPort } } },
  };
}

const routesCluster = "xds_cluster";

const grpc = {
  ...{ transport_api_version: "V3", api_type: "GRPC", rate_limit_settings: {} },
  grpc_services: [{ envoy_grpc: { cluster_name: routesCluster } }],
};

/** By which a controller without gRPC is asked; twice a second, so that a new app waits no longer than that. */
const restSource = {
  api_config_source: {
    ...{ transport_api_version: "V3", api_type: "REST", cluster_names: [routesCluster] },
    ...{ refresh_delay: "0.5s", request_timeout: "5s" },
  },
};

const sources: Record<RoutesBy, object> = { grpc: { ads: {} }, rest: restSource };

const http2 = {
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    explicit_http_config: {
      http2_protocol_options: { connection_keepalive: { interval: "30s", timeout: "5s" } },
    },
  },
};

const filters = "type.googleapis.com/envoy.extensions.filters";

/** What a scraper may read of the admin's answers, which itself listens on loopback. */
const statsListener = {
  name: "stats_listener",
  address: { socket_address: { address: "0.0.0.0", port_value: gatewayPorts.stats } },
  filter_chains: [
    {
      filters: [
        {
          name: "envoy.filters.network.http_connection_manager",
          typed_config: {
            "@type": `${filters}.network.http_connection_manager.v3.HttpConnectionManager`,
            stat_prefix: "stats_server",
            http_filters: [{ name: "router", typed_config: { "@type": `${filters}.http.router.v3.Router` } }],
            route_config: {
              virtual_hosts: [
                {
                  ...{ name: "stats", domains: ["*"] },
                  routes: [{ match: { path: "/stats/prometheus" }, route: { cluster: "service_stats" } }],
                },
              ],
            },
          },
        },
      ],
    },
  ],
};

function endpoints(cluster: string, address: string, port: number) {
  return {
    cluster_name: cluster,
    endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address, port_value: port } } } }] }],
  };
}
