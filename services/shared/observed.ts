/** Counts, times and traces every request that a server of ours takes, by the method asked for and how that was answered. */
import { constants } from "node:http2";
import { Code } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { ruledMethods, ruleOf } from "./auth/rules.ts";
import { type HttpHandler, type HttpRequest, type HttpResponse, pathOf } from "./http.ts";
import { counter, gauge, histogram, other, secondsSince } from "./metrics.ts";
import { type ServedRequest, whileServing } from "./served-request.ts";
import { parseTraceparent } from "./trace-context.ts";
import { startSpan } from "./traces.ts";

const methods = ruledMethods();
const rpc = { rpc_service: new Set(methods.keys()), rpc_method: new Set([...methods.values()].flat()) };

const connectCodes = Object.values(Code).filter((code): code is Code => typeof code === "number");
/** Of whoever only passes a request on, or answers no RPC: the class of the HTTP status. */
const statusClasses = ["http_1xx", "http_2xx", "http_3xx", "http_4xx", "http_5xx"];

const requests = counter("biplane_requests_total", "Requests that have ended, by how they were answered", {
  ...rpc,
  code: ["ok", ...connectCodes.map(codeToString), ...statusClasses],
});
const seconds = histogram(
  "biplane_request_seconds",
  "How long requests took, to the end of the answer; streams may be meant to last",
  rpc,
);
const inFlight = gauge("biplane_requests_in_flight", "Requests that are being answered", rpc);

export interface Place {
  /** Of ours, as traces name it. */
  server: string;
  /** Whoever is not of ours begins a trace of ours, whatever trace they say that they are in. */
  callers: "ours" | "others";
}

/** The handler, with each of its requests counted once it has ended, whoever ended it. */
export function observed({ server, callers }: Place, handler: HttpHandler): HttpHandler {
  return (request, response) => {
    const asked = methodOf(pathOf(request));
    const parent = callers === "ours" ? parseTraceparent(request.headers.traceparent) : undefined;
    const span = startSpan(server, parent);
    const served: ServedRequest = { code: undefined, trace: span?.context ?? parent };
    const began = performance.now();
    inFlight.add(asked, 1);
    response.once("close", () => {
      inFlight.add(asked, -1);
      seconds.observe(asked, secondsSince(began));
      const code = codeOf(served, response, wasCut(request, response));
      requests.add({ ...asked, code });
      span?.end({ method: asked, code });
    });
    return whileServing(served, () => handler(request, response));
  };
}

/** Only methods that there are have a name here: the path is whatever somebody sends. */
function methodOf(path: string): { rpc_service: string; rpc_method: string } {
  const [, rpc_service = "", rpc_method = ""] = path.split("/", 3);
  return ruleOf(rpc_service, rpc_method) ? { rpc_service, rpc_method } : { rpc_service: other, rpc_method: other };
}

function codeOf({ code }: ServedRequest, { statusCode }: HttpResponse, cut: boolean): string {
  // Unless something is known to have gone wrong before.
  if (cut && (code === undefined || code === "ok")) return codeToString(Code.Canceled);
  return code ?? `http_${Math.floor(statusCode / 100)}xx`;
}

/** Left by its caller, or ended before its answer was whole. Node says "finish" of such a stream of HTTP/2 as well. */
function wasCut(request: HttpRequest, response: HttpResponse): boolean {
  if (!("stream" in request)) return !response.writableFinished;
  return request.stream.aborted || request.stream.rstCode !== constants.NGHTTP2_NO_ERROR;
}
