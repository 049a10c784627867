/** The service that keeps tunnels, by real HTTP, before the API that stands for Cloudflare's over the zone that the edge reads. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { CloudflareError, cloudflare } from "../../../services/control/tunnel-reconciler/api.ts";
import { type DesiredTunnel, recordOf } from "../../../services/control/tunnel-reconciler/desired.ts";
import { type Reconciler, startReconciler } from "../../../services/control/tunnel-reconciler/reconciler.ts";
import { recordingLog } from "../../../services/shared/testing/log.ts";
import { routeIn } from "../../edge/tunnels/zone.ts";
import { names } from "../../hosts.ts";
import { type Paths, paths } from "../../paths.ts";
import { ensureAuthority } from "../../pki.ts";
import { idOf, type ZoneStore, zoneStore } from "../../providers/cloudflare/zone.ts";
import { Emulator } from "../front/emulator.ts";
import { serveFront } from "../front/testing/serve-front.ts";
import { cloudflareConfig, cloudflareToken } from "./config.ts";
import { createCloudflareFront } from "./front.ts";

const zoneId = "apps.test";
const host = "*.apps.test";
const tunnelId = idOf("account", "apps");
const desired: DesiredTunnel = { accountId: "account", zoneId, tunnelId, host, service: "http://127.0.0.1:8081" };
const ownRecord = idOf(zoneId, host, "CNAME");
const app = "hello-demo-development.apps.test";
const led = { tunnel: tunnelId, service: desired.service };
const everyMs = 200;

let here: Paths;
let zone: ZoneStore;
let server: Server;
let url: string;
let reconciler: Reconciler | undefined;
let told: string[];

const api = (token = cloudflareToken(here)) => cloudflare({ url, token, backoffMs: 1 });
function start(token?: string): void {
  const { log, lines } = recordingLog();
  told = lines;
  reconciler = startReconciler({ api: api(token), tunnels: [desired], everyMs, log });
}
/** As the provider makes it. */
function make(): void {
  const ingresses = [{ hostname: host, service: desired.service }, { service: "http_status:404" }];
  zone.put("tunnels", tunnelId, { accountId: "account", name: "apps", config: { ingresses } });
  zone.put("records", ownRecord, { zoneId, ttl: 1, ...recordOf(desired) });
}
const soon = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 20 });

