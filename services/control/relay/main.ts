import { upstream } from "../../shared/client.ts";
import { fileContent, httpUrl, jsonFile, port } from "../../shared/config.ts";
import { runService } from "../../shared/service.ts";
import { connectorsFile } from "./connectors.ts";
import { otherReplicas } from "./peers.ts";
import { relayService } from "./service.ts";

await runService({
  name: "relay",
  shape: {
    PORT: port.default(8443),
    INTERNAL_PORT: port.default(8080),
    TLS_CERT_FILE: fileContent,
    TLS_KEY_FILE: fileContent,
    CLUSTER_CA_FILE: fileContent,
    ACTIONS_URL: httpUrl,
    CLUSTER_URL: httpUrl,
    /** A name that answers with the address of every replica, and the internal port. */
    PEERS_URL: httpUrl,
    /** JSON file. @default no cluster is reached through Cloudflare */
    CONNECTORS_FILE: jsonFile(connectorsFile).optional(),
  },
  parts: ({ config, log, tls }) => {
    const cluster = upstream(config.CLUSTER_URL, tls);
    return relayService({
      clusters: {
        port: config.PORT,
        cert: config.TLS_CERT_FILE,
        key: config.TLS_KEY_FILE,
        clusterCa: config.CLUSTER_CA_FILE,
      },
      internalPort: config.INTERNAL_PORT,
      actions: upstream(config.ACTIONS_URL, tls).sessions,
      cluster: cluster.sessions,
      clusterCalls: cluster.transport,
      ...(config.CONNECTORS_FILE ? { connectors: config.CONNECTORS_FILE } : {}),
      findPeers: () => otherReplicas(config.PEERS_URL),
      // Found by address, and known by the name that they share.
      dialPeer: (url) => upstream(url, tls, new URL(config.PEERS_URL).hostname),
      log,
    });
  },
});
