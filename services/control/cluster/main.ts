import { remoteAuthorizer } from "../../shared/auth/authorizer.ts";
import { keySetReader } from "../../shared/auth/remote-keys.ts";
import { clusterIssuer, tokenVerifier, userIssuer } from "../../shared/auth/verifier.ts";
import { bootstrapSchema } from "../../shared/bootstrap.ts";
import { upstream } from "../../shared/client.ts";
import { databaseShape, fileContent, hostName, httpUrl, jsonFile, regionShape } from "../../shared/config.ts";
import { openDatabase } from "../../shared/postgres.ts";
import { runService } from "../../shared/service.ts";
import { databaseSink } from "../audit/records.ts";
import { keysPath } from "../identity/metadata.ts";
import { openAuthority } from "./authority.ts";
import { clusterStore } from "./clusters.ts";
import { clusterRoutes } from "./service.ts";

await runService({
  name: "cluster",
  shape: {
    ...databaseShape,
    ...regionShape,
    RELAY_KEYS_URL: httpUrl,
    CLUSTER_CA_CERT_FILE: fileContent,
    CLUSTER_CA_KEY_FILE: fileContent,
    BOOTSTRAP_FILE: jsonFile(bootstrapSchema),
    RELAY_HOST: hostName,
  },
  async parts({ config, log, tls }) {
    const database = openDatabase(config, "cluster", log);
    const store = clusterStore(database);
    await store.bootstrap(config.BOOTSTRAP_FILE.registrations);
    const audit = databaseSink(database);
    const routes = clusterRoutes({
      store,
      audit,
      authority: await openAuthority(config.CLUSTER_CA_CERT_FILE, config.CLUSTER_CA_KEY_FILE),
      relayHost: config.RELAY_HOST,
      tokenIssuer: config.TOKEN_ISSUER,
      tokenKeys: keySetReader(config.IDENTITY_URL + keysPath, tls),
      log,
    });
    return {
      rpc: {
        routes,
        verify: tokenVerifier([userIssuer(config, tls), clusterIssuer(config, tls)]),
        authorize: remoteAuthorizer(upstream(config.IDENTITY_URL, tls).transport),
        audit,
      },
      ready: () => database.ping(),
      close: () => database.close(),
    };
  },
});
