import { afterEach, describe, expect, it, vi } from "vitest";
import { renderMetrics } from "../../shared/metrics.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { metricValue, parseMetrics } from "../../shared/testing/prometheus.ts";
import { CloudflareError } from "./api.ts";
import type { DesiredTunnel } from "./desired.ts";
import { type Reconciler, startReconciler, waitMs } from "./reconciler.ts";
import {
  type Answer,
  apiBy,
  desired,
  done,
  healthy,
  pageOf,
  problem,
  right,
  rightIngress,
  token,
} from "./testing/tunnels.ts";

let running: Reconciler | undefined;
afterEach(() => running?.close());

/** @param everyMs long, for a test of one round */
function reconcile(
  answer: (method: string, path: string) => Answer,
  { tunnels = [desired], everyMs = 3_600_000 }: { tunnels?: DesiredTunnel[]; everyMs?: number } = {},
) {
  const { api, asked } = apiBy(answer);
  const { log, lines } = recordingLog();
  running = startReconciler({ api, tunnels, everyMs, log });
  const told = () =>
    lines.map((line) => JSON.parse(line) as { level: string; message: string; [field: string]: unknown });
  const writes = () => asked.filter(({ method }) => method !== "GET");
  return { asked, told, writes, text: () => lines.join("\n") };
}

const metric = async (name: string, labels: Record<string, string> = {}) =>
  metricValue(parseMetrics(await renderMetrics()), name, labels);
const records = (path: string) => path.startsWith("/zones");
const route = (path: string) => path.endsWith("/configurations");
const { id: _, ...record } = right;

it("changes nothing where all is as the stack says", async () => {
  const { asked, writes, told } = reconcile(healthy);
  await vi.waitFor(() => expect(asked).toHaveLength(3));
  await running?.close();
  expect([writes(), told()]).toEqual([[], []]);
});

it("puts back the route and the record, and tells of both", async () => {
  const before = await metric("biplane_tunnel_repairs_total", { outcome: "done" });
  const { writes, told } = reconcile((method, path) => {
    if (method === "POST") return done({ ...right, id: "r9" });
    if (records(path)) return pageOf([]);
    return route(path) ? done({ tunnel_id: desired.tunnelId, config: null }) : healthy(method, path);
  });
  await vi.waitFor(() => expect(told()).toHaveLength(2));
  expect(writes()).toMatchObject([
    {
      method: "PUT",
      path: `/accounts/account/cfd_tunnel/${desired.tunnelId}/configurations`,
      body: { config: { ingress: rightIngress } },
    },
    { method: "POST", path: "/zones/zone/dns_records", body: { ...record, ttl: 1 } },
  ]);
  expect(told()).toMatchObject([
    { level: "warn", host: desired.host, what: "route", why: "the tunnel had no route" },
    {
      level: "warn",
      host: desired.host,
      what: "record",
      recordId: "r9",
      todo: expect.stringContaining("keep-tunnels.md"),
    },
  ]);
  expect(await metric("biplane_tunnel_repairs_total", { outcome: "done" })).toBe(before + 2);
});

it("changes a record under its id, and takes away a second one of the same name", async () => {
  const foreign = { ...right, id: "foreign", name: "other.example.com" };
  const held = [
    { ...right, content: "x.example.com" },
    { ...right, id: "r2", type: "A", content: "198.51.100.7" },
    foreign,
  ];
  const { writes } = reconcile((method, path) =>
    method === "GET" && records(path) ? pageOf(held) : method === "GET" ? healthy(method, path) : done({ id: "r1" }),
  );
  await vi.waitFor(() => expect(writes()).toHaveLength(2));
  expect(writes()).toMatchObject([
    { method: "DELETE", path: "/zones/zone/dns_records/r2" },
    { method: "PATCH", path: "/zones/zone/dns_records/r1", body: { ...record, ttl: 1 } },
  ]);
});

