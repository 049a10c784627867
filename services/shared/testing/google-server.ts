/** A server on loopback in the place of Google's APIs: it lets in the one access token, and records what is asked. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { type Google, google } from "../../../shared/google.ts";

export interface Asked {
  method: string;
  /** Path and query, as they came. */
  target: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Status, and a body: bytes as they stand, all else as JSON. */
export type Answered = [status: number, body?: unknown];

export interface GoogleServer {
  origin: string;
  /** A client of it, with its token. */
  client: Google;
  /** Method and target of every call with the token. */
  asked: string[];
  /** Answers that many calls by this status before it works again. */
  fail(status: number, times: number): void;
  close(): Promise<void>;
}

/** @param unauthenticated answers what comes without the token; undefined refuses it, as by default */
export async function startGoogleServer(
  answer: (asked: Asked) => Answered,
  unauthenticated: (asked: Asked) => Answered | undefined = () => undefined,
): Promise<GoogleServer> {
  const token = "a-token-of-the-stand-in";
  const asked: string[] = [];
  let failing = { status: 0, times: 0 };

  function respond(request: Asked): Answered {
    if (failing.times > 0) {
      failing.times--;
      return problem(failing.status, "told to fail");
    }
    const free = unauthenticated(request);
    if (free) return free;
    if (request.headers.authorization !== `Bearer ${token}`) return problem(401, "no access token");
    asked.push(`${request.method} ${request.target}`);
    return answer(request);
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { method = "", url: target = "/", headers } = request;
      const [status, body = {}] = respond({ method, target, headers, body: Buffer.concat(parts) });
      const content = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
      response.writeHead(status, { "content-length": content.byteLength }).end(content);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    client: google({ token: async () => token, env: { GOOGLE_ENDPOINT_URL: `${origin}/` }, backoffMs: 1 }),
    asked,
    fail(status, times) {
      failing = { status, times };
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/** As Google's APIs tell an error. */
export function problem(code: number, message: string): Answered {
  return [code, { error: { code, message } }];
}
