/** The edge's own settings on the real engine: kept, changed in place, owned by one, and gone again. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OriginPulls } from "../../../components/edge/origin-pulls.ts";
import { ZoneGuard, type ZoneGuardArgs } from "../../../components/edge/zone-guard.ts";
import { AppTunnels } from "../../../components/tunnel/app-tunnels.ts";
import { appsOrigin } from "../../../components/tunnel/connector.ts";
import { routeIn } from "../../edge/tunnels/zone.ts";
import { destroyStack, refreshStack, type StackRun, upStack } from "../../engine/index.ts";
import { type Emulated, startEmulated } from "../../engine/testing/emulated.ts";
import { serveAll } from "../index.ts";
import { tlsPackage } from "../tls/index.ts";
import { cloudflarePackage } from "./index.ts";
import { zoneStore } from "./zone.ts";

let world: Emulated;
beforeAll(async () => {
  world = await startEmulated();
});
afterAll(() => world?.close());

const edge = (guard: Partial<ZoneGuardArgs> = {}): StackRun => ({
  stack: "edge",
  program: async () => {
    new ZoneGuard("zone", { zoneId: "z1", ...guard });
    return { authority: new OriginPulls("pulls", { zoneId: "z1", host: "hosted.biplane.test" }).authority };
  },
  config: {},
  secrets: {},
  account: "customer",
  plane: "customer",
  providers: () => serveAll([cloudflarePackage(world.sandbox.paths), tlsPackage()]),
});

interface Held {
  kind: string;
  inputs?: Record<string, unknown>;
}
const folder = () => join(world.sandbox.paths.cloud, "cloudflare");
const documents = () => {
  const zone = JSON.parse(readFileSync(join(folder(), "zone.json"), "utf8")) as { documents: Record<string, Held> };
  return Object.values(zone.documents);
};

test("settings, rules and origin pulls are kept, and a second up or a refresh changes nothing", async () => {
  const first = await upStack(world.sandbox, edge());
  expect(
    documents()
      .map(({ kind }) => kind)
      .sort(),
  ).toEqual([...Array(7).fill("setting"), "ruleset", "ruleset", "pulls", "origin-pull"].sort());
  expect(first.outputs.authority).toMatch(/BEGIN CERTIFICATE/);
  const same = { same: first.changes.create };
  expect((await upStack(world.sandbox, edge())).changes).toEqual(same);
  expect((await refreshStack(world.sandbox, edge())).changes).toEqual(same);
});

test("the edge's key is in a file that only we can read, and in no document", async () => {
  const keys = readdirSync(join(folder(), "origin-pulls")).filter((name) => name.endsWith(".key"));
  expect(keys).toHaveLength(1);
  expect(statSync(join(folder(), "origin-pulls", keys[0] ?? "")).mode & 0o777).toBe(0o600);
  expect(JSON.stringify(documents())).not.toContain("PRIVATE KEY");
});

test("another limit is one change in place", async () => {
  const { changes } = await upStack(world.sandbox, edge({ rateLimits: { requests: 9000 } }));
  expect(changes).toMatchObject({ update: 1 });
  expect(JSON.stringify(documents())).toContain("9000");
});

test("destroy leaves nothing, the key least of all", async () => {
  await destroyStack(world.sandbox, edge());
  expect(documents()).toEqual([]);
  expect(existsSync(folder()) && readdirSync(join(folder(), "origin-pulls"))).toEqual([]);
});

const apps = (): StackRun => ({
  ...edge(),
  program: async () => {
    const clusters = [{ org: "acme", cluster: "local", domain: "apps.biplane.test" }];
    const made = new AppTunnels("apps", { accountId: "a1", zoneId: "z1", zoneName: "biplane.test", clusters });
    return { token: made.tokens["acme/local"] };
  },
});

test("a tunnel has its route, its names and a token that it alone is known by, until it goes", async () => {
  const first = await upStack(world.sandbox, apps());
  const zone = zoneStore(world.sandbox.paths);
  const token = String(first.outputs.token);
  const tunnel = zone.tunnelOf(token) ?? "";
  expect(routeIn(zone, "hello-demo-development.apps.biplane.test")).toEqual({ tunnel, service: appsOrigin });
  expect(zone.tunnelOf(Buffer.from(JSON.stringify({ t: tunnel, s: "guessed" })).toString("base64"))).toBeUndefined();
  expect(readFileSync(join(folder(), "zone.json"), "utf8")).not.toContain(token);
  const second = await upStack(world.sandbox, apps());
  expect(second.changes).toEqual({ same: first.changes.create });
  expect(second.outputs.token).toBe(token);
  expect((await refreshStack(world.sandbox, apps())).changes).toEqual({ same: first.changes.create });
  await destroyStack(world.sandbox, apps());
  expect([zone.tunnelOf(token), zone.list("tunnels"), zone.list("records")]).toEqual([undefined, [], []]);
  expect(readdirSync(join(folder(), "tunnels"))).toEqual([]);
});
