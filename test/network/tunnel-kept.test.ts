/** What is taken away of a tunnel at Cloudflare, behind its API, is put back by the region itself within its interval. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { appsDomain, zone as zoneName } from "../../sandbox/hosts.ts";
import { zoneStore } from "../../sandbox/providers/cloudflare/zone.ts";
import { needs } from "../../sandbox/toolchain/testing/needs.ts";
import { componentLabel } from "../../verify/documented/components.ts";
import { hostOf, reach, served } from "../support/apps.ts";
import { evidenceFor } from "../support/evidence.ts";
import { kubectl, platform } from "../support/kubectl.ts";
import { here } from "../support/local-run.ts";

const { proves } = evidenceFor("network/tunnel-kept");
const minuteMs = 60_000;
/** Of the service, by default; beside it a round itself takes a moment, on a machine that may be busy. */
const withinMs = minuteMs + 15_000;
const service = "tunnel-reconciler";
const unique = randomBytes(4).toString("hex");
const zone = zoneStore(here);
const host = `*.${appsDomain}`;
/** Of no app: the gate behind the tunnel answers for every name below the domain, and by what the edge answers without one. */
const app = hostOf(`kept-${unique}`);
const noTunnel = 530;
const foreignId = `foreign-${unique}`;
const foreign = {
  zoneId: zoneName,
  name: `${foreignId}.${zoneName}`,
  type: "TXT",
  content: "of somebody else",
  ttl: 60,
};

const found = zone.entries("records").find(([, { name }]) => name === host);
const [recordId = "", record = {}] = found ?? [];
const tunnelId = String(record.content ?? "").split(".")[0] ?? "";
const tunnel = zone.get("tunnels", tunnelId) ?? {};

const answered = async () => (await reach(app)).status;
const isServed = async () => expect(await answered()).not.toBe(noTunnel);
const servedWithin = (timeout: number) => vi.waitFor(isServed, { timeout, interval: 500 });
/** By the cluster alone: it may be one that was given, whose processes are not this machine's. */
const inRegion = (...args: string[]) => kubectl("region", ...args, "--namespace", platform.region, "--timeout=120s");
const deployment = `deployment/${service}`;
const isReady = () => inRegion("rollout", "status", deployment);
async function scale(replicas: number): Promise<void> {
  await inRegion("scale", deployment, `--replicas=${replicas}`);
  if (replicas > 0) return void (await isReady());
  await inRegion("wait", "--for=delete", "pod", "--selector", `${componentLabel}=${service}`);
}

describe.skipIf(!served)("a tunnel of Cloudflare's whose record or route is taken away", needs("apps"), () => {
  beforeAll(async () => {
    expect(found, `a record of ${host}`).toBeDefined();
    zone.put("records", foreignId, foreign);
    await isReady();
    await servedWithin(minuteMs);
  }, 4 * minuteMs);

  // Whatever failed: the others need both, and the service.
  afterAll(async () => {
    zone.remove("records", foreignId);
    if (!found) return;
    zone.put("tunnels", tunnelId, tunnel);
    zone.put("records", recordId, record);
    await scale(1);
  }, 4 * minuteMs);

  it(
    "serves again within the interval, as the stack made it, and beside foreign records as they were",
    async () => {
      proves(
        ["net-tunnel-state-reconciliation"],
        "with the service stopped, the same record stays away for longer than the interval",
      );
      zone.remove("records", recordId);
      expect(await answered()).toBe(noTunnel);
      await servedWithin(withinMs);
      expect(zone.get("records", recordId)).toMatchObject({ name: host, content: record.content, proxied: true });

      zone.put("tunnels", tunnelId, { ...tunnel, config: { ingresses: [{ service: "http_status:404" }] } });
      expect(await answered()).toBe(noTunnel);
      await servedWithin(withinMs);
      expect(zone.get("tunnels", tunnelId)).toEqual(tunnel);

      await scale(0);
      zone.remove("records", recordId);
      await sleep(withinMs);
      expect([zone.get("records", recordId), await answered()]).toEqual([undefined, noTunnel]);
      await scale(1);
      await servedWithin(withinMs);

      expect(zone.get("records", foreignId)).toEqual(foreign);
    },
    10 * minuteMs,
  );
});
