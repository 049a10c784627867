import { remoteAuthorizer } from "../../shared/auth/authorizer.ts";
import { tokenVerifier, userIssuer } from "../../shared/auth/verifier.ts";
import { upstream } from "../../shared/client.ts";
import { httpUrl, regionShape } from "../../shared/config.ts";
import { runService } from "../../shared/service.ts";
import { remoteSink } from "../audit/remote-sink.ts";
import { actionAddresses } from "./actions.ts";
import { planes } from "./planes.ts";
import { secretRoutes } from "./secrets.ts";
import { dataProxyRoutes } from "./service.ts";

await runService({
  name: "dataproxy",
  shape: { ...regionShape, RELAY_URL: httpUrl, CLUSTER_URL: httpUrl, RUNS_URL: httpUrl },
  parts: ({ config, log, tls }) => {
    const plane = {
      relay: upstream(config.RELAY_URL, tls).transport,
      planes: planes(upstream(config.CLUSTER_URL, tls).transport),
    };
    const data = dataProxyRoutes({
      ...plane,
      addresses: actionAddresses(upstream(config.RUNS_URL, tls).transport),
      log,
    });
    const secrets = secretRoutes(plane);
    return {
      rpc: {
        routes: (router) => void secrets(data(router)),
        verify: tokenVerifier([userIssuer(config, tls)]),
        authorize: remoteAuthorizer(upstream(config.IDENTITY_URL, tls).transport),
        audit: remoteSink(upstream(config.IDENTITY_URL, tls).transport),
      },
    };
  },
});
