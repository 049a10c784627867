import { bootstrapSchema } from "../../shared/bootstrap.ts";
import { databaseShape, fileContent, httpUrl, jsonFile } from "../../shared/config.ts";
import { openDatabase } from "../../shared/postgres.ts";
import { runService } from "../../shared/service.ts";
import { identityService } from "./service.ts";
import { readUpstream, upstreamShape } from "./upstream-config.ts";

await runService({
  name: "identity",
  shape: {
    ...databaseShape,
    ...upstreamShape,
    TOKEN_ISSUER: httpUrl,
    SIGNING_KEY_FILE: fileContent,
    BOOTSTRAP_FILE: jsonFile(bootstrapSchema),
  },
  parts: ({ config, log }) =>
    identityService({
      database: openDatabase(config, "identity", log),
      issuer: config.TOKEN_ISSUER,
      signingKey: config.SIGNING_KEY_FILE,
      bootstrap: config.BOOTSTRAP_FILE,
      upstream: readUpstream(config),
      log,
    }),
});
