/** Records of a zone, as the provider keeps them. */
import { idOf, type ZoneStore } from "../../providers/cloudflare/zone.ts";
import { properties } from "../../providers/machine/resource.ts";
import type { Properties } from "../../providers/machine/values.ts";
import type { Reply } from "../google/answers.ts";
import { done, failed } from "./answers.ts";
import type { ApiCall } from "./front.ts";

/** Types of which a name has one, if that is an alias. */
const exclusive = new Set(["A", "AAAA", "CNAME"]);

interface RecordsPath {
  zoneId: string;
  recordId?: string | undefined;
}

export function takeRecords({ zoneId, recordId }: RecordsPath, call: ApiCall, zone: ZoneStore): Reply {
  const own = zone.entries("records").filter(([, record]) => record.zoneId === zoneId);
  if (recordId === undefined) {
    if (call.method === "GET") return list(own, call.query);
    return call.method === "POST" ? create(zoneId, own, call, zone) : failed(405, 10405, "Method not allowed");
  }
  const [, held] = own.find(([id]) => id === recordId) ?? [];
  if (!held) return failed(404, 81044, "Record does not exist.");
  if (call.method === "DELETE") {
    zone.remove("records", recordId);
    return done({ id: recordId });
  }
  if (call.method !== "PATCH") return failed(405, 10405, "Method not allowed");
  const changed = { ...held, ...fieldsOf(call.body) };
  zone.put("records", recordId, changed);
  return done(render(recordId, changed));
}

type Entry = [id: string, record: Properties];

function list(own: Entry[], query: URLSearchParams): Reply {
  const exact = query.get("name.exact");
  const found = own.filter(([, { name }]) => exact === null || name === exact);
  const [at, size] = [Number(query.get("page") ?? 1), Number(query.get("per_page") ?? 100)];
  const shown = found.slice((at - 1) * size, at * size);
  const counts = { count: shown.length, total_count: found.length, total_pages: Math.ceil(found.length / size) };
  return done(
    shown.map(([id, record]) => render(id, record)),
    { result_info: { page: at, per_page: size, ...counts } },
  );
}

function create(zoneId: string, own: Entry[], { body }: ApiCall, zone: ZoneStore): Reply {
  const made = { zoneId, proxied: false, ttl: 1, ...fieldsOf(body) };
  const { name, type, content } = made as Properties;
  if (!name || !type || !content) return failed(400, 1004, "DNS Validation Error");
  const beside = own.filter(([, record]) => record.name === name && exclusive.has(String(record.type)));
  if (exclusive.has(String(type)) && beside.some((one) => [type, one[1].type].includes("CNAME"))) {
    return failed(400, 81053, "An A, AAAA, or CNAME record with that host already exists.");
  }
  // Cloudflare gives another id each time; here the stack's own, so that it finds its record again.
  const id = idOf(zoneId, String(name), String(type));
  zone.put("records", id, properties(made));
  return done(render(id, made as Properties));
}

function fieldsOf({ name, type, content, proxied, ttl }: Record<string, unknown>): Properties {
  const given = Object.entries({ name, type, content, proxied, ttl }).filter(([, value]) => value !== undefined);
  return properties(Object.fromEntries(given));
}

function render(id: string, { zoneId, name, type, content, proxied, ttl }: Properties) {
  return { id, zone_id: zoneId, name, type, content, proxied: proxied === true, ttl };
}
