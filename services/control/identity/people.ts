/** Everything by which people sign in: put together, and by path. */
import type { AuditSink } from "../../shared/auth/audit.ts";
import type { Authorizer } from "../../shared/auth/authorizer.ts";
import type { TokenVerifier } from "../../shared/auth/verifier.ts";
import type { Bootstrap } from "../../shared/bootstrap.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../../shared/http.ts";
import type { Logger } from "../../shared/log.ts";
import type { Database } from "../../shared/postgres.ts";
import { appSignIn } from "./app-sign-in.ts";
import { browserSignIn, servesBrowsers } from "./browser-sign-in.ts";
import { deviceStore } from "./device-requests.ts";
import { deviceSignIn, servesDevices } from "./device-sign-in.ts";
import { answerPage, messagePage } from "./pages.ts";
import { callbackPath, revocationPath } from "./public-client.ts";
import { revocationEndpoint } from "./revocation.ts";
import { createSealer } from "./sealed.ts";
import { sessionGrants } from "./session-grants.ts";
import { sessionStore } from "./sessions.ts";
import { signInRecord } from "./sign-in-record.ts";
import { pemBlocks } from "./signing.ts";
import { staffChoice } from "./staff-choice.ts";
import { staffGrantStore } from "./staff-grants.ts";
import { openUpstream, type UpstreamConfig } from "./upstream.ts";

export interface PeopleDeps {
  database: Database;
  issuer: string;
  signingKey: string;
  bootstrap: Pick<Bootstrap, "people">;
  /** `staffGroup`: the provider's group of the region's staff. @default nobody is */
  upstream: Omit<UpstreamConfig, "redirectUri"> & { staffGroup?: string | undefined };
  verify: TokenVerifier;
  authorize: Authorizer;
  audit: AuditSink;
  /** What wrong tries are counted by, in milliseconds. @default the clock */
  triesClock?: (() => number) | undefined;
  log: Logger;
}

export function peopleDesk(deps: PeopleDeps) {
  const { database, issuer, log, verify } = deps;
  const sessions = sessionStore(database);
  const devices = deviceStore(database);
  const record = signInRecord(deps.audit);
  const sealer = createSealer(issuer, pemBlocks(deps.signingKey));
  const device = deviceSignIn({ issuer, devices, sealer, record, log, now: deps.triesClock });
  const browser = browserSignIn({
    ...{ issuer, sessions, sealer, record, log },
    upstream: openUpstream({ ...deps.upstream, redirectUri: issuer + callbackPath }),
    groupsClaim: deps.upstream.groupsClaim,
    groups: { people: deps.bootstrap.people, staff: deps.upstream.staffGroup },
    apps: appSignIn({ database, sessions, record, authorize: deps.authorize, audit: deps.audit }),
    staff: staffChoice({ grants: staffGrantStore(database), sealer }),
    confirm: device.confirm,
  });
  const devicePages = device.handle(browser.send);
  const revoke = revocationEndpoint({ issuer, sessions, verify, record });
  return {
    grant: sessionGrants({ issuer, sessions, devices, record, log }),
    /** @returns undefined for a path that is none of these. */
    handlerOf(path: string): HttpHandler | undefined {
      if (path === revocationPath) return revoke;
      if (servesBrowsers(path)) return shown(browser.handle);
      return servesDevices(path) ? shown(devicePages) : undefined;
    },
  };

  /** People are not shown JSON. The log has the rest. */
  function shown(handler: HttpHandler): HttpHandler {
    return async (request: HttpRequest, response: HttpResponse) => {
      try {
        await handler(request, response);
      } catch (error) {
        if (response.headersSent) throw error;
        log.error("a sign-in page failed", { error });
        const text = "Something that this needs cannot be reached at the moment. Try again.";
        answerPage(response, 503, messagePage("Not now", text));
      }
    };
  }
}
