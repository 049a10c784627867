import { remoteAuthorizer } from "../../shared/auth/authorizer.ts";
import { tokenVerifier, userIssuer } from "../../shared/auth/verifier.ts";
import { upstream } from "../../shared/client.ts";
import { databaseShape, regionShape } from "../../shared/config.ts";
import { clientConfig, openDatabase } from "../../shared/postgres.ts";
import { runService } from "../../shared/service.ts";
import { databaseSink } from "../audit/records.ts";
import { openHub } from "../store/hub.ts";
import { runsRoutes } from "./service.ts";

await runService({
  name: "runs",
  shape: { ...regionShape, ...databaseShape },
  parts({ config, log }) {
    const database = openDatabase(config, "runs", log);
    const hub = openHub({ connection: clientConfig(config, "runs notifications"), log });
    return {
      rpc: {
        routes: runsRoutes({ database, hub }),
        verify: tokenVerifier([userIssuer(config)]),
        authorize: remoteAuthorizer(upstream(config.IDENTITY_URL).transport),
        audit: databaseSink(database),
      },
      ready: () => database.ping(),
      async close() {
        await hub.close();
        await database.close();
      },
    };
  },
});
