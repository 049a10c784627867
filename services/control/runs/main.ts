import { remoteAuthorizer } from "../../shared/auth/authorizer.ts";
import { tokenVerifier, userIssuer } from "../../shared/auth/verifier.ts";
import { upstream } from "../../shared/client.ts";
import { databaseShape, httpUrl, regionShape } from "../../shared/config.ts";
import { clientConfig, openDatabase } from "../../shared/postgres.ts";
import { runService } from "../../shared/service.ts";
import { databaseSink } from "../audit/records.ts";
import { openHub } from "../store/hub.ts";
import { startScheduler } from "./scheduler.ts";
import { runsRoutes } from "./service.ts";
import { triggerInputs } from "./trigger-inputs.ts";

await runService({
  name: "runs",
  shape: { ...regionShape, ...databaseShape, DATAPROXY_URL: httpUrl },
  parts({ config, log, tls }) {
    const database = openDatabase(config, "runs", log);
    const hub = openHub({ connection: clientConfig(config, "runs notifications"), log });
    const audit = databaseSink(database);
    const scheduler = startScheduler({ database, audit, log });
    return {
      rpc: {
        routes: runsRoutes({ database, hub, inputs: triggerInputs(upstream(config.DATAPROXY_URL, tls).transport) }),
        verify: tokenVerifier([userIssuer(config, tls)]),
        authorize: remoteAuthorizer(upstream(config.IDENTITY_URL, tls).transport),
        audit,
      },
      ready: () => database.ping(),
      async close() {
        await scheduler.close();
        await hub.close();
        await database.close();
      },
    };
  },
});
