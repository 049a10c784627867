/** Answers an API server's questions: JSON in, JSON out, over TLS. */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { json } from "node:stream/consumers";
import { messageOf } from "../../shared/errors.ts";
import type { KeyPairFiles } from "../pki.ts";

/** Path → what answers a POST to it. */
export type Hooks = Record<string, (question: unknown) => object | Promise<object>>;

/** GET /healthz answers too. It does not listen yet. */
export function createHookServer(serving: KeyPairFiles, hooks: Hooks): Server {
  const pair = { cert: readFileSync(serving.certificate), key: readFileSync(serving.key) };
  const server = createServer(pair, (request, response) => {
    const path = new URL(request.url ?? "/", "https://localhost").pathname;
    const answer = async (): Promise<object | undefined> => {
      if (request.method === "GET" && path === "/healthz") return { healthy: true };
      const hook = request.method === "POST" ? hooks[path] : undefined;
      return hook && (await hook(await json(request)));
    };
    answer().then(
      (body) => {
        response.writeHead(body ? 200 : 404, { "content-type": "application/json" });
        response.end(JSON.stringify(body ?? { error: "no such path" }));
      },
      (error: unknown) => {
        log(messageOf(error));
        response.writeHead(500, { "content-type": "application/json" });
        response.end(JSON.stringify({ error: messageOf(error) }));
      },
    );
  });
  process.once("SIGTERM", () => {
    server.close();
    server.closeAllConnections();
  });
  return server;
}

export function log(line: string): void {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
}
