import { z } from "zod";
import { ObjectStoreService } from "../../../gen/biplane/objectstore/v1/object_store_pb.js";
import { logSink } from "../../shared/auth/audit.ts";
import { statedAuthorizer } from "../../shared/auth/authorizer.ts";
import { tokenVerifier, userIssuer } from "../../shared/auth/verifier.ts";
import { label, tokenShape } from "../../shared/config.ts";
import { runService } from "../../shared/service.ts";
import { clouds, openStore, schemeOf } from "./open.ts";
import { objectStoreService } from "./service.ts";
import { maxPresignSeconds } from "./store.ts";

await runService({
  name: "objectstore",
  shape: {
    ...tokenShape,
    ORG: label,
    CLOUD: clouds,
    METADATA_BUCKET: z.string().min(3),
    FAST_REGISTRATION_BUCKET: z.string().min(3),
    PRESIGN_TTL_SECONDS: z.coerce.number().int().min(1).max(maxPresignSeconds).default(maxPresignSeconds),
  },
  parts: ({ config, log, tls }) => {
    const service = objectStoreService({
      store: openStore(config.CLOUD),
      scheme: schemeOf[config.CLOUD],
      org: config.ORG,
      metadataBucket: config.METADATA_BUCKET,
      fastRegistrationBucket: config.FAST_REGISTRATION_BUCKET,
      presignSeconds: config.PRESIGN_TTL_SECONDS,
    });
    const users = userIssuer(config, tls);
    return {
      rpc: {
        routes: (router) => void router.service(ObjectStoreService, service),
        verify: tokenVerifier([users]),
        authorize: statedAuthorizer(users),
        audit: logSink(log),
      },
    };
  },
});
