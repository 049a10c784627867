/** Several replicas of the relay: whatever a balancer picks, calls arrive, and a replica that goes takes none with it. */
import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ObjectStoreService } from "../gen/biplane/objectstore/v1/object_store_pb.js";
import { AuthorizerService } from "../gen/biplane/policy/v1/policy_pb.js";
import { DataProxyService } from "../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { readSigningRequest } from "./control/cluster/authority.ts";
import { renewalTime, signingRequest } from "./data/tunnel/identity.ts";
import { upstream } from "./shared/client.ts";
import { until } from "./shared/testing/until.ts";
import { countingLines } from "./testing/fakes.ts";
import { hasTunnel, outcomeOf, tokenOf } from "./testing/link-caller.ts";
import { type LinkWorld, memoryStore, startLinkWorld, type Tunnel } from "./testing/link-world.ts";

let world: LinkWorld;
let tunnel: Tunnel;
let token: string;
let region: Transport;

beforeAll(async () => {
  world = await startLinkWorld({ replicas: 2, ping: { intervalMs: 500 } });
  region = createConnectTransport({ httpVersion: "2", baseUrl: `https://${world.gatewayHost}` });
  token = await tokenOf(world, "admin");
  tunnel = await world.startTunnel();
  await until(async () => (await tunnelsByRelay()).every((open) => open));
  // A cluster is given work once its first heartbeat has come.
  await until(async () => (await uploaded()) === "ok");
});

afterAll(async () => {
  await world?.stop();
});

describe("two replicas of the relay", () => {
  it("each hold a connection of the cluster's tunnel", async () => {
    expect(await tunnelsByRelay()).toEqual([true, true]);
  });

  it("both reach the cluster when only one of them has its tunnel", async () => {
    await world.stopRelay(one(world.relays, 0));
    await until(async () => (await tunnelsByRelay()).every((open) => open));
    const late = await world.startRelay();
    // Before the tunnel has come to it as well.
    await until(async () => (await uploadThrough(late.service.port)) === "ok");
    expect(world.lines.filter((line) => line.includes("no upstream"))).toEqual([]);
  });

  it("are both reached again soon after one was replaced", async () => {
    await until(async () => (await tunnelsByRelay()).every((open) => open), 10_000);
    expect(await tunnelsByRelay()).toEqual([true, true]);
  });

  it("hand nothing on twice", async () => {
    await tunnel.service.stop();
    await until(async () => (await tunnelsByRelay()).every((open) => !open));
    const before = Date.now();
    expect(await uploadThrough(one(world.relays, 0).service.port)).toBe("unavailable");
    expect(Date.now() - before).toBeLessThan(2_000);
    tunnel = await world.startTunnel({ token: "forgotten", store: tunnel.store });
    await until(async () => (await tunnelsByRelay()).every((open) => open));
  });

  it("take no line from a log that is followed while they are replaced", async () => {
    const actionId = { name: "a0", run: { org: "acme", project: "demo", domain: "development", name: "counting" } };
    const lines: string[] = [];
    let replacing: Promise<void> | undefined;
    const replace = async () => {
      for (const old of [...world.relays]) {
        await world.startRelay();
        await world.stopRelay(old);
      }
    };
    const stream = createClient(DataProxyService, region).tailLogs({ actionId, attempt: 1 }, { headers: headers() });
    for await (const { logs } of stream) {
      lines.push(...logs.flatMap((each) => each.lines.map(({ message }) => message)));
      if (lines.length > 50) replacing ??= replace();
    }
    await replacing;
    expect(lines).toEqual(Array.from({ length: countingLines }, (_, line) => `line ${line}`));
  });

  it("lose no call when they are restarted one after the other under load", async () => {
    const load = underLoad();
    for (let round = 0; round < 2; round++) {
      await world.startRelay();
      await until(async () => (await tunnelsByRelay()).filter(Boolean).length >= 2);
      await load.served(50);
      await world.stopRelay(one(world.relays, 0));
      await load.served(50);
    }
    expect(await load.refusals()).toEqual([]);
  });

  it("lose no call while the cluster's certificate is rotated under load", async () => {
    const { key = "", ...rest } = tunnel.store.saved;
    // Two thirds of its life are over in a few seconds: it is dated back five minutes and lives for 24 hours.
    const signedAt = new Date(Date.now() + 4_000 - ((24 * 3_600_000 + 300_000) * 2) / 3 + 300_000);
    const request = await readSigningRequest(await signingRequest(key));
    const { pem } = await world.authority.sign(request, "acme", "main", signedAt);
    await tunnel.service.stop();
    const store = memoryStore();
    await store.save({ key, ...rest, certificate: pem });
    tunnel = await world.startTunnel({ store });
    await until(async () => (await tunnelsByRelay()).every((open) => open));
    await until(async () => (await uploaded()) === "ok");
    const load = underLoad();
    await until(async () => store.saved.key !== key);
    await load.served(100);
    expect(await load.refusals()).toEqual([]);
    expect(renewalTime(store.saved.certificate ?? "")).toBeGreaterThan(Date.now() + 3_600_000);
  });

  it("keep connections that a balancer would end when they are idle", async () => {
    // Pings go every half second here, where production has ten seconds below a limit of 100.
    await tunnel.service.stop();
    world.network.cutIdle(2_500);
    tunnel = await world.startTunnel({ token: "forgotten", store: tunnel.store });
    await until(async () => (await tunnelsByRelay()).every((open) => open));
    // Its own calls to the region have a connection too, which the first heartbeat opens.
    await until(async () => (await fetch(`http://127.0.0.1:${tunnel.service.healthPort}/readyz`)).ok);
    const opened = world.lines.filter((line) => line.includes('"a cluster has connected"')).length;
    await sleep(6_000);
    expect(world.lines.filter((line) => line.includes('"a cluster has connected"')).length).toBe(opened);
    world.network.cutIdle(0);
  });
});

