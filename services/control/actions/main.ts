import { clusterIssuer, tokenVerifier, userIssuer } from "../../shared/auth/verifier.ts";
import { databaseShape, httpUrl, tokenShape } from "../../shared/config.ts";
import { clientConfig, openDatabase } from "../../shared/postgres.ts";
import { runService } from "../../shared/service.ts";
import { openHub } from "../store/hub.ts";
import { actionsRoutes } from "./service.ts";

await runService({
  name: "actions",
  shape: { ...tokenShape, ...databaseShape, RELAY_KEYS_URL: httpUrl },
  parts({ config, log }) {
    const database = openDatabase(config, "actions", log);
    const hub = openHub({ connection: clientConfig(config, "actions notifications"), log });
    const verify = tokenVerifier([userIssuer(config), clusterIssuer(config)]);
    return {
      rpc: { routes: actionsRoutes({ database, hub }), verify },
      ready: () => database.ping(),
      async close() {
        await hub.close();
        await database.close();
      },
    };
  },
});
