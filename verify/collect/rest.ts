/** What the readers of REST APIs share: so many calls at a time, and an authority that the process does not know. */
import { request } from "node:https";
import type { Send } from "../../shared/rest.ts";

/** Pages of one list: more are a server that goes round in a circle. */
export const mostPages = 1_000;

/** Runs so many at a time, the others in the order in which they came. */
export function queue(size: number) {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running === size) await new Promise<void>((next) => waiting.push(next));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}

/** `fetch` knows the authorities of the process alone. */
export function sendTrusting(ca: string): Send {
  return (url, { method, headers, signal, body }) =>
    new Promise((resolve, reject) => {
      const call = request(url, { method, headers: Object.fromEntries(headers), signal, ca }, (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("error", reject);
        answer.on("end", () => {
          const after = answer.headers["retry-after"];
          const init = { status: answer.statusCode ?? 500, headers: after ? { "retry-after": after } : {} };
          resolve(new Response(answer.statusCode === 204 ? null : Buffer.concat(parts), init));
        });
      });
      call.on("error", reject);
      call.end(body);
    });
}
