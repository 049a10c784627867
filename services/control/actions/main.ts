import { remoteAuthorizer } from "../../shared/auth/authorizer.ts";
import { clusterIssuer, tokenVerifier, userIssuer } from "../../shared/auth/verifier.ts";
import { upstream } from "../../shared/client.ts";
import { databaseShape, httpUrl, regionShape } from "../../shared/config.ts";
import { clientConfig, openDatabase } from "../../shared/postgres.ts";
import { runService } from "../../shared/service.ts";
import { databaseSink } from "../audit/records.ts";
import { openHub } from "../store/hub.ts";
import { watchQueue } from "./queue-load.ts";
import { actionsRoutes } from "./service.ts";
import { startTimeouts } from "./timeouts.ts";

await runService({
  name: "actions",
  shape: { ...regionShape, ...databaseShape, RELAY_KEYS_URL: httpUrl },
  parts({ config, log }) {
    const database = openDatabase(config, "actions", log);
    const hub = openHub({ connection: clientConfig(config, "actions notifications"), log });
    const timeouts = startTimeouts({ database, log });
    const unwatch = watchQueue(database);
    const verify = tokenVerifier([userIssuer(config), clusterIssuer(config)]);
    const authorize = remoteAuthorizer(upstream(config.IDENTITY_URL).transport);
    return {
      rpc: { routes: actionsRoutes({ database, hub }), verify, authorize, audit: databaseSink(database) },
      ready: () => database.ping(),
      async close() {
        unwatch();
        await timeouts.close();
        await hub.close();
        await database.close();
      },
    };
  },
});