describe("it writes nothing on an answer that does not count", () => {
  it.each<[string, (method: string, path: string) => Answer]>([
    [
      "records of no success",
      (method, path) => (records(path) ? [200, { success: false, result: [] }] : healthy(method, path)),
    ],
    ["an empty page of many records", (method, path) => (records(path) ? pageOf([], 1, 1, 1) : healthy(method, path))],
    ["no answer for records", (method, path) => (records(path) ? problem(500, 1, "broken") : healthy(method, path))],
    [
      "records that are not found",
      (method, path) => (records(path) ? problem(404, 7003, "no route") : healthy(method, path)),
    ],
    ["a route that is not found", (method, path) => (route(path) ? problem(404, 1003, "none") : healthy(method, path))],
    ["a token that is refused", () => problem(403, 10000, "Authentication error")],
  ])("%s", async (_what, answer) => {
    const { writes, told } = reconcile(answer);
    await vi.waitFor(() => expect(told()).toHaveLength(1));
    expect(told()[0]).toMatchObject({ level: "error", host: desired.host });
    expect(writes()).toEqual([]);
    expect(await metric("biplane_cloudflare_tunnels", { status: "unknown" })).toBe(1);
  });
});

describe("a tunnel that is gone", () => {
  it.each<[string, Answer]>([
    ["deleted", done({ id: desired.tunnelId, status: "down", deleted_at: "2026-01-02T03:04:05Z" })],
    ["unknown", problem(404, 1003, "Tunnel not found")],
  ])("%s, is told with what to do, and nothing leads to it anew", async (_what, answer) => {
    const { writes, told, asked } = reconcile(() => answer, { everyMs: 1 });
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(3));
    expect(told()).toMatchObject([
      { level: "error", message: expect.stringMatching(/run `up` of the region.*customer/) },
    ]);
    expect(writes()).toEqual([]);
    expect(await metric("biplane_cloudflare_tunnels", { status: "gone" })).toBe(1);
  });
});

it("tells a trouble once, and when it is over", async () => {
  let broken = true;
  const { asked, told, text } = reconcile(
    (method, path) => (broken ? problem(403, 10000, "Authentication error") : healthy(method, path)),
    { everyMs: 1 },
  );
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(5));
  expect(told()).toHaveLength(1);
  expect(told()[0]?.message).toContain("Cloudflare Tunnel:Edit");
  broken = false;
  await vi.waitFor(() => expect(told()).toHaveLength(2));
  expect(told()[1]).toMatchObject({ level: "info" });
  expect(await metric("biplane_cloudflare_tunnels", { status: "healthy" })).toBe(1);
  broken = true;
  await vi.waitFor(() => expect(told()).toHaveLength(3));
  expect(await metric("biplane_cloudflare_tunnels", { status: "healthy" })).toBe(0);
  expect(await metric("biplane_cloudflare_tunnels", { status: "unknown" })).toBe(1);
  expect(text()).not.toContain(token);
});

it("looks at the other tunnels where one cannot be, but not where nobody may be asked", async () => {
  const other = { ...desired, tunnelId: "other", host: "other.example.com" };
  const first = (path: string) => path.includes(desired.tunnelId);
  const one = reconcile(
    (_method, path) => (first(path) ? problem(400, 1, "odd") : done({ id: "other", deleted_at: "2026-01-02" })),
    {
      tunnels: [desired, other],
    },
  );
  await vi.waitFor(() => expect(one.told()).toHaveLength(2));
  await running?.close();
  const all = reconcile(() => problem(401, 10000, "Authentication error"), { tunnels: [desired, other] });
  await vi.waitFor(() => expect(all.told()).toHaveLength(1));
  expect(all.asked.filter(({ path }) => !first(path))).toEqual([]);
});

it("comes within the interval while all goes well, later each time that it does not, and never before it may", () => {
  const waits = Array.from({ length: 200 }, () => waitMs(60_000, 0, undefined));
  expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(48_000);
  expect(new Set(waits).size).toBeGreaterThan(100);
  expect(waitMs(60_000, 1, new Error("x"))).toBeGreaterThanOrEqual(96_000);
  expect(waitMs(60_000, 30, new Error("x"))).toBeLessThanOrEqual(480_000);
  expect(waitMs(60_000, 1, new CloudflareError("x", 429, { retryAfterMs: 900_000 }))).toBe(900_000);
});

it("ends under a call that hangs", async () => {
  const { api } = apiBy(healthy);
  const hung = {
    ...api,
    tunnel: (_a: string, _t: string, signal?: AbortSignal) =>
      new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
  };
  const { log, lines } = recordingLog();
  await startReconciler({ api: hung, tunnels: [desired], everyMs: 1, log }).close();
  expect(lines).toEqual([]);
});
