import { tokenVerifier, userIssuer } from "../../shared/auth/verifier.ts";
import { databaseShape, tokenShape } from "../../shared/config.ts";
import { clientConfig, openDatabase } from "../../shared/postgres.ts";
import { runService } from "../../shared/service.ts";
import { openHub } from "../store/hub.ts";
import { runsRoutes } from "./service.ts";

await runService({
  name: "runs",
  shape: { ...tokenShape, ...databaseShape },
  parts({ config, log }) {
    const database = openDatabase(config, "runs", log);
    const hub = openHub({ connection: clientConfig(config, "runs notifications"), log });
    return {
      rpc: {
        routes: runsRoutes({ database, hub }),
        verify: tokenVerifier([userIssuer(config)]),
      },
      ready: () => database.ping(),
      async close() {
        await hub.close();
        await database.close();
      },
    };
  },
});
