/** The gate in front of apps: nothing reaches one of which the region does not say, at this moment, that it may. */
import { once } from "node:events";
import { createServer, type IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Transport } from "@connectrpc/connect";
import { cookieCounts } from "../../shared/cookies.ts";
import type { Logger } from "../../shared/log.ts";
import { counter } from "../../shared/metrics.ts";
import { openAccess } from "./access.ts";
import { credentialOf, hostOf, isPath, isVisit, nobody, sourceOf } from "./asked.ts";
import { openForward } from "./forward.ts";
import { openSignIn } from "./sign-in.ts";
import { answer } from "./words.ts";

export interface GateOptions {
  /** To the region, by the tunnel. */
  region: Transport;
  controlPlaneHost: string;
  appsDomain: string;
  /** Of the serving gateway. */
  gateway: URL;
  /** On loopback: whoever brings requests here runs in the same pod. */
  port: number;
  /** @default 10 s */
  holdMs?: number;
  log: Logger;
}

export interface Gate {
  port: number;
  /** Accepts no more, and ends once its requests have, or after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

const outcomes = ["allowed", "sign_in", "forbidden", "unknown", "misdirected", "own", "unavailable"] as const;
const requests = counter("biplane_gate_requests_total", "Requests to apps, by what became of them", {
  outcome: outcomes,
});
const count = (outcome: (typeof outcomes)[number]) => requests.add({ outcome });

/** An app may set cookies as long as these; whoever sends more is refused before anything is asked. */
const maxHeaderSize = 32 * 1024;

export async function startGate(options: GateOptions): Promise<Gate> {
  const { region, controlPlaneHost, appsDomain, log } = options;
  const issuer = `https://${controlPlaneHost}`;
  const access = openAccess({ region, log, ...(options.holdMs === undefined ? {} : { holdMs: options.holdMs }) });
  const signIn = openSignIn({ region, controlPlaneHost, log });
  const forward = openForward(options);

  /** @param head of a request for a WebSocket. */
  async function serve(request: IncomingMessage, response: ServerResponse, head?: Buffer): Promise<void> {
    const { method = "", url, headers } = request;
    const upgrade = head !== undefined;
    const host = hostOf(request.rawHeaders, appsDomain);
    if (host === undefined) {
      count("misdirected");
      return answer(response, 404, "There is nothing at this address.");
    }
    if (!isPath(url) || method === "CONNECT") return answer(response, 400, "Ask for a path of this host.");
    const page = signIn.pageOf(url.split("?", 1)[0] ?? "");
    if (page) {
      count("own");
      return page(host, request, response);
    }
    const given = credentialOf(headers, issuer);
    const elsewhere = given.case === "session" && !cookieCounts({ host, method, headers, upgrade });
    const question = { host, credential: elsewhere ? nobody : given, source: sourceOf(headers) };
    const decision = await access.check(question).catch((error: unknown) => {
      log.warn("nobody can say who may reach an app", { error });
      return undefined;
    });
    // Who has left already tells it to nobody any more, and what waits for that would wait for ever.
    if (request.socket.destroyed) return;
    switch (decision?.is) {
      case undefined:
        count("unavailable");
        return answer(response, 503, "Who may reach this app cannot be asked at the moment. Try again.", {
          "retry-after": "5",
        });
      case "forbidden":
        count("forbidden");
        return answer(response, 403, "There is no such app, or you may not reach it.");
      case "unknown":
        count("unknown");
        return answer(response, 404, "There is no app at this address.");
      case "signIn":
        count("sign_in");
        if (elsewhere) {
          return answer(response, 403, "A page of another site asked this in your name. Open the app itself.");
        }
        if (isVisit({ method, headers, upgrade })) return signIn.begin(host, request, response);
        return answer(response, 401, "Send an API key or a token of this organisation as a bearer.", {
          "www-authenticate": 'Bearer realm="apps"',
        });
      case "allowed": {
        count("allowed");
        const { subject, kind } = decision;
        const to = { host, source: question.source, issuer, subject, kind };
        const release = access.hold(question, decision, (why) => {
          log.info("a connection to an app is ended", { host, why });
          request.socket.destroy();
        });
        await (upgrade ? forward.upgrade(request, response, head, to) : forward.pass(request, response, to));
        return release();
      }
    }
  }

  function safely(request: IncomingMessage, response: ServerResponse, head?: Buffer): void {
    serve(request, response, head).catch((error: unknown) => {
      log.error("a request to an app failed", { error });
      answer(response, 500, "The platform failed to answer. Try again.");
    });
  }

  const server = createServer({ maxHeaderSize, keepAliveTimeout: 120_000, headersTimeout: 15_000, requestTimeout: 0 });
  server.on("request", (request, response) => safely(request, response));
  const upgraded = new Set<Socket>();
  server.on("upgrade", (request: IncomingMessage, duplex: Duplex, head: Buffer) => {
    const socket = duplex as Socket;
    upgraded.add(socket);
    socket.once("close", () => upgraded.delete(socket));
    socket.on("error", (error) => log.debug("a connection failed", { error }));
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once("finish", () => socket.end());
    if (isWebSocket(request)) safely(request, response, head);
    // HTTP/2 in clear, and whatever else would get past what is looked at here.
    else answer(response, 400, "Only WebSockets may be upgraded to.", { connection: "close" });
  });
  server.listen(options.port, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close(graceMs) {
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      const late = setTimeout(() => {
        server.closeAllConnections();
        for (const socket of upgraded) socket.destroy();
      }, graceMs);
      await closed;
      clearTimeout(late);
      forward.close();
    },
  };
}

/** RFC 6455 4.2.1: a GET without a body, and nothing else beside. */
function isWebSocket({ method, headers }: IncomingMessage): boolean {
  const bare = headers["content-length"] === undefined && headers["transfer-encoding"] === undefined;
  return method === "GET" && bare && headers.upgrade?.toLowerCase() === "websocket";
}
