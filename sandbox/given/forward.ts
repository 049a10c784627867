/**
 * Passes requests on to a given cluster's API server with its owner's credentials in place of the caller's: watches and
 * logs as they come, and upgraded connections (exec, port-forward) as they are.
 */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { request } from "node:https";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream";
import { messageOf } from "../../shared/errors.ts";
import { log } from "../node/hook-server.ts";
import type { Connection } from "./owner-api.ts";

export interface Forwarder {
  request(incoming: IncomingMessage, response: ServerResponse): void;
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Of one connection; and what only an API server's own front proxy may say. */
const dropped = /^(?:authorization|connection|host|keep-alive|proxy-.*|te|trailer|upgrade|x-remote-.*)$/;

export function forwarder(connect: () => Promise<Connection>): Forwarder {
  const open = async ({ method, url, headers }: IncomingMessage, more: OutgoingHttpHeaders = {}) => {
    const { options, base } = await connect();
    const sent = { ...passedOn(headers), ...more, ...options.headers };
    return request(`${base}${url}`, { ...options, method, headers: sent });
  };
  return {
    request(incoming, response) {
      open(incoming).then(
        (outgoing) => {
          response.once("close", () => outgoing.destroy());
          outgoing.once("response", (answer) => {
            response.writeHead(answer.statusCode ?? 502, passedOn(answer.headers));
            response.flushHeaders();
            // Destroys the response with the answer: a broken one must not look whole.
            pipeline(answer, response, () => undefined);
          });
          outgoing.once("error", (error) => unavailable(response, error));
          incoming.pipe(outgoing);
        },
        (error: unknown) => unavailable(response, error),
      );
    },
    upgrade(incoming, socket, head) {
      const fail = (error: unknown) => {
        log(messageOf(error));
        socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n");
      };
      const { upgrade } = incoming.headers;
      open(incoming, { connection: "Upgrade", upgrade }).then((outgoing) => {
        outgoing.once("upgrade", (answer, far, rest) => {
          socket.write(headOf(answer));
          if (rest.length > 0) socket.write(rest);
          if (head.length > 0) far.write(head);
          pipeline(far, socket, far, () => {
            far.destroy();
            socket.destroy();
          });
        });
        outgoing.once("response", (answer) => {
          socket.write(headOf(answer));
          pipeline(answer, socket, () => socket.destroy());
        });
        outgoing.once("error", fail);
        socket.once("error", () => outgoing.destroy());
        outgoing.end();
      }, fail);
    },
  };
}

function passedOn(headers: IncomingMessage["headers"]): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.test(name)));
}

/** As received, since an upgrade's headers are about this very connection. */
function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
  return `HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join("\r\n")}\r\n\r\n`;
}

function unavailable(response: ServerResponse, error: unknown): void {
  log(messageOf(error));
  if (response.headersSent) response.destroy();
  else refuse(response, 503, "ServiceUnavailable", "The given cluster does not answer.");
}

/** As an API server words it. */
export function refuse(response: ServerResponse, code: number, reason: string, message: string): void {
  response.writeHead(code, { "content-type": "application/json" });
  response.end(JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message }));
}