/** For each relay, whether it has a tunnel to the cluster. */
const tunnelsByRelay = () => Promise.all(world.relays.map((relay) => hasTunnel(relay)));

const request = { project: "demo", domain: "development", filename: "bundle.tgz", contentMd5: new Uint8Array(16) };
const headers = () => ({ authorization: `Bearer ${token}` });

/** Sixteen callers that never rest. */
function underLoad() {
  const outcomes: string[] = [];
  let on = true;
  const caller = async () => {
    while (on) outcomes.push(await uploaded());
  };
  const callers = Array.from({ length: 16 }, caller);
  return {
    /** Waits for so many more. */
    async served(more: number) {
      const enough = outcomes.length + more;
      await until(async () => outcomes.length >= enough);
    },
    /** Ends the load. @returns every outcome that is not a success */
    async refusals(): Promise<string[]> {
      on = false;
      await Promise.all(callers);
      return outcomes.filter((outcome) => outcome !== "ok");
    },
  };
}

/** As a client of the region calls it. */
function uploaded(): Promise<string> {
  return outcomeOf(createClient(DataProxyService, region).createUploadLocation(request, { headers: headers() }));
}

/** As the data proxy calls it. */
async function uploadThrough(port: number): Promise<string> {
  const { transport, close } = upstream(`http://127.0.0.1:${port}`);
  const call = createClient(ObjectStoreService, transport).signUpload(
    { ...request, org: "acme" },
    { headers: { ...headers(), "biplane-grants": await statement(), "x-biplane-cluster": "acme/main" } },
  );
  return outcomeOf(call).finally(close);
}

/** What Identity says of the caller, as it comes with each call to a compute plane. */
async function statement(): Promise<string> {
  const { transport, close } = upstream(world.identityUrl);
  const call = createClient(AuthorizerService, transport).resolve({}, { headers: headers() });
  return (await call.finally(close)).statement;
}

function one<T>(all: T[], at: number): T {
  const found = all[at];
  if (found === undefined) throw new Error(`there is no ${at}`);
  return found;
}
