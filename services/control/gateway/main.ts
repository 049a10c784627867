import { remoteAuthorizer } from "../../shared/auth/authorizer.ts";
import { tokenVerifier, userIssuer } from "../../shared/auth/verifier.ts";
import { upstream } from "../../shared/client.ts";
import { fileContent, httpUrl, port, regionShape } from "../../shared/config.ts";
import { runService } from "../../shared/service.ts";
import { remoteSink } from "../audit/remote-sink.ts";
import { consolePages } from "../console/handler.ts";
import { keyExchange } from "./api-keys.ts";
import { gatewayHandler } from "./service.ts";

await runService({
  name: "gateway",
  shape: {
    ...regionShape,
    PORT: port.default(8443),
    TLS_CERT_FILE: fileContent,
    TLS_KEY_FILE: fileContent,
    /** Set: only the edge, which holds a certificate of this authority, may connect. */
    ORIGIN_PULL_CA_FILE: fileContent.optional(),
    RUNS_URL: httpUrl,
    ACTIONS_URL: httpUrl,
    CLUSTER_URL: httpUrl,
    DATAPROXY_URL: httpUrl,
  },
  parts: ({ config, log, tls }) => {
    const verify = tokenVerifier([userIssuer(config, tls)]);
    const authorize = remoteAuthorizer(upstream(config.IDENTITY_URL, tls).transport);
    const [identity, runs] = [upstream(config.IDENTITY_URL, tls), upstream(config.RUNS_URL, tls)];
    const asked = { issuer: config.TOKEN_ISSUER, identity: identity.sessions, runs: runs.transport };
    return {
      port: config.PORT,
      http: gatewayHandler({
        verify,
        authorize,
        audit: remoteSink(upstream(config.IDENTITY_URL, tls).transport),
        backends: {
          identity: identity.sessions,
          runs: runs.sessions,
          actions: upstream(config.ACTIONS_URL, tls).sessions,
          cluster: upstream(config.CLUSTER_URL, tls).sessions,
          dataproxy: upstream(config.DATAPROXY_URL, tls).sessions,
        },
        exchange: keyExchange(upstream(config.IDENTITY_URL, tls).transport),
        pages: consolePages({ ...asked, verify, authorize, log }),
        // Cloudflare says who it speaks for; nobody else holds the certificate that it connects with.
        sourceFrom: config.ORIGIN_PULL_CA_FILE ? "cf-connecting-ip" : undefined,
        log,
      }),
      tls: {
        cert: config.TLS_CERT_FILE,
        key: config.TLS_KEY_FILE,
        minVersion: "TLSv1.2",
        ...(config.ORIGIN_PULL_CA_FILE
          ? { ca: config.ORIGIN_PULL_CA_FILE, requestCert: true, rejectUnauthorized: true }
          : {}),
      },
    };
  },
});
