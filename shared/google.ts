/**
 * Google's REST APIs: where they are, with which credentials, and what of a call's failure is known. Credentials are the
 * library's own search (Application Default Credentials): in a pod the metadata server of GKE, so no key file.
 */
import { GoogleAuth } from "google-auth-library";
import { messageOf } from "./errors.ts";

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

/** A call that came to no good end; its words hold no body of a request or answer but the API's own message. */
export class GoogleError extends Error {
  /** HTTP's; 0 where there was no answer. */
  readonly status: number;
  /** The same may be answered well in a moment. */
  readonly passes: boolean;
  /** Milliseconds that the API wants to be left alone for, where it says so. */
  readonly retryAfterMs: number;

  constructor(
    message: string,
    status: number,
    { cause, retryAfterMs = 0 }: { cause?: unknown; retryAfterMs?: number } = {},
  ) {
    super(message, { cause });
    this.retryAfterMs = retryAfterMs;
    this.name = "GoogleError";
    this.status = status;
    this.passes = status === 0 || status === 408 || status === 429 || status >= 500;
  }
}

/** Sends one call. @default fetch */
export type Send = (
  url: string,
  call: { method: string; headers: Headers; signal: AbortSignal; body?: string | Uint8Array<ArrayBuffer> },
) => Promise<Response>;

export interface GoogleOptions {
  send?: Send;
  /** @returns an access token. @default Application Default Credentials */
  token?: () => Promise<string>;
  /** GOOGLE_ENDPOINT_URL: one origin that answers for every API; GOOGLE_ENDPOINT_URL_<API> for one of them. */
  env?: NodeJS.ProcessEnv;
  /** Of one try. @default 15000 */
  timeoutMs?: number;
  /** Before the second and the third try; twice as long before the third. @default 200 */
  backoffMs?: number;
}

const tries = 3;

export function google({
  token = defaultToken(),
  env = process.env,
  timeoutMs = 15_000,
  backoffMs = 200,
  send = (url, call) => fetch(url, { ...call, redirect: "error" }),
}: GoogleOptions = {}): Google {
  const originOf = (api: string) => {
    const given = env[`GOOGLE_ENDPOINT_URL_${api.toUpperCase()}`] || env.GOOGLE_ENDPOINT_URL;
    return given ? given.replace(/\/+$/, "") : `https://${api}.googleapis.com`;
  };

  async function once({ api, method = "GET", path, query = {}, json, content, signal }: GoogleCall): Promise<Response> {
    const subject = `${method} ${api}.googleapis.com${path.replace(/\?.*/s, "")}`;
    const search = new URLSearchParams(query).toString();
    const body = content ?? (json === undefined ? undefined : JSON.stringify(json));
    let answer: Response;
    try {
      const headers = new Headers({ authorization: `Bearer ${await token()}` });
      if (body) headers.set("content-type", content ? "application/octet-stream" : "application/json");
      const until = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
      answer = await send(`${originOf(api)}${path}${search && `?${search}`}`, {
        method,
        headers,
        signal: until,
        // A copy, of the type that fetch takes.
        ...(body ? { body: typeof body === "string" ? body : new Uint8Array(body) } : {}),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new GoogleError(`${subject}: no answer: ${messageOf(error)}`, 0, { cause: error });
    }
    if (answer.ok) return answer;
    throw new GoogleError(`${subject}: ${answer.status} ${await reasonOf(answer)}`, answer.status, {
      retryAfterMs: retryAfterOf(answer),
    });
  }

  return {
    originOf,
    async call(call) {
      const repeatable = call.repeatable ?? (call.method ?? "GET") === "GET";
      for (let at = 1; ; at++) {
        try {
          return await once(call);
        } catch (error) {
          if (!(error instanceof GoogleError && error.passes && repeatable) || at === tries) throw error;
          // Whoever wants to be left alone for longer than an answer may take is told of as refusing.
          if (error.retryAfterMs > timeoutMs) throw error;
          await new Promise((over) => setTimeout(over, Math.max(error.retryAfterMs, backoffMs * 2 ** (at - 1))));
        }
      }
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

/** Seconds, or a day and time. */
function retryAfterOf(answer: Response): number {
  const told = answer.headers.get("retry-after");
  if (told === null) return 0;
  const ms = /^\d+$/.test(told) ? Number(told) * 1000 : Date.parse(told) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.max(ms, 0);
}

/** The API's own words, or none: what else stands in an error's body is not told. */
async function reasonOf(answer: Response): Promise<string> {
  try {
    const body: unknown = await answer.json();
    const error = typeof body === "object" && body !== null && "error" in body ? body.error : undefined;
    const message = typeof error === "object" && error !== null && "message" in error ? error.message : undefined;
    return typeof message === "string" ? message.slice(0, 300) : answer.statusText;
  } catch {
    // No JSON: the status says what there is to say.
    return answer.statusText;
  }
}
