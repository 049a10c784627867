/** What must be done for a tunnel's host to lead where the stack says, from what Cloudflare was found to hold. */
import { type DesiredTunnel, type DnsRecord, type Ingress, type RecordContent, recordOf, routeOf } from "./desired.ts";

/** Each from a complete answer: what is not here is not there. */
export interface Found {
  ingress: readonly Ingress[];
  /** Of the zone; those of other names are nobody's matter here. */
  records: readonly DnsRecord[];
}

export type Repair = { why: string } & (
  | { what: "route"; ingress: Ingress[] }
  | { what: "record"; step: "create"; record: RecordContent }
  | { what: "record"; step: "change"; id: string; record: RecordContent }
  | { what: "record"; step: "remove"; id: string }
);

/** Types that say where a host is, so that none may stand beside the one record. Others, such as TXT, are left alone. */
const leading = new Set(["A", "AAAA", "CNAME", "HTTPS", "NS"]);

/** @returns in the order in which they are done: the route first, so that the record leads to something. */
export function planRepairs(desired: DesiredTunnel, found: Found): Repair[] {
  return [...planRoute(desired, found.ingress), ...planRecords(desired, found.records)];
}

function planRoute(desired: DesiredTunnel, ingress: readonly Ingress[]): Repair[] {
  const wanted = routeOf(desired);
  if (ingress.map(textOf).join() === wanted.map(textOf).join()) return [];
  const why = ingress.length === 0 ? "the tunnel had no route" : "the tunnel's routes were others";
  return [{ what: "route", why, ingress: wanted }];
}

/** Only where requests lead: what a rule says of timeouts or headers is not compared. */
function textOf({ hostname, path, service }: Ingress): string {
  return JSON.stringify([hostname === "*" ? "" : (hostname ?? ""), path ?? "", service]);
}

function planRecords(desired: DesiredTunnel, records: readonly DnsRecord[]): Repair[] {
  const wanted = recordOf(desired);
  const own = records.filter(({ name, type }) => isSame(name, wanted.name) && leading.has(type));
  // Of several the right one stays, else one that can be made right: its id is the one that the stack knows.
  const aliases = own.filter(({ type }) => type === wanted.type);
  const kept = aliases.find((record) => wrongIn(record, wanted) === undefined) ?? aliases[0];
  const removals = own
    .filter((record) => record !== kept)
    .map(({ id, type }): Repair => ({ what: "record", step: "remove", id, why: `a second record, of type ${type}` }));
  if (!kept) return [...removals, { what: "record", step: "create", record: wanted, why: "there was no record" }];
  const why = wrongIn(kept, wanted);
  return why ? [...removals, { what: "record", step: "change", id: kept.id, record: wanted, why }] : removals;
}

function wrongIn(record: DnsRecord, wanted: RecordContent): string | undefined {
  if (!isSame(record.content, wanted.content)) return "the record led elsewhere";
  return record.proxied === wanted.proxied ? undefined : "the record was not proxied";
}

const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
