/**
 * Cloudflare's side of the local run: records, certificates and settings in one file, and the records' names in the local DNS,
 * where a proxied name leads to the edge's TLS front and an unproxied one to its plain TCP front.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setRecords } from "../../dns.ts";
import { network } from "../../hosts.ts";
import type { Paths } from "../../paths.ts";
import type { Properties } from "../machine/values.ts";

interface Zone {
  records: Record<string, Properties>;
  certificates: Record<string, Properties>;
  /** Settings, rules and origin pulls, each with its `kind`. */
  documents: Record<string, Properties>;
  /** Each with its `config`, once it has one. */
  tunnels: Record<string, Properties>;
}

type Kind = keyof Zone;

export interface ZoneStore {
  get(kind: Kind, id: string): Properties | undefined;
  list(kind: Kind): Properties[];
  entries(kind: Kind): [id: string, entry: Properties][];
  put(kind: Kind, id: string, entry: Properties): void;
  remove(kind: Kind, id: string): void;
  /** A client certificate that the edge shows to the origin; the key is in a file of its own, which only we can read. */
  putKey(id: string, certificate: string, key: string): void;
  removeKey(id: string): void;
  /** What a tunnel's connector runs with: its secret is in a file of its own, too. */
  tokenOf(tunnel: string): string;
  /** The tunnel whose token it is. */
  tunnelOf(token: string): string | undefined;
  removeToken(tunnel: string): void;
}

/** The same object always has the same id, so that making it twice makes it once. */
export function idOf(...parts: string[]): string {
  return createHash("sha256").update(parts.join("|")).digest("hex").slice(0, 32);
}

export function zoneStore(paths: Paths): ZoneStore {
  const folder = join(paths.cloud, "cloudflare");
  const file = join(folder, "zone.json");
  const keyFile = (id: string, end: string) => join(folder, "origin-pulls", `${id}.${end}`);
  const tokenFile = (tunnel: string) => join(folder, "tunnels", tunnel);
  const readToken = (tunnel: string) =>
    existsSync(tokenFile(tunnel)) ? readFileSync(tokenFile(tunnel), "utf8") : undefined;
  const load = (): Zone => {
    const held = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Partial<Zone>) : {};
    return { records: {}, certificates: {}, documents: {}, tunnels: {}, ...held };
  };
  const save = (zone: Zone) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Its own name: the front of the API (cloud/cloudflare) is another process that writes it.
    const written = `${file}.${process.pid}`;
    writeFileSync(written, `${JSON.stringify(zone, null, 2)}\n`, { mode: 0o600 });
    renameSync(written, file);
    setRecords(paths, "zone", addresses(zone.records));
  };
  // Reads and writes are synchronous: two resources made at once cannot lose each other's entry.
  return {
    get: (kind, id) => load()[kind][id],
    list: (kind) => Object.values(load()[kind]),
    entries: (kind) => Object.entries(load()[kind]),
    put(kind, id, entry) {
      const zone = load();
      zone[kind][id] = entry;
      save(zone);
    },
    remove(kind, id) {
      const zone = load();
      if (!(id in zone[kind])) return;
      delete zone[kind][id];
      save(zone);
    },
    putKey(id, certificate, key) {
      mkdirSync(join(folder, "origin-pulls"), { recursive: true, mode: 0o700 });
      writeFileSync(keyFile(id, "crt"), certificate, { mode: 0o600 });
      writeFileSync(keyFile(id, "key"), key, { mode: 0o600 });
    },
    removeKey(id) {
      for (const end of ["crt", "key"]) rmSync(keyFile(id, end), { force: true });
    },
    tokenOf(tunnel) {
      const held = readToken(tunnel);
      if (held !== undefined) return held;
      const accountId = load().tunnels[tunnel]?.accountId;
      const s = randomBytes(32).toString("base64");
      const token = Buffer.from(JSON.stringify({ a: accountId, t: tunnel, s })).toString("base64");
      mkdirSync(join(folder, "tunnels"), { recursive: true, mode: 0o700 });
      writeFileSync(tokenFile(tunnel), token, { mode: 0o600 });
      return token;
    },
    tunnelOf(token) {
      const tunnel = Object.keys(load().tunnels).find((id) => Buffer.from(token, "base64").includes(`"${id}"`));
      const held = tunnel === undefined ? undefined : readToken(tunnel);
      return held !== undefined && isSame(held, token) ? tunnel : undefined;
    },
    removeToken: (tunnel) => rmSync(tokenFile(tunnel), { force: true }),
  };
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function addresses(records: Record<string, Properties>): Record<string, string> {
  // A hosts file knows no name for many: whoever asks for one of these says its address.
  const single = Object.values(records).filter(({ name }) => !String(name).startsWith("*."));
  return Object.fromEntries(
    single.map(({ name, proxied }) => [
      String(name),
      proxied === true ? network.hosts.edge.address : network.relayFront,
    ]),
  );
}
