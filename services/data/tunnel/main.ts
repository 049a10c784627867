import { createConnectTransport } from "@connectrpc/connect-node";
import { z } from "zod";
import about from "../../../package.json" with { type: "json" };
import { upstream } from "../../shared/client.ts";
import { fileContent, hostName, httpUrl, label, port } from "../../shared/config.ts";
import { runService } from "../../shared/service.ts";
import { secretStore } from "./secret-store.ts";
import { tunnelService } from "./service.ts";

await runService({
  name: "tunnel",
  shape: {
    CONTROL_PLANE_HOST: hostName,
    ORG: label,
    CLUSTER_NAME: label,
    REGISTRATION_TOKEN_FILE: fileContent,
    IDENTITY_SECRET: z.string(),
    POD_NAMESPACE: label,
    OBJECT_STORE_URL: httpUrl,
    LOG_PROVIDER_URL: httpUrl,
    SECRETS_URL: httpUrl,
    TUNNEL_CONNECTIONS: z.coerce.number().int().min(1).max(16).default(2),
    /** On loopback, for Cloudflare's connector in the same pod. */
    CONNECTOR_PORT: port.optional(),
  },
  parts: ({ config, log, tls }) =>
    tunnelService({
      name: { org: config.ORG, cluster: config.CLUSTER_NAME },
      token: config.REGISTRATION_TOKEN_FILE,
      store: secretStore(config.POD_NAMESPACE, config.IDENTITY_SECRET),
      gateway: createConnectTransport({ httpVersion: "2", baseUrl: `https://${config.CONTROL_PLANE_HOST}` }),
      objectStore: upstream(config.OBJECT_STORE_URL, tls).sessions,
      logProvider: upstream(config.LOG_PROVIDER_URL, tls).sessions,
      secrets: upstream(config.SECRETS_URL, tls).sessions,
      version: about.version,
      connections: config.TUNNEL_CONNECTIONS,
      ...(config.CONNECTOR_PORT === undefined ? {} : { connectorPort: config.CONNECTOR_PORT }),
      log,
    }),
});
