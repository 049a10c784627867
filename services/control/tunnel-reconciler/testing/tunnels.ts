/** One tunnel as a stack says it, and an API by a function that answers each call. */
import { type Cloudflare, cloudflare } from "../api.ts";
import type { DesiredTunnel, DnsRecord } from "../desired.ts";

export const desired: DesiredTunnel = {
  accountId: "account",
  zoneId: "zone",
  tunnelId: "6ff42ae2-765d-4adf-8112-31c55c1551ef",
  host: "*.apps.acme.example.com",
  service: "http://127.0.0.1:8081",
};

export const right: DnsRecord = {
  ...{ id: "r1", type: "CNAME", name: desired.host },
  content: `${desired.tunnelId}.cfargotunnel.com`,
  proxied: true,
};

export const rightIngress = [{ hostname: desired.host, service: desired.service }, { service: "http_status:404" }];

export const token = "a-token-of-the-test-0123456789";

export type Answer = [status: number, body: unknown, headers?: Record<string, string>];

export const done = (result: unknown, more: object = {}): Answer => [
  200,
  { success: true, errors: [], messages: [], result, ...more },
];
export const problem = (status: number, code: number, message: string): Answer => [
  status,
  { success: false, errors: [{ code, message }], messages: [], result: null },
];
export const pageOf = (records: unknown[], at = 1, pages = 1, total = records.length): Answer =>
  done(records, { result_info: { page: at, total_pages: pages, total_count: total } });

/** What is as the stack says. */
export function healthy(_method: string, path: string): Answer {
  if (path.endsWith("/configurations")) return done({ tunnel_id: desired.tunnelId, config: { ingress: rightIngress } });
  if (path.includes("/cfd_tunnel/")) return done({ id: desired.tunnelId, status: "healthy", deleted_at: null });
  return pageOf([right]);
}

export interface Asked {
  method: string;
  /** Path and query. */
  path: string;
  authorization: string | null;
  body: unknown;
}

/** @param answer a string body is sent as it stands; a thrown error is a connection that fails */
export function apiBy(answer: (method: string, path: string) => Answer): { api: Cloudflare; asked: Asked[] } {
  const asked: Asked[] = [];
  const api = cloudflare({
    ...{ url: "https://api.test/client/v4", token, backoffMs: 1, timeoutMs: 1_000 },
    async send(url, { method, headers, body }) {
      const path = url.replace("https://api.test/client/v4", "");
      const authorization = headers.get("authorization");
      asked.push({ method, path, authorization, body: body ? JSON.parse(String(body)) : undefined });
      const [status, told, more] = answer(method, path);
      return new Response(typeof told === "string" ? told : JSON.stringify(told), { status, headers: more ?? {} });
    },
  });
  return { api, asked };
}
