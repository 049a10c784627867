/** Identity: signs in applications and people, publishes the keys that verify their tokens, tells callers who they are. */

import { Code, ConnectError } from "@connectrpc/connect";
import { createLocalJWKSet } from "jose";
import { AppSessionService, PeopleService, StaffAccessService } from "../../../gen/biplane/identity/v1/identity_pb.js";
import { AuthorizerService, PolicyService } from "../../../gen/biplane/policy/v1/policy_pb.js";
import { userRoles } from "../../shared/auth/caller.ts";
import { tokenVerifier } from "../../shared/auth/verifier.ts";
import type { Bootstrap } from "../../shared/bootstrap.ts";
import { answerError, answerJson, pathOf } from "../../shared/http.ts";
import type { Logger } from "../../shared/log.ts";
import type { Database } from "../../shared/postgres.ts";
import type { ServiceParts } from "../../shared/service.ts";
import { databaseSink } from "../audit/records.ts";
import { auditRoutes } from "../audit/service.ts";
import { apiKeyStore } from "./api-keys.ts";
import { appSessionService } from "./app-sessions.ts";
import { applicationStore } from "./applications.ts";
import { authorizerService, localAuthorizer } from "./authorizer-service.ts";
import { credentialRoutes } from "./credential-services.ts";
import { grantStore } from "./grants.ts";
import { discoveryDocument, discoveryPaths, identityRoutes, keysPath, tokenPath } from "./metadata.ts";
import { type PeopleDeps, peopleDesk } from "./people.ts";
import { peopleService } from "./people-service.ts";
import { policyStore } from "./policies.ts";
import { policyService } from "./policy-service.ts";
import { sessionStore } from "./sessions.ts";
import { signInDesk } from "./sign-in.ts";
import { signInRecord } from "./sign-in-record.ts";
import { createSigner } from "./signing.ts";
import { staffGrantStore } from "./staff-grants.ts";
import { staffAccessService } from "./staff-service.ts";
import { tokenEndpoint } from "./token-endpoint.ts";

export interface IdentityDeps {
  database: Database;
  issuer: string;
  /** PKCS#8 PEM of P-256 keys: see signing.ts. */
  signingKey: string;
  bootstrap: Bootstrap;
  /** Where people show who they are. @default they cannot sign in */
  upstream?: PeopleDeps["upstream"] | undefined;
  /** What wrong tries are counted by, in milliseconds. @default the clock */
  triesClock?: (() => number) | undefined;
  log: Logger;
}

export async function identityService(deps: IdentityDeps): Promise<ServiceParts> {
  const { database, issuer, log } = deps;
  const applications = applicationStore(database);
  const signer = await createSigner(issuer, deps.signingKey);
  await applications.bootstrap(deps.bootstrap.applications);
  const keys = createLocalJWKSet(signer.keys);
  const signIn = signInDesk({ applications, log, now: deps.triesClock });
  const verify = tokenVerifier([{ issuer, audience: issuer, roles: userRoles, keys }]);
  const audit = databaseSink(database);
  const authorize = localAuthorizer(grantStore(database));
  const people = deps.upstream && peopleDesk({ ...deps, upstream: deps.upstream, verify, authorize, audit });
  const appSessions = appSessionService({ database, signer, record: signInRecord(audit), log });
  return {
    rpc: {
      routes(router) {
        identityRoutes(issuer, people !== undefined)(router);
        router.service(PolicyService, policyService(policyStore(database)));
        router.service(AuthorizerService, authorizerService(signer));
        router.service(PeopleService, peopleService(sessionStore(database)));
        router.service(StaffAccessService, staffAccessService(staffGrantStore(database)));
        router.service(AppSessionService, appSessions);
        credentialRoutes({ issuer, applications, apiKeys: apiKeyStore(database), signIn, signer })(router);
        auditRoutes(database)(router);
      },
      verify,
      authorize,
      audit,
    },
    http(request, response) {
      const path = pathOf(request);
      if (path === tokenPath) {
        return tokenEndpoint({ issuer, signIn, people: people?.grant, signer, log }, request, response);
      }
      const page = people?.handlerOf(path);
      if (page) return page(request, response);
      if (path === keysPath) answerJson(response, 200, signer.keys);
      else if (discoveryPaths.includes(path))
        answerJson(response, 200, discoveryDocument(issuer, people !== undefined));
      else answerError(request, response, new ConnectError("identity does not serve this path", Code.Unimplemented));
    },
    ready: () => database.ping(),
    close: () => database.close(),
  };
}
