/** Reads of Azure's REST APIs: so many at once, every list to its last page, each answer held to the shape that is read. */
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { z } from "zod";
import { messageOf } from "../../../shared/errors.ts";
import type { AzureTarget } from "../../target.ts";
import { patienceMs } from "../attempt.ts";
import { readSecret } from "../secret-file.ts";

export interface Reads {
  /** Of the resource manager. @param version of the API that answers for this kind */
  one<T>(path: string, version: string, schema: z.ZodType<T>): Promise<T>;
  /** Of all pages. */
  all<T>(path: string, version: string, schema: z.ZodType<T>, query?: Record<string, string>): Promise<T[]>;
  /** Of the storage account. @returns the body of an XML answer */
  blob(path: string, query: Record<string, string>): Promise<string>;
}

/** Sends one call. */
export type Send = (url: string, headers: Record<string, string>, signal: AbortSignal) => Promise<Response>;

export interface AzureOptions {
  /** Origin of the resource manager. */
  manager: string;
  /** Origin of the storage account. */
  blobs: string;
  send: Send;
  /** @returns a bearer token. @throws for what nobody gave one for */
  token(of: "manager" | "blobs"): Promise<string>;
  /** Before the second and the third try. @default 500 */
  backoffMs?: number;
}

/** An answer that is none, in words that hold no token. */
class AzureError extends Error {
  override readonly name = "AzureError";
  readonly passes: boolean;
  readonly retryAfterMs: number;

  constructor(message: string, { status, retryAfterMs = 0 }: { status: number; retryAfterMs?: number }) {
    super(message);
    this.passes = status === 0 || status === 429 || status >= 500;
    this.retryAfterMs = retryAfterMs;
  }
}

const tries = 3;
/** Pages of one list: more are a server that goes round in a circle. */
const mostPages = 1_000;
/** Calls at once: Azure gives each caller a bucket of tokens that fills again within seconds. */
const atOnce = 12;

const pageSchema = z.looseObject({ value: z.array(z.unknown()), nextLink: z.string().nullish() });

export function readsOf({ manager, blobs, send, token, backoffMs = 500 }: AzureOptions): Reads {
  const turn = queue(atOnce);

  async function once(of: "manager" | "blobs", url: string, subject: string): Promise<string> {
    const until = AbortSignal.timeout(patienceMs);
    let answer: Response;
    const authorization = `Bearer ${await token(of)}`;
    try {
      // What blobs answer depends on it; the resource manager does not look.
      answer = await send(url, { authorization, "x-ms-version": "2023-11-03" }, until);
    } catch (error) {
      throw new AzureError(`${subject}: no answer: ${messageOf(error)}`, { status: 0 });
    }
    const body = await answer.text();
    if (answer.ok) return body;
    const told = Number(answer.headers.get("retry-after") ?? 0) * 1000;
    const retryAfterMs = Number.isFinite(told) ? told : 0;
    throw new AzureError(`${subject}: ${answer.status}${reasonOf(body)}`, { status: answer.status, retryAfterMs });
  }

  async function ask(of: "manager" | "blobs", url: string): Promise<string> {
    const subject = `GET ${url.replace(/^https?:\/\/[^/]+/, "").replace(/\?.*/s, "")}`;
    for (let at = 1; ; at++) {
      try {
        return await turn(() => once(of, url, subject));
      } catch (error) {
        if (!(error instanceof AzureError && error.passes) || at === tries || error.retryAfterMs > patienceMs)
          throw error;
        await new Promise((over) => setTimeout(over, Math.max(error.retryAfterMs, backoffMs * 2 ** (at - 1))));
      }
    }
  }

  const urlOf = (path: string, query: Record<string, string>) =>
    `${manager}${encodeURI(path)}?${new URLSearchParams(query)}`;

  return {
    one: async (path, version, schema) =>
      schema.parse(JSON.parse(await ask("manager", urlOf(path, { "api-version": version })))),
    async all(path, version, schema, query = {}) {
      const found = [];
      let next: string | undefined = urlOf(path, { "api-version": version, ...query });
      for (let pages = 0; next !== undefined; pages++) {
        if (pages === mostPages) throw new Error(`${path}: its pages do not end`);
        const page: z.infer<typeof pageSchema> = pageSchema.parse(JSON.parse(await ask("manager", next)));
        found.push(...page.value.map((item) => schema.parse(item)));
        next = page.nextLink ? within(page.nextLink) : undefined;
      }
      return found;
    },
    blob: (path, query) => ask("blobs", `${blobs}${path}?${new URLSearchParams(query)}`),
  };

  /** The token goes nowhere but where it is for. */
  function within(link: string): string {
    if (new URL(link).origin === new URL(manager).origin) return link;
    throw new Error(`the next page is said to be at ${new URL(link).origin}, which is not ${manager}`);
  }
}

/** The API's own words, or none: what else stands in an error's body is not told. */
function reasonOf(body: string): string {
  const error = z.object({ error: z.object({ code: z.string(), message: z.string().default("") }) });
  try {
    const { code, message } = error.parse(JSON.parse(body)).error;
    return ` ${code}: ${message.split("\n")[0]}`;
  } catch {
    const code = /<Code>([A-Za-z]+)<\/Code>/.exec(body)?.[1];
    return code ? ` ${code}` : "";
  }
}

/** Runs so many at a time, the others in the order in which they came. */
function queue(size: number) {
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

export function optionsOf({ azure, storageAccount }: AzureTarget): AzureOptions {
  const { endpointUrl, blobUrl, caFile, accessTokenFile, storageTokenFile } = azure;
  const origin = (url: string) => url.replace(/\/+$/, "");
  return {
    manager: origin(endpointUrl ?? "https://management.azure.com"),
    blobs: origin(blobUrl ?? `https://${storageAccount}.blob.core.windows.net`),
    send: caFile
      ? sendTrusting(readFileSync(caFile, "utf8"))
      : (url, headers, signal) => fetch(url, { headers, signal, redirect: "error" }),
    async token(of) {
      if (of === "manager") return readSecret(accessTokenFile);
      if (storageTokenFile === undefined) throw new Error("the target names no storageTokenFile");
      return readSecret(storageTokenFile);
    },
  };
}

/** `fetch` knows the authorities of the process alone. */
function sendTrusting(ca: string): Send {
  return (url, headers, signal) =>
    new Promise((resolve, reject) => {
      const call = request(url, { headers, signal, ca }, (answer) => {
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
      call.end();
    });
}
