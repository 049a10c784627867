import { type RequestOptions, request } from "node:https";
import { text } from "node:stream/consumers";

const timeoutMs = 5_000;

/** @returns the body of a 200. Throws on any other answer, and on none within 5 s. */
export function httpsGet(url: URL, options: RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(url, { ...options, timeout: timeoutMs }, (answer) => {
      text(answer).then((body) => {
        if (answer.statusCode === 200) resolve(body);
        else reject(new Error(`${url} answered ${answer.statusCode}: ${body.slice(0, 200)}`));
      }, reject);
    });
    call.once("timeout", () => call.destroy(new Error(`${url}: no answer within ${timeoutMs / 1000} s`)));
    call.once("error", reject);
    call.end();
  });
}
