/**
 * Cloudflare's API over the local zone: the calls by which tunnels are kept, and no others. It demands the token as
 * Cloudflare does, and refuses records that cannot stand side by side; how a tunnel's connections are it does not know.
 */
import { timingSafeEqual } from "node:crypto";
import { paths } from "../../paths.ts";
import { type ZoneStore, zoneStore } from "../../providers/cloudflare/zone.ts";
import { answer, type FrontRequest, type FrontResponse, fieldsOf, readWhole, splitTarget } from "../front/exchange.ts";
import type { Reply } from "../google/answers.ts";
import { ensureSecret } from "../secret-file.ts";
import { failed } from "./answers.ts";
import type { CloudflareConfig } from "./config.ts";
import { takeRecords } from "./records.ts";
import { takeTunnel } from "./tunnels.ts";

const bodyLimitBytes = 256 * 1024;

export type CloudflareHandler = (request: FrontRequest, response: FrontResponse) => Promise<void>;

export interface ApiCall {
  method: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
}

export function createCloudflareFront(config: CloudflareConfig): CloudflareHandler {
  const zone = zoneStore(paths({ ...process.env, BIPLANE_STATE: config.state }));
  const expected = Buffer.from(`Bearer ${ensureSecret(config.token)}`);
  return async (request, response) => {
    const { path, query } = splitTarget(request.url);
    const body = fieldsOf(request, await readWhole(request, bodyLimitBytes));
    const shown = Buffer.from(request.headers.authorization ?? "");
    const genuine = shown.length === expected.length && timingSafeEqual(shown, expected);
    const call = { method: request.method ?? "GET", query, body };
    const reply = genuine ? takeCall(path, call, zone) : failed(403, 10000, "Authentication error");
    answer(response, reply.status, reply.headers ?? {}, reply.body);
  };
}

function takeCall(path: string, call: ApiCall, zone: ZoneStore): Reply {
  const tunnel = /^\/client\/v4\/accounts\/([^/]+)\/cfd_tunnel\/([^/]+)(\/configurations)?$/.exec(path);
  if (tunnel) {
    const [, accountId = "", tunnelId = "", part] = tunnel;
    return takeTunnel({ accountId, tunnelId, configuration: part !== undefined }, call, zone);
  }
  const record = /^\/client\/v4\/zones\/([^/]+)\/dns_records(?:\/([^/]+))?$/.exec(path);
  if (record) {
    const [, zoneId = "", recordId] = record;
    return takeRecords({ zoneId, recordId }, call, zone);
  }
  return failed(404, 7003, `Could not route to ${path}`);
}
