import { AppAccessService } from "../../../gen/biplane/apps/v1/access_pb.js";
import { remoteAuthorizer } from "../../shared/auth/authorizer.ts";
import { clusterIssuer, tokenVerifier, userIssuer } from "../../shared/auth/verifier.ts";
import { upstream } from "../../shared/client.ts";
import { databaseShape, httpUrl, regionShape } from "../../shared/config.ts";
import { clientConfig, openDatabase } from "../../shared/postgres.ts";
import { runService } from "../../shared/service.ts";
import { appAccessService } from "../apps/access.ts";
import { appSessions } from "../apps/app-sessions.ts";
import { databaseSink } from "../audit/records.ts";
import { keyExchange } from "../gateway/api-keys.ts";
import { openHub } from "../store/hub.ts";
import { watchQueue } from "./queue-load.ts";
import { actionsRoutes } from "./service.ts";
import { startTimeouts } from "./timeouts.ts";

await runService({
  name: "actions",
  shape: { ...regionShape, ...databaseShape, RELAY_KEYS_URL: httpUrl },
  parts({ config, log, tls }) {
    const database = openDatabase(config, "actions", log);
    const hub = openHub({ connection: clientConfig(config, "actions notifications"), log });
    const timeouts = startTimeouts({ database, log });
    const unwatch = watchQueue(database);
    const verify = tokenVerifier([userIssuer(config, tls), clusterIssuer(config, tls)]);
    const identity = upstream(config.IDENTITY_URL, tls).transport;
    const auth = { verify, authorize: remoteAuthorizer(identity), audit: databaseSink(database) };
    const access = appAccessService({
      ...{ ...auth, database },
      exchange: keyExchange(identity),
      sessions: appSessions(identity),
    });
    return {
      rpc: {
        ...auth,
        routes(router) {
          actionsRoutes({ database, hub })(router);
          router.service(AppAccessService, access);
        },
      },
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
