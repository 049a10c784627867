/**
 * Google's REST APIs: where they are, with which credentials, and what of a call's failure is known. Credentials are the
 * library's own search (Application Default Credentials): in a pod the metadata server of GKE, so no key file.
 */
import { GoogleAuth } from "google-auth-library";
import { jsonReason, RestError, restCaller, type Send } from "./rest.ts";

export interface GoogleCall {
  /** Host label, such as `storage` of storage.googleapis.com. */
  api: string;
  /** @default GET */
  method?: "GET" | "POST" | "DELETE" | "PATCH";
  /** From the first slash, escaped where it must be. */
  path: string;
  query?: Record<string, string>;
  json?: unknown;
  /** A body as it stands, instead of `json`. */
  content?: Uint8Array;
  /** Asked again where the answer says that the trouble passes. @default GET alone is */
  repeatable?: boolean;
  signal?: AbortSignal;
}

export interface Google {
  /** Where an API is: scheme and host, without a slash at its end. */
  originOf(api: string): string;
  /** @returns an answer of 2xx, its body not read yet. @throws GoogleError for any other end. */
  call(call: GoogleCall): Promise<Response>;
}

export class GoogleError extends RestError {
  override readonly name = "GoogleError";
}

export interface GoogleOptions {
  send?: Send;
  /** @returns an access token; none for an API that is asked without. @default Application Default Credentials */
  token?: () => Promise<string | undefined>;
  /** GOOGLE_ENDPOINT_URL: one origin that answers for every API; GOOGLE_ENDPOINT_URL_<API> for one of them. */
  env?: NodeJS.ProcessEnv;
  /** Of one try. @default 15000 */
  timeoutMs?: number;
  /** Before the second and the third try; twice as long before the third. @default 200 */
  backoffMs?: number;
}

export function google({
  token = defaultToken(),
  env = process.env,
  timeoutMs,
  backoffMs,
  send,
}: GoogleOptions = {}): Google {
  const originOf = (api: string) => {
    const given = env[`GOOGLE_ENDPOINT_URL_${api.toUpperCase()}`] || env.GOOGLE_ENDPOINT_URL;
    return given ? given.replace(/\/+$/, "") : `https://${api}.googleapis.com`;
  };
  const ask = restCaller({ send, timeoutMs, backoffMs, failure: GoogleError, reasonOf: jsonReason });

  return {
    originOf,
    call({ api, method = "GET", path, query = {}, json, content, repeatable = method === "GET", signal }) {
      const search = new URLSearchParams(query).toString();
      const body = content ?? (json === undefined ? undefined : JSON.stringify(json));
      return ask({
        method,
        url: `${originOf(api)}${path}${search && `?${search}`}`,
        subject: `${method} ${api}.googleapis.com${path.replace(/\?.*/s, "")}`,
        headers: async () => {
          const held = await token();
          const headers = new Headers(held === undefined ? {} : { authorization: `Bearer ${held}` });
          if (body) headers.set("content-type", content ? "application/octet-stream" : "application/json");
          return headers;
        },
        ...(body ? { body } : {}),
        repeatable,
        signal,
      });
    },
  };
}

function defaultToken(): () => Promise<string> {
  const auth = new GoogleAuth({ scopes: ["https://www.googleapis.com/auth/cloud-platform"] });
  return async () => {
    const token = await auth.getAccessToken();
    if (!token) throw new Error("the Google credentials gave no access token");
    return token;
  };
}
