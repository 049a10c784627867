/**
 * The calls of Cloudflare's API that keep tunnels. An answer counts only when it is whole and says whose it is: what is
 * no envelope, is cut off or speaks of something else is an error, and never "there is nothing".
 */
import { z } from "zod";
import { RestError, restCaller, type Send } from "../../../shared/rest.ts";
import type { DnsRecord, Ingress, RecordContent } from "./desired.ts";

export class CloudflareError extends RestError {
  /** The answer was one, but not such as this API gives. */
  readonly malformed: boolean;

  constructor(...[message, status, options]: ConstructorParameters<typeof RestError>) {
    super(message, status, options);
    this.name = "CloudflareError";
    this.malformed = status >= 200 && status < 300;
  }
}

export interface CloudflareOptions {
  /** Without a slash at its end. */
  url: string;
  token: string;
  /** Of one try. @default 10000 */
  timeoutMs?: number;
  backoffMs?: number;
  send?: Send;
}

export const tunnelStates = ["healthy", "degraded", "down", "inactive"] as const;

export interface TunnelFound {
  state: (typeof tunnelStates)[number] | "unknown";
  deleted: boolean;
}

export type Cloudflare = ReturnType<typeof cloudflare>;

const problems = z.array(z.looseObject({ code: z.number().optional(), message: z.string().optional() }));
const envelope = z.looseObject({ success: z.literal(true), result: z.unknown() });
const tunnelResult = z.looseObject({ id: z.string(), status: z.string().nullish(), deleted_at: z.string().nullish() });
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);
const ingressRule = z.looseObject({ hostname: text, path: text, service: z.string() });
const routeResult = z.looseObject({
  tunnel_id: z.string(),
  config: z.looseObject({ ingress: z.array(ingressRule).nullish() }).nullable(),
});
const record = z.looseObject({
  ...{ id: z.string().regex(/^[\w-]+$/), type: z.string(), name: z.string(), content: z.string() },
  proxied: z.boolean().default(false),
});
const page = z.looseObject({
  result: z.array(record),
  result_info: z.looseObject({ total_pages: z.number(), total_count: z.number() }),
});

const perPage = 100;
/** Records of one name: more than this is no answer to what was asked. */
const mostPages = 10;

export function cloudflare({ url, token, timeoutMs = 10_000, backoffMs, send }: CloudflareOptions) {
  const call = restCaller({ failure: CloudflareError, reasonOf, timeoutMs, backoffMs, send });

  /** @returns the envelope of a call that was done. @throws CloudflareError */
  async function ask(method: string, path: string, { query = "", body, signal }: Asked = {}): Promise<unknown> {
    const subject = `Cloudflare ${method} ${path}`;
    const answer = await call({
      ...{ method, url: `${url}${path}${query}`, subject, signal },
      headers: async () => new Headers({ authorization: `Bearer ${token}`, "content-type": "application/json" }),
      ...(body ? { body: JSON.stringify(body) } : {}),
      // Who makes a record twice is refused, and the first answer may have been lost.
      repeatable: method !== "POST",
    });
    // Cut off, or no JSON: the schema refuses it.
    const told: unknown = await answer.json().catch(() => undefined);
    return parsed(envelope, told, subject);
  }

  const tunnelPath = (accountId: string, tunnelId: string) => `/accounts/${accountId}/cfd_tunnel/${tunnelId}`;
  const recordsPath = (zoneId: string) => `/zones/${zoneId}/dns_records`;

  return {
    async tunnel(accountId: string, tunnelId: string, signal?: AbortSignal): Promise<TunnelFound> {
      const path = tunnelPath(accountId, tunnelId);
      const { result } = parsed(z.looseObject({ result: tunnelResult }), await ask("GET", path, { signal }), path);
      requireSame(result.id, tunnelId, path);
      const state = tunnelStates.find((known) => known === result.status) ?? "unknown";
      // Some answers have the year 1 for never.
      return { state, deleted: Date.parse(result.deleted_at ?? "") > 0 };
    },

    async ingress(accountId: string, tunnelId: string, signal?: AbortSignal): Promise<Ingress[]> {
      const path = `${tunnelPath(accountId, tunnelId)}/configurations`;
      const { result } = parsed(z.looseObject({ result: routeResult }), await ask("GET", path, { signal }), path);
      requireSame(result.tunnel_id, tunnelId, path);
      return result.config?.ingress ?? [];
    },

    async putIngress(accountId: string, tunnelId: string, ingress: Ingress[], signal?: AbortSignal): Promise<void> {
      const path = `${tunnelPath(accountId, tunnelId)}/configurations`;
      await ask("PUT", path, { body: { config: { ingress } }, signal });
    },

    /** All of this name. */
    async records(zoneId: string, host: string, signal?: AbortSignal): Promise<DnsRecord[]> {
      const path = recordsPath(zoneId);
      const found = new Map<string, DnsRecord>();
      for (let at = 1, last = 1; at <= last; at++) {
        const query = `?name.exact=${encodeURIComponent(host)}&per_page=${perPage}&page=${at}`;
        const { result, result_info: info } = parsed(page, await ask("GET", path, { query, signal }), path);
        last = info.total_pages;
        for (const one of result) found.set(one.id, one);
        const whole = at < last || found.size === info.total_count;
        if (last > mostPages || !whole) throw doubtful(path, "its pages are not whole");
      }
      return [...found.values()];
    },

    /** @returns the new record's id */
    async createRecord(zoneId: string, made: RecordContent, signal?: AbortSignal): Promise<string> {
      const path = recordsPath(zoneId);
      const answer = await ask("POST", path, { body: { ...made, ttl: automatic }, signal });
      return parsed(z.looseObject({ result: record }), answer, path).result.id;
    },

    async changeRecord(zoneId: string, id: string, made: RecordContent, signal?: AbortSignal): Promise<void> {
      await ask("PATCH", `${recordsPath(zoneId)}/${id}`, { body: { ...made, ttl: automatic }, signal });
    },

    async removeRecord(zoneId: string, id: string, signal?: AbortSignal): Promise<void> {
      await ask("DELETE", `${recordsPath(zoneId)}/${id}`, { signal });
    },
  };
}

/** The only life that a proxied record has. */
const automatic = 1;

interface Asked {
  query?: string;
  body?: object;
  signal?: AbortSignal | undefined;
}

function parsed<Schema extends z.ZodType>(schema: Schema, told: unknown, subject: string): z.output<Schema> {
  const read = schema.safeParse(told);
  if (read.success) return read.data;
  throw doubtful(subject, read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join(", "));
}

function requireSame(told: string, asked: string, subject: string): void {
  if (told !== asked) throw doubtful(subject, "it is of another tunnel");
}

function doubtful(subject: string, why: string): CloudflareError {
  return new CloudflareError(`${subject}: the answer does not count: ${why}`, 200);
}

/** Codes and words of the envelope's errors. */
async function reasonOf(answer: Response): Promise<string | undefined> {
  const told: unknown = await answer.json().catch(() => undefined);
  const read = z.looseObject({ errors: problems }).safeParse(told);
  if (!read.success) return undefined;
  return read.data.errors.map(({ code, message }) => [code, message].filter(Boolean).join(" ")).join(", ") || undefined;
}
