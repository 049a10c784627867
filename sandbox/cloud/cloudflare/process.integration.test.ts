/** The service as a pod runs it: its program, its files as the stack renders them, and an address whose certificate it verifies. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { renderTunnels } from "../../../components/control-plane/tunnel-reconciler.ts";
import { settled } from "../../../components/testing/settled.ts";
import { recordOf } from "../../../services/control/tunnel-reconciler/desired.ts";
import { freePort } from "../../../services/shared/testing/free-port.ts";
import { metricValue, scrape } from "../../../services/shared/testing/prometheus.ts";
import { routeIn } from "../../edge/tunnels/zone.ts";
import { type Paths, paths } from "../../paths.ts";
import { ensureAuthority, ensureLeaf } from "../../pki.ts";
import { idOf, type ZoneStore, zoneStore } from "../../providers/cloudflare/zone.ts";
import { cloudflareConfig, cloudflareToken } from "./config.ts";
import { createCloudflareFront } from "./front.ts";

const main = join(import.meta.dirname, "../../../services/control/tunnel-reconciler/main.ts");
const tunnelId = idOf("account", "apps");
const tunnel = { accountId: "account", zoneId: "z", tunnelId, host: "*.apps.test", service: "http://127.0.0.1:8081" };

let here: Paths;
let zone: ZoneStore;
let server: Server;
let token: string;
let environment: Record<string, string>;
const running: ChildProcess[] = [];

beforeAll(async () => {
  here = paths({ ...process.env, BIPLANE_STATE: mkdtempSync(join(tmpdir(), "cloudflare-")) });
  zone = zoneStore(here);
  zone.put("tunnels", tunnelId, { accountId: "account", name: "apps" });
  const leaf = await ensureLeaf(here, { name: "cloud", dns: ["localhost"] });
  const handle = createCloudflareFront(cloudflareConfig(here));
  const pair = { cert: readFileSync(leaf.certificate), key: readFileSync(leaf.key) };
  server = createServer(pair, (asked, answer) => void handle(asked, answer)).listen(0, "127.0.0.1");
  await once(server, "listening");
  token = cloudflareToken(here);
  const write = (name: string, content: string) => {
    writeFileSync(join(here.state, name), content);
    return join(here.state, name);
  };
  environment = {
    PATH: process.env.PATH ?? "",
    CLOUDFLARE_API_URL: `https://localhost:${(server.address() as AddressInfo).port}/client/v4/`,
    CLOUDFLARE_TOKEN_FILE: write("token", `${token}\n`),
    TUNNELS_FILE: write("tunnels.json", String(await settled(renderTunnels([tunnel])))),
    NODE_EXTRA_CA_CERTS: (await ensureAuthority(here)).certificate,
  };
});
afterAll(() => {
  for (const one of running) one.kill("SIGKILL");
  server.close().closeAllConnections();
  rmSync(here.state, { recursive: true });
});

function run(env: Record<string, string>) {
  const child = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "pipe"] });
  running.push(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (said += String(part)));
  return { child, said: () => said };
}

it("makes the route and the record, tells how its tunnels stand, and ends when it is told to", async () => {
  const health = await freePort();
  const { child, said } = run({ ...environment, HEALTH_PORT: String(health) });
  const led = { tunnel: tunnelId, service: tunnel.service };
  await vi.waitFor(() => expect(routeIn(zone, "x.apps.test")).toEqual(led), { timeout: 30_000, interval: 50 });
  expect(zone.get("records", idOf("z", tunnel.host, "CNAME"))).toEqual({ zoneId: "z", ttl: 1, ...recordOf(tunnel) });
  await vi.waitFor(async () => {
    const { families } = await scrape(health);
    expect(metricValue(families, "biplane_cloudflare_tunnels", { status: "inactive" })).toBe(1);
    expect(metricValue(families, "biplane_tunnel_repairs_total", { outcome: "done" })).toBe(2);
    expect(metricValue(families, "biplane_tunnels_reconciled_age_seconds")).toBeLessThan(30);
  });
  expect((await fetch(`http://127.0.0.1:${health}/readyz`)).status).toBe(200);
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  expect((await ended)[0]).toBe(0);
  expect(said()).toContain("a tunnel was put right");
  expect(said()).not.toContain(token);
});

it.each([
  ["an address in clear", { CLOUDFLARE_API_URL: "http://localhost/client/v4" }, "CLOUDFLARE_API_URL"],
  ["no token", { CLOUDFLARE_TOKEN_FILE: "/nowhere/token" }, "CLOUDFLARE_TOKEN_FILE"],
  ["no tunnels", { TUNNELS_FILE: "/dev/null" }, "TUNNELS_FILE"],
])("does not begin with %s", async (_what, changes, variable) => {
  const { child, said } = run({ ...environment, ...changes });
  expect((await once(child, "exit"))[0]).toBe(3);
  expect(said()).toContain(variable);
  expect(said()).not.toContain(token);
});
