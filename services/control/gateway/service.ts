/** The region's one entry: verifies the caller, then passes the request to the service that answers it. */
import { Code, ConnectError } from "@connectrpc/connect";
import { record, requestIdOf } from "../../shared/auth/audit.ts";
import { requireKind, requireOwnSignIn, requireSomewhere } from "../../shared/auth/decide.ts";
import type { AuthParts } from "../../shared/auth/interceptor.ts";
import { ruleOf } from "../../shared/auth/rules.ts";
import { toConnectError } from "../../shared/errors.ts";
import { sourceHeader } from "../../shared/headers.ts";
import { answerError, type HttpHandler, type HttpRequest, pathOf } from "../../shared/http.ts";
import type { Logger } from "../../shared/log.ts";
import { proxy, type StreamSource } from "../../shared/proxy.ts";
import type { ConsolePages } from "../console/handler.ts";
import type { KeyExchange } from "./api-keys.ts";
import { type Backend, type Route, routeOf } from "./routes.ts";

export interface GatewayDeps extends AuthParts {
  backends: Record<Backend, StreamSource>;
  exchange: KeyExchange;
  /** For people's browsers. @default there are none */
  pages?: ConsolePages | undefined;
  /** Set by the edge, where only the edge may connect. @default the connection's own address */
  sourceFrom?: string | undefined;
  log: Logger;
}

export function gatewayHandler(deps: GatewayDeps): HttpHandler {
  const { backends, log } = deps;
  return async (request, response) => {
    const path = pathOf(request);
    const page = deps.pages?.(path);
    if (page) return page(request, response);
    const route = routeOf(path);
    const source = sourceOf(request, deps.sourceFrom);
    let authorization: string | undefined;
    try {
      if (!route) throw new ConnectError("no service answers this path", Code.Unimplemented);
      authorization = await admit(route, request, source, deps);
    } catch (error) {
      const answer = toConnectError(error, log);
      log.info("refused", { path: route ? path : "(unknown)", code: Code[answer.code] });
      answerError(request, response, answer);
      return;
    }
    const lost = `the ${route.backend} service cannot be reached, try again`;
    const headers = { [sourceHeader]: source, ...(authorization === undefined ? {} : { authorization }) };
    await proxy(request, response, { to: backends[route.backend], headers, lost, log });
  };
}

/**
 * The services verify again and decide with the request before them; what is refused here never reaches them.
 * @returns the authorization header to go on with.
 */
async function admit(
  route: Route,
  request: HttpRequest,
  source: string,
  { exchange, verify, authorize, audit }: GatewayDeps,
): Promise<string | undefined> {
  const given = request.headers.authorization;
  if (route.kind === "open") return given;
  const rule = ruleOf(route.service, route.method);
  if (rule?.who === "anyone") return given;
  const authorization = await exchange(given, source);
  const identified = await verify(authorization);
  try {
    requireKind(rule, identified, route.method);
    const authority = await authorize(identified, new Headers());
    requireOwnSignIn(rule, identified, route.method);
    requireSomewhere(rule, authority, route.method);
    return authorization;
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

function sourceOf(request: HttpRequest, named: string | undefined): string {
  const told = named === undefined ? undefined : request.headers[named];
  return (typeof told === "string" ? told.slice(0, 64) : undefined) ?? request.socket?.remoteAddress ?? "";
}
