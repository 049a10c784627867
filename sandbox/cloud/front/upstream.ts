/** Speaks to the programs behind the front: streaming, or whole for what is small. */
import { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request as plainRequest } from "node:http";
import { Agent, request as tlsRequest } from "node:https";
import { pipeline } from "node:stream/promises";
import { endToEnd, type FrontRequest, type FrontResponse, forwardedHeaders, readWhole } from "./exchange.ts";

export interface Upstream {
  address: string;
  port: number;
  /** Speak TLS, to this name. The object store must see TLS: bucket policies ask it by aws:SecureTransport. */
  tls?: { servername: string; agent: Agent };
}

export interface WholeAnswer {
  status: number;
  headers: OutgoingHttpHeaders;
  body: Buffer;
}

const answerLimitBytes = 64 * 1024 * 1024;

/** A TLS agent that trusts the sandbox's authority and resumes sessions; connections are not kept. */
export function trustingAgent(authorityPem: string): Agent {
  return new Agent({ ca: authorityPem, keepAlive: false, maxCachedSessions: 100 });
}

/** Streams both ways. Resolves when the answer is through; rejects when it could not begin. */
export async function stream(request: FrontRequest, response: FrontResponse, upstream: Upstream, extra = {}) {
  const headers = { ...forwardedHeaders(request), ...extra };
  const outgoing = open(upstream, request.method ?? "GET", request.url ?? "/", headers);
  response.once("close", () => {
    if (!response.writableFinished) outgoing.destroy();
  });
  const answered = answerOf(outgoing);
  // Not `pipeline`: a refusal comes before the body has gone, and its broken pipe must not end the client's connection.
  // The rest of the body then goes nowhere.
  outgoing.once("close", () => request.resume());
  request.pipe(outgoing);
  const incoming = await answered;
  response.statusCode = incoming.statusCode ?? 502;
  for (const [name, value] of Object.entries(endToEnd(incoming.headers)))
    if (value !== undefined) response.setHeader(name, value);
  if (request.method === "HEAD") {
    incoming.resume();
    response.end();
  } else await pipeline(incoming, response);
}

/** Sends a whole request and reads a whole answer. */
export async function exchange(
  upstream: Upstream,
  message: { method: string; target: string; headers: OutgoingHttpHeaders; body: Buffer },
): Promise<WholeAnswer> {
  const headers: OutgoingHttpHeaders = { ...message.headers };
  if (message.body.length > 0) headers["content-length"] = message.body.length;
  const outgoing = open(upstream, message.method, message.target, headers);
  const answered = answerOf(outgoing);
  outgoing.end(message.body);
  const incoming = await answered;
  const body = await readWhole(incoming, answerLimitBytes);
  return { status: incoming.statusCode ?? 502, headers: endToEnd(incoming.headers), body };
}

function open(upstream: Upstream, method: string, path: string, headers: OutgoingHttpHeaders): ClientRequest {
  const common = { host: upstream.address, port: upstream.port, method, path, headers };
  if (!upstream.tls) return plainRequest({ ...common, agent: false });
  return tlsRequest({ ...common, agent: upstream.tls.agent, servername: upstream.tls.servername });
}

function answerOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.on("error", reject);
  });
}
