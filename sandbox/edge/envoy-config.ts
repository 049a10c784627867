/** Envoy's configuration for the two addresses of the edge. Pure: files and addresses in, a document out. */

export interface EdgeTarget {
  address: string;
  port: number;
}

export interface EdgeOptions {
  /** Ends TLS, as Cloudflare's proxied records do. */
  front: EdgeTarget & { certificate: string; key: string };
  /** Of the gateway; it is shown the client certificate and must prove the name that the client asked for. */
  origin: EdgeTarget & { authority: string; clientCertificate: string; clientKey: string };
  /** Passes bytes on, as the relay's own network load balancer does. */
  passthrough: EdgeTarget;
  relay: EdgeTarget;
  /** Hosts right below `domain` lead into tunnels, whatever of these there is. */
  tunnels: EdgeTarget & { domain: string };
}

/** Cloudflare cuts an answer that is silent for so long (error 524). */
export const httpIdleSeconds = 100;
/** A network load balancer forgets a connection that is silent for so long. */
export const tcpIdleSeconds = 350;

const filterTypes = "type.googleapis.com/envoy.extensions.filters";
const tlsTypes = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3";

export function renderEnvoyConfig(options: EdgeOptions) {
  return {
    static_resources: {
      listeners: [httpListener(options.front, options.tunnels.domain), tcpListener(options.passthrough)],
      clusters: [originCluster(options.origin), relayCluster(options.relay), clusterTo("tunnels", options.tunnels)],
    },
  };
}

function httpListener({ certificate, key, ...target }: EdgeOptions["front"], tunnelled: string) {
  return {
    name: "front",
    address: addressOf(target),
    filter_chains: [
      {
        transport_socket: {
          name: "envoy.transport_sockets.tls",
          typed_config: {
            "@type": `${tlsTypes}.DownstreamTlsContext`,
            common_tls_context: {
              alpn_protocols: ["h2", "http/1.1"],
              tls_params: { tls_minimum_protocol_version: "TLSv1_2" },
              tls_certificates: [{ certificate_chain: { filename: certificate }, private_key: { filename: key } }],
            },
          },
        },
        filters: [{ name: "http", typed_config: httpManager(tunnelled) }],
      },
    ],
  };
}

function httpManager(tunnelled: string) {
  return {
    "@type": `${filterTypes}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: "front",
    codec_type: "AUTO",
    use_remote_address: true,
    server_name: "biplane-edge",
    stream_idle_timeout: `${httpIdleSeconds}s`,
    // Uploads and streams take as long as they take.
    request_timeout: "0s",
    http_filters: [
      { name: "strip", typed_config: stripOwnHeaders() },
      { name: "router", typed_config: { "@type": `${filterTypes}.http.router.v3.Router` } },
    ],
    route_config: {
      name: "origin",
      virtual_hosts: [
        {
          name: "tunnels",
          domains: [`*.${tunnelled}`],
          routes: [
            {
              match: { prefix: "/" },
              route: { cluster: "tunnels", timeout: "0s", upgrade_configs: [{ upgrade_type: "websocket" }] },
            },
          ],
        },
        {
          name: "any",
          domains: ["*"],
          // No limit on the whole; the idle limit is the stream's.
          routes: [{ match: { prefix: "/" }, route: { cluster: "origin", timeout: "0s" } }],
        },
      ],
    },
  };
}

/**
 * Between our own services x-biplane-* headers carry meaning, so none may come from outside. Cloudflare says from where
 * the client connects, whatever the client says itself.
 */
function stripOwnHeaders() {
  return {
    "@type": `${filterTypes}.http.header_mutation.v3.HeaderMutation`,
    mutations: {
      request_mutations: [
        { remove_on_match: { key_matcher: { prefix: "x-biplane-", ignore_case: true } } },
        {
          append: {
            header: { key: "cf-connecting-ip", value: "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%" },
            append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
          },
        },
      ],
    },
  };
}

function originCluster({ authority, clientCertificate, clientKey, ...target }: EdgeOptions["origin"]) {
  return {
    ...clusterTo("origin", target),
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        // "Full (strict)": the origin's certificate must be for the name that was asked for.
        upstream_http_protocol_options: { auto_sni: true, auto_san_validation: true },
        explicit_http_config: {
          http2_protocol_options: { connection_keepalive: { interval: "30s", timeout: "10s" } },
        },
      },
    },
    transport_socket: {
      name: "envoy.transport_sockets.tls",
      typed_config: {
        "@type": `${tlsTypes}.UpstreamTlsContext`,
        common_tls_context: {
          alpn_protocols: ["h2"],
          tls_certificates: [
            { certificate_chain: { filename: clientCertificate }, private_key: { filename: clientKey } },
          ],
          validation_context: { trusted_ca: { filename: authority } },
        },
      },
    },
  };
}

function tcpListener(target: EdgeTarget) {
  return {
    name: "passthrough",
    address: addressOf(target),
    filter_chains: [
      {
        filters: [
          {
            name: "tcp",
            typed_config: {
              "@type": `${filterTypes}.network.tcp_proxy.v3.TcpProxy`,
              stat_prefix: "passthrough",
              cluster: "relay",
              idle_timeout: `${tcpIdleSeconds}s`,
            },
          },
        ],
      },
    ],
  };
}

function relayCluster(target: EdgeTarget) {
  return clusterTo("relay", target);
}

function clusterTo(name: string, target: EdgeTarget) {
  return {
    name,
    type: "STATIC",
    connect_timeout: "5s",
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: addressOf(target) } }] }],
    },
  };
}

function addressOf({ address, port }: EdgeTarget) {
  return { socket_address: { address, port_value: port } };
}
