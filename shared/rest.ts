/** Calls of a cloud's REST API: each try with a deadline, again where the trouble passes, and what of a failure is known. */
import { messageOf, UserError } from "./errors.ts";

/** A call that came to no good end; its words hold no body of a request or answer but the API's own message. */
export class RestError extends Error {
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
    this.name = "RestError";
    this.status = status;
    this.passes = status === 0 || status === 408 || status === 429 || status >= 500;
  }
}

/** Sends one call. @default fetch */
export type Send = (
  url: string,
  call: { method: string; headers: Headers; signal: AbortSignal; body?: string | Uint8Array<ArrayBuffer> },
) => Promise<Response>;

export interface RestCall {
  method: string;
  url: string;
  /** Of errors: what was called, without a query. */
  subject: string;
  /** Asked for before each try. */
  headers: () => Promise<Headers>;
  body?: string | Uint8Array;
  /** Asked again where the answer says that the trouble passes. */
  repeatable: boolean;
  signal?: AbortSignal | undefined;
}

export interface RestOptions {
  send?: Send | undefined;
  /** Of one try. @default 15000 */
  timeoutMs?: number | undefined;
  /** Before the second and the third try; twice as long before the third. @default 200 */
  backoffMs?: number | undefined;
  /** The kind of error that the API's calls end in. */
  failure: new (
    ...args: ConstructorParameters<typeof RestError>
  ) => RestError;
  /** The API's own words, or none: what else stands in an error's body is not told. */
  reasonOf: (answer: Response) => Promise<string | undefined>;
}

const tries = 3;

/** @returns an answer of 2xx, its body not read yet. @throws `failure` for any other end. */
export function restCaller({
  timeoutMs = 15_000,
  backoffMs = 200,
  send = (url, call) => fetch(url, { ...call, redirect: "error" }),
  failure,
  reasonOf,
}: RestOptions): (call: RestCall) => Promise<Response> {
  async function once({ method, url, subject, headers, body, signal }: RestCall): Promise<Response> {
    let answer: Response;
    try {
      const until = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
      answer = await send(url, {
        method,
        headers: await headers(),
        signal: until,
        // A copy, of the type that fetch takes.
        ...(body ? { body: typeof body === "string" ? body : new Uint8Array(body) } : {}),
      });
    } catch (error) {
      // A token that could not be had is told by who gives them.
      if (signal?.aborted || error instanceof RestError || error instanceof UserError) throw error;
      throw new failure(`${subject}: no answer: ${messageOf(error)}`, 0, { cause: error });
    }
    if (answer.ok) return answer;
    const words = (await reasonOf(answer))?.slice(0, 300) ?? answer.statusText;
    throw new failure(`${subject}: ${answer.status} ${words}`, answer.status, { retryAfterMs: retryAfterOf(answer) });
  }

  return async (call) => {
    for (let at = 1; ; at++) {
      try {
        return await once(call);
      } catch (error) {
        if (!(error instanceof RestError && error.passes && call.repeatable) || at === tries) throw error;
        // Whoever wants to be left alone for longer than an answer may take is told of as refusing.
        if (error.retryAfterMs > timeoutMs) throw error;
        await new Promise((over) => setTimeout(over, Math.max(error.retryAfterMs, backoffMs * 2 ** (at - 1))));
      }
    }
  };
}

/** `error.message` of a JSON body, as Google's and Azure's APIs tell their errors. */
export async function jsonReason(answer: Response): Promise<string | undefined> {
  try {
    const body: unknown = await answer.json();
    const error = typeof body === "object" && body !== null && "error" in body ? body.error : undefined;
    const message = typeof error === "object" && error !== null && "message" in error ? error.message : undefined;
    return typeof message === "string" ? message : undefined;
  } catch {
    // No JSON: the status says what there is to say.
    return undefined;
  }
}

/** Seconds, or a day and time. */
function retryAfterOf(answer: Response): number {
  const told = answer.headers.get("retry-after");
  if (told === null) return 0;
  const ms = /^\d+$/.test(told) ? Number(told) * 1000 : Date.parse(told) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.max(ms, 0);
}
