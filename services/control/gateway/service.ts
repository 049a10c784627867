/** The region's one entry: verifies the caller, then passes the request to the service that answers it. */
import { Code, ConnectError } from "@connectrpc/connect";
import { allowedRoles } from "../../shared/auth/rights.ts";
import type { TokenVerifier } from "../../shared/auth/verifier.ts";
import { denied, toConnectError } from "../../shared/errors.ts";
import { answerError, type HttpHandler, type HttpRequest, pathOf } from "../../shared/http.ts";
import type { Logger } from "../../shared/log.ts";
import { proxy, type StreamSource } from "../../shared/proxy.ts";
import { type Backend, type Route, routeOf } from "./routes.ts";

export interface GatewayDeps {
  verify: TokenVerifier;
  backends: Record<Backend, StreamSource>;
  log: Logger;
}

export function gatewayHandler({ verify, backends, log }: GatewayDeps): HttpHandler {
  return async (request, response) => {
    const path = pathOf(request);
    const route = routeOf(path);
    try {
      if (!route) throw new ConnectError("no service answers this path", Code.Unimplemented);
      await admit(route, request, verify);
    } catch (error) {
      const answer = toConnectError(error, log);
      log.info("refused", { path: route ? path : "(unknown)", code: Code[answer.code] });
      answerError(request, response, answer);
      return;
    }
    const lost = `the ${route.backend} service cannot be reached, try again`;
    await proxy(request, response, { to: backends[route.backend], lost, log });
  };
}

/** The services verify and decide again, each for itself; what is refused here never reaches them. */
async function admit(route: Route, request: HttpRequest, verify: TokenVerifier): Promise<void> {
  if (route.kind === "open") return;
  const allowed = allowedRoles(route.service, route.method);
  if (allowed === "anyone") return;
  const caller = await verify(request.headers.authorization);
  if (!allowed.includes(caller.role)) throw denied(`the role ${caller.role} may not call ${route.method}`);
}
