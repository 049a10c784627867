import { type ClientRequest, request as plainRequest } from "node:http";
import { type RequestOptions, request } from "node:https";
import { text } from "node:stream/consumers";

const timeoutMs = 5_000;

/** @returns the body of a 200. Throws on any other answer, and on none within 5 s. */
export function httpsGet(url: URL, options: RequestOptions): Promise<string> {
  return bodyOf(request(url, { ...options, timeout: timeoutMs }), String(url));
}

/** The same in clear, of a server that listens on a Unix socket. */
export function socketGet(socketPath: string, path: string): Promise<string> {
  return bodyOf(plainRequest({ socketPath, path, timeout: timeoutMs }), `${socketPath}${path}`);
}

function bodyOf(call: ClientRequest, of: string): Promise<string> {
  return new Promise((resolve, reject) => {
    call.once("response", (answer) => {
      text(answer).then((body) => {
        if (answer.statusCode === 200) resolve(body);
        else reject(new Error(`${of} answered ${answer.statusCode}: ${body.slice(0, 200)}`));
      }, reject);
    });
    call.once("timeout", () => call.destroy(new Error(`${of}: no answer within ${timeoutMs / 1000} s`)));
    call.once("error", reject);
    call.end();
  });
}
