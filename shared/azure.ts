/** Azure's REST APIs: where they are, with whose token, and what of a call's failure is known. */

import { workloadTokens } from "./azure-tokens.ts";
import { jsonReason, RestError, restCaller, type Send } from "./rest.ts";

/**
 * Kinds of API: the host of each, where an account, a vault or nothing stands before it, and the resource that its tokens
 * are for.
 */
const apis = {
  blob: { host: "blob.core.windows.net", resource: "https://storage.azure.com" },
  vault: { host: "vault.azure.net", resource: "https://vault.azure.net" },
  logs: { host: "api.loganalytics.azure.com", resource: "https://api.loganalytics.io" },
  management: { host: "management.azure.com", resource: "https://management.azure.com" },
} as const;

export type AzureApi = keyof typeof apis;

export interface AzureCall {
  api: AzureApi;
  /** Storage account or vault. @default none, as the API has only one host */
  of?: string;
  /** @default GET */
  method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** From the first slash, escaped where it must be. */
  path: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  json?: unknown;
  /** A body as it stands, instead of `json`. */
  content?: Uint8Array;
  /** Asked again where the answer says that the trouble passes. @default what only reads is */
  repeatable?: boolean;
  signal?: AbortSignal;
}

export interface Azure {
  /** Where an API is: scheme, host, and what of the path all calls have, without a slash at its end. */
  originOf(api: AzureApi, of?: string): string;
  /** @returns an answer of 2xx, its body not read yet. @throws AzureError for any other end. */
  call(call: AzureCall): Promise<Response>;
}

export class AzureError extends RestError {
  override readonly name = "AzureError";
}

export interface AzureOptions {
  send?: Send;
  /** @returns an access token for what a resource's APIs take. @default the pod's own, by workload identity */
  token?: (resource: string) => Promise<string>;
  /** AZURE_ENDPOINT_URL: one origin that answers for every API, each beneath its kind. */
  env?: NodeJS.ProcessEnv;
  /** Of one try. @default 15000 */
  timeoutMs?: number;
  /** Before the second and the third try; twice as long before the third. @default 200 */
  backoffMs?: number;
}

export function azure({ env = process.env, token, timeoutMs, backoffMs, send }: AzureOptions = {}): Azure {
  const limits = { send, timeoutMs, backoffMs };
  const tokenOf = token ?? workloadTokens({ ...limits, env });
  const ask = restCaller({ ...limits, failure: AzureError, reasonOf });
  const given = env.AZURE_ENDPOINT_URL?.replace(/\/+$/, "");
  const originOf = (api: AzureApi, of?: string) =>
    given ? `${given}/${[api, ...(of ? [of] : [])].join("/")}` : `https://${of ? `${of}.` : ""}${apis[api].host}`;

  return {
    originOf,
    call({ api, of, method = "GET", path, query = {}, headers = {}, json, content, signal, ...call }) {
      const search = new URLSearchParams(query).toString();
      const body = content ?? (json === undefined ? undefined : JSON.stringify(json));
      return ask({
        method,
        url: `${originOf(api, of)}${path}${search && `?${search}`}`,
        subject: `${method} ${of ? `${of}.` : ""}${apis[api].host}${path}`,
        headers: async () => {
          const type = body ? { "content-type": content ? "application/octet-stream" : "application/json" } : {};
          return new Headers({ ...type, ...headers, authorization: `Bearer ${await tokenOf(apis[api].resource)}` });
        },
        ...(body ? { body } : {}),
        repeatable: call.repeatable ?? (method === "GET" || method === "HEAD"),
        signal,
      });
    },
  };
}

/** Blob Storage says it in XML, and its code in a header of its own; an answer to HEAD has only that. */
async function reasonOf(answer: Response): Promise<string | undefined> {
  const code = answer.headers.get("x-ms-error-code");
  if (code === null) return jsonReason(answer);
  await answer.body?.cancel();
  return code;
}
