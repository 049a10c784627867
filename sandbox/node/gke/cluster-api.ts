/** Calls of the cluster's API by a client certificate: JSON in, JSON out. */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import type { MetadataConfig } from "./config.ts";

const timeoutMs = 5_000;

/** @returns the answer; undefined for 404. Throws on any other refusal, and on none within 5 s. */
export type ClusterApi = (method: "GET" | "POST", path: string, body?: object) => Promise<unknown>;

export function clusterApi({ endpoint, trust, login }: MetadataConfig["api"]): ClusterApi {
  const agent = new Agent({
    keepAlive: true,
    ca: readFileSync(trust),
    cert: readFileSync(login.certificate),
    key: readFileSync(login.key),
  });
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const headers = body ? { "content-type": "application/json" } : {};
      const call = request(new URL(path, endpoint), { agent, method, headers, timeout: timeoutMs });
      call.once("response", (answer) => {
        text(answer).then((told) => {
          const { statusCode = 0 } = answer;
          if (statusCode === 404) resolve(undefined);
          else if (statusCode < 300) resolve(JSON.parse(told));
          else reject(new Error(`${method} ${path.split("?")[0]} answered ${statusCode}: ${told.slice(0, 200)}`));
        }, reject);
      });
      call.once("timeout", () => call.destroy(new Error(`${path}: no answer within ${timeoutMs / 1000} s`)));
      call.once("error", reject);
      call.end(body && JSON.stringify(body));
    });
}