beforeAll(async () => {
  here = paths({ ...process.env, BIPLANE_STATE: mkdtempSync(join(tmpdir(), "cloudflare-")) });
  zone = zoneStore(here);
  const handle = createCloudflareFront(cloudflareConfig(here));
  server = createServer((asked, answer) => void handle(asked, answer)).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/client/v4`;
});
afterAll(() => {
  server.close().closeAllConnections();
  rmSync(here.state, { recursive: true });
});
beforeEach(make);
afterEach(async () => {
  await reconciler?.close();
  reconciler = undefined;
});

describe("the service before the zone", () => {
  it("puts back a record that was taken away, and a route, and leaves foreign records as they are", async () => {
    const foreign = {
      zoneId,
      type: "CNAME",
      name: "other.apps.test",
      content: "x.example.com",
      proxied: false,
      ttl: 60,
    };
    zone.put("records", "foreign", foreign);
    start();
    expect(routeIn(zone, app)).toEqual(led);
    zone.remove("records", ownRecord);
    expect(routeIn(zone, app)).toBeUndefined();
    await soon(() => expect(routeIn(zone, app)).toEqual(led));
    zone.put("tunnels", tunnelId, {
      accountId: "account",
      name: "apps",
      config: { ingresses: [{ service: "http_status:404" }] },
    });
    expect(routeIn(zone, app)).toBeUndefined();
    await soon(() => expect(routeIn(zone, app)).toEqual(led));
    expect(zone.get("records", "foreign")).toEqual(foreign);
    expect(zone.get("records", ownRecord)).toEqual({ zoneId, ttl: 1, ...recordOf(desired) });
    expect(zone.get("tunnels", tunnelId)).toMatchObject({ accountId: "account", name: "apps" });
    expect(told.join("\n")).not.toContain(cloudflareToken(here));
  });

  it("does none of this while it does not run", async () => {
    zone.remove("records", ownRecord);
    await new Promise((over) => setTimeout(over, 3 * everyMs));
    expect(zone.get("records", ownRecord)).toBeUndefined();
  });

  it.each([
    ["led elsewhere", { content: "x.example.com" }],
    ["led past the edge", { proxied: false }],
  ])("changes a record that %s", async (_what, changes) => {
    zone.put("records", ownRecord, { zoneId, ttl: 1, ...recordOf(desired), ...changes });
    start();
    await soon(() => expect(routeIn(zone, app)).toEqual(led));
  });

  it("has the one record in the place of an address, which Cloudflare would not let stand beside it", async () => {
    zone.remove("records", ownRecord);
    const address = { ...recordOf(desired), type: "A", content: "198.51.100.7" };
    zone.put("records", "address", { zoneId, ttl: 1, ...address });
    await expect(api().createRecord(zoneId, recordOf(desired))).rejects.toThrow(/400 81053/);
    start();
    await soon(() => expect(routeIn(zone, app)).toEqual(led));
    expect(zone.get("records", "address")).toBeUndefined();
  });

  it("touches nothing with a token that is not the one, and tells of it", async () => {
    zone.remove("records", ownRecord);
    start("another-token-of-the-same-length-0123456789");
    await soon(() => expect(told.join()).toContain("refuses the token"));
    expect(zone.get("records", ownRecord)).toBeUndefined();
  });

  it("makes no record of a tunnel that is gone, and tells of it", async () => {
    zone.remove("tunnels", tunnelId);
    zone.remove("records", ownRecord);
    start();
    await soon(() => expect(told.join()).toContain("gone from Cloudflare"));
    expect(zone.list("records").filter(({ name }) => name === host)).toEqual([]);
  });
});

describe("the API", () => {
  const status = (asked: Promise<unknown>) =>
    asked.then(
      () => 200,
      (error: unknown) => (error instanceof CloudflareError ? error.status : error),
    );

  it("knows tunnels by their account, and records by their zone", async () => {
    const calls = api();
    expect(await calls.tunnel("account", tunnelId)).toEqual({ state: "inactive", deleted: false });
    expect(await status(calls.tunnel("another", tunnelId))).toBe(404);
    expect(await calls.records("another", host)).toEqual([]);
    expect(await status(calls.changeRecord("another", ownRecord, recordOf(desired)))).toBe(404);
    expect(await status(calls.removeRecord("another", ownRecord))).toBe(404);
    expect(zone.get("records", ownRecord)).toBeDefined();
  });

  it("takes no configuration whose last rule is not for every host", async () => {
    expect(await status(api().putIngress("account", tunnelId, [{ hostname: host, service: "http://x" }]))).toBe(400);
    expect(routeIn(zone, app)).toEqual(led);
  });

  it("tells pages as they were asked for", async () => {
    for (let at = 0; at < 3; at++) {
      zone.put("records", `text-${at}`, { zoneId, ttl: 1, ...recordOf(desired), type: "TXT", content: String(at) });
    }
    const { href } = new URL(`${url}/zones/${zoneId}/dns_records?name.exact=${host}&per_page=3&page=2`);
    const answer = await fetch(href, { headers: { authorization: `Bearer ${cloudflareToken(here)}` } });
    expect(await answer.json()).toMatchObject({
      ...{ success: true, result: [{ name: host }] },
      result_info: { page: 2, per_page: 3, count: 1, total_count: 4, total_pages: 2 },
    });
  });

  it("answers at its host of the cloud's front, and nobody without the token", async () => {
    const authority = await ensureAuthority(here);
    const front = await serveFront(
      {
        ...{ address: "127.0.0.1", port: 0, certificate: authority.certificate, key: authority.key },
        ...{ authority: authority.certificate, operators: [], issuerDocuments: here.state, clusterFacts: {} },
        ports: { objects: 1, emulator: 1, login: 1, judge: 1, registry: 1 },
        ...{ sessions: join(here.state, "sessions.json"), kept: join(here.state, "kept.json") },
        ...{ trail: join(here.state, "trail.jsonl"), cloudflare: cloudflareConfig(here) },
      },
      new Emulator(1),
    );
    const ask = async (headers: Record<string, string>) => {
      const path = `/client/v4/accounts/account/cfd_tunnel/${tunnelId}`;
      const sent = request({ agent: front.httpAgent, path, headers: { host: names.cloudflare, ...headers } }).end();
      const [answer] = await once(sent, "response");
      return [answer.statusCode, await json(answer)];
    };
    const authorization = `Bearer ${readFileSync(cloudflareConfig(here).token, "utf8")}`;
    expect(await ask({ authorization })).toEqual([200, expect.objectContaining({ success: true })]);
    expect(await ask({})).toEqual([403, expect.objectContaining({ success: false, result: null })]);
    front.close();
  });
});
