/**
 * RPC handlers on Node's HTTP servers: the Connect protocol, which the Flyte client speaks, and gRPC-Web, which browsers do.
 * gRPC itself needs trailers, which are not everywhere passed on the way.
 */
import { Code, ConnectError, type ConnectRouter, createConnectRouter, type Interceptor } from "@connectrpc/connect";
import {
  createAsyncIterable,
  readAllBytes,
  type UniversalHandler,
  type UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import {
  codeToHttpStatus,
  codeToString,
  errorFromJsonBytes,
  errorToJsonBytes,
} from "@connectrpc/connect/protocol-connect";
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { type AuthParts, authInterceptor } from "./auth/interceptor.ts";
import { ruleOf } from "./auth/rules.ts";
import { errorInterceptor, undecodable } from "./errors.ts";
import { answerError, type HttpHandler } from "./http.ts";
import { maxMessageBytes } from "./limits.ts";
import type { Logger } from "./log.ts";
import { noteCode, servedRequest } from "./served-request.ts";

/** Every method but the public ones needs a token and a grant; see auth/rules.ts. */
export interface RpcParts extends AuthParts {
  routes: (router: ConnectRouter) => void;
  /** Run after authentication and authorization. */
  interceptors?: Interceptor[];
}

/** @returns the handler of a path, if it is a method of the routes. `shutdown` aborts what still runs. */
export function rpcHandlers(parts: RpcParts, log: Logger, shutdown: AbortSignal) {
  const router = createConnectRouter({
    grpc: false,
    grpcWeb: true,
    acceptCompression: [compressionGzip],
    readMaxBytes: maxMessageBytes,
    writeMaxBytes: maxMessageBytes,
    shutdownSignal: shutdown,
    interceptors: [errorInterceptor(log), authInterceptor(parts), ...(parts.interceptors ?? [])],
  });
  parts.routes(router);
  requireRules(router);
  const byPath = new Map(router.handlers.map((handler) => [handler.requestPath, serve(handler, log)]));
  return (path: string): HttpHandler | undefined => byPath.get(path);
}

/** A method without a rule would be denied to everybody; that is a mistake which must not wait for a caller. */
function requireRules({ handlers }: ConnectRouter): void {
  const without = handlers.filter(({ service, method }) => !ruleOf(service.typeName, method.name));
  if (without.length === 0) return;
  throw new Error(`no rule in auth/rules.ts for ${without.map(({ requestPath }) => requestPath).join(", ")}`);
}

function serve(handler: UniversalHandler, log: Logger): HttpHandler {
  return (request, response) => {
    const run = async () => {
      noteCode("ok");
      const answer = await handler(universalRequestFromNodeRequest(request, response, undefined, undefined));
      await universalResponseToNodeResponse(await decodedRight(answer), response);
    };
    run().catch((error: unknown) => {
      // What a handler throws is part of its answer by now; this is a client that has gone, or bytes that are no HTTP.
      log.debug("a response could not be sent", { rpc: handler.requestPath, error });
      answerError(request, response, new ConnectError("the request cannot be served", Code.InvalidArgument));
    });
  };
}

/**
 * connect-node decodes a unary request before any interceptor runs and answers 500 "internal" to bytes that do not
 * decode, so this can be put right only here.
 */
async function decodedRight(answer: UniversalServerResponse): Promise<UniversalServerResponse> {
  // Refused before any interceptor ran, such as a form of message that is not served.
  if (answer.status >= 400 && servedRequest()?.code === "ok") noteCode(`http_${Math.floor(answer.status / 100)}xx`);
  if (answer.status !== codeToHttpStatus(Code.Internal) || !answer.body) return answer;
  const bytes = await readAllBytes(answer.body, maxMessageBytes);
  const seen = errorFromJsonBytes(bytes, undefined, new ConnectError("", Code.Unknown));
  const right = undecodable(seen);
  if (!right) return { ...answer, body: createAsyncIterable([bytes]) };
  noteCode(codeToString(right.code));
  const body = errorToJsonBytes(right, undefined);
  answer.header?.set("content-length", String(body.byteLength));
  return { ...answer, status: codeToHttpStatus(right.code), body: createAsyncIterable([body]) };
}
