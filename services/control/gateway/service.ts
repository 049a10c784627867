/** The region's one entry: verifies the caller, then passes the request to the service that answers it. */
import { Code, ConnectError } from "@connectrpc/connect";
import { record, requestIdOf } from "../../shared/auth/audit.ts";
import { requireKind, requireSomewhere } from "../../shared/auth/decide.ts";
import type { AuthParts } from "../../shared/auth/interceptor.ts";
import { ruleOf } from "../../shared/auth/rules.ts";
import { toConnectError } from "../../shared/errors.ts";
import { answerError, type HttpHandler, type HttpRequest, pathOf } from "../../shared/http.ts";
import type { Logger } from "../../shared/log.ts";
import { proxy, type StreamSource } from "../../shared/proxy.ts";
import { type Backend, type Route, routeOf } from "./routes.ts";

export interface GatewayDeps extends AuthParts {
  backends: Record<Backend, StreamSource>;
  log: Logger;
}

export function gatewayHandler({ backends, log, ...auth }: GatewayDeps): HttpHandler {
  return async (request, response) => {
    const path = pathOf(request);
    const route = routeOf(path);
    try {
      if (!route) throw new ConnectError("no service answers this path", Code.Unimplemented);
      await admit(route, request, auth);
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

/** The services verify again and decide with the request before them; what is refused here never reaches them. */
async function admit(route: Route, request: HttpRequest, { verify, authorize, audit }: AuthParts): Promise<void> {
  if (route.kind === "open") return;
  const rule = ruleOf(route.service, route.method);
  if (rule?.who === "anyone") return;
  const identified = await verify(request.headers.authorization);
  try {
    requireKind(rule, identified, route.method);
    requireSomewhere(rule, await authorize(identified, new Headers()), route.method);
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    if (code !== Code.PermissionDenied) throw error;
    // Here nobody has read the request yet, so what it names is not known.
    await record(audit, identified, {
      operation: `${route.service}/${route.method}`,
      resource: "",
      decision: "denied",
      reason: rawMessage,
      requestId: requestIdOf(String(request.headers["x-request-id"] ?? "")),
    });
    throw error;
  }
}
