/** The tunnel through Cloudflare, with a stand-in for its edge and its connector: everything else is what runs. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { DataProxyService } from "../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { readSigningRequest } from "./control/cluster/authority.ts";
import { dialConnectors } from "./control/relay/connectors.ts";
import { renewalTime, signingRequest } from "./data/tunnel/identity.ts";
import { recordingLog } from "./shared/testing/log.ts";
import { until } from "./shared/testing/until.ts";
import { type Edge, startEdge } from "./testing/edge.ts";
import { countingLines } from "./testing/fakes.ts";
import { hasTunnel, outcomeOf, tokenOf } from "./testing/link-caller.ts";
import { type LinkWorld, memoryStore, startLinkWorld, type Tunnel } from "./testing/link-world.ts";

const access = { clientId: "region.access", clientSecret: randomBytes(18).toString("base64url") };
/** Cloudflare's own is 100 s beside pings each 10 s; `--long` waits that long. */
const long = process.env.BIPLANE_LONG === "1";
const cutIdleMs = long ? 100_000 : 3_000;
const intervalMs = long ? 10_000 : 500;

let world: LinkWorld;
let edge: Edge;
let tunnel: Tunnel;
let token: string;
let region: Transport;

beforeAll(async () => {
  world = await startLinkWorld({ replicas: 2, ping: { intervalMs }, edge: { access, cutIdleMs } });
  if (!world.edge) throw new Error("an edge was asked for");
  edge = world.edge;
  region = createConnectTransport({ httpVersion: "2", baseUrl: `https://${world.gatewayHost}` });
  token = await tokenOf(world, "admin");
  tunnel = await world.startTunnel();
  await until(async () => (await tunnelsByRelay()).every((open) => open) && (await uploaded()) === "ok");
});

afterAll(async () => {
  await world?.stop();
});

describe("a tunnel through Cloudflare", () => {
  it("is made by each replica of the relay, twice", async () => {
    await until(async () => world.lines.filter((line) => line.includes('"biplane-tunnel"')).length === 4);
    expect(await tunnelsByRelay()).toEqual([true, true]);
  });

  it("is encrypted for the relay: the edge sees neither the caller's token nor what passes", async () => {
    const text = randomBytes(24).toString("base64url");
    const before = edge.seen().length;
    expect(await uploadedInputs(text)).toBe("ok");
    const seen = edge.seen();
    expect(seen.length - before).toBeGreaterThan(text.length);
    for (const secret of [text, token, "signUpload", "DataProxy"]) expect(seen.includes(secret)).toBe(false);
  });

  it("takes uploads of many megabytes", async () => {
    const text = randomBytes(4 * 1024 * 1024).toString("base64");
    expect(await uploadedInputs(text)).toBe("ok");
  });

  it("costs a log that is followed no line while all its connections are cut", async () => {
    const lines: string[] = [];
    for await (const { logs } of tail("counting")) {
      const before = lines.length;
      lines.push(...logs.flatMap((each) => each.lines.map(({ message }) => message)));
      for (const at of [70, 260]) if (before < at && lines.length >= at) edge.cut();
    }
    expect(lines).toEqual(Array.from({ length: countingLines }, (_, line) => `line ${line}`));
  });

  it("is made again within five seconds", async () => {
    const connected = () => world.lines.filter((line) => line.includes('"biplane-tunnel"')).length;
    const before = connected();
    edge.cut();
    await until(async () => connected() > before && (await uploaded()) === "ok", 5_000);
  });

  it("refuses no call while the cluster's certificate is rotated", async () => {
    const { key = "", ...rest } = tunnel.store.saved;
    const signedAt = new Date(Date.now() + 4_000 - ((24 * 3_600_000 + 300_000) * 2) / 3 + 300_000);
    const { pem } = await world.authority.sign(
      await readSigningRequest(await signingRequest(key)),
      "acme",
      "main",
      signedAt,
    );
    await tunnel.service.stop();
    const store = memoryStore();
    await store.save({ key, ...rest, certificate: pem });
    tunnel = await world.startTunnel({ store });
    await until(async () => (await tunnelsByRelay()).every((open) => open) && (await uploaded()) === "ok");
    const outcomes: string[] = [];
    while (store.saved.key === key) outcomes.push(await uploaded());
    for (const end = Date.now() + 3_000; Date.now() < end; ) outcomes.push(await uploaded());
    expect(outcomes.filter((each) => each !== "ok")).toEqual([]);
    expect(renewalTime(store.saved.certificate ?? "")).toBeGreaterThan(Date.now() + 3_600_000);
  });

  it("is not taken for another cluster's, whatever the region's configuration says", async () => {
    const refused = () => world.lines.filter((line) => line.includes("another than was called, was refused"));
    await until(async () => refused().length > 0);
    expect(refused()[0]).toContain('"expected":{"org":"globex","cluster":"main"}');
    expect(await Promise.all(world.relays.map((relay) => hasTunnel(relay, "globex/main")))).toEqual([false, false]);
  });

  it("is never silent for so long that the edge cuts it, as it cuts a silent one", { timeout: 300_000 }, async () => {
    const before = edge.idleCuts();
    const control = await silentThroughEdge();
    await control.cut;
    expect(control.cuts()).toBe(1);
    await sleep(cutIdleMs / 2);
    expect(edge.idleCuts() - before).toBe(0);
    expect(await uploaded()).toBe("ok");
    control.close();
  });
});

describe("an edge that refuses the region's service token", () => {
  it("is asked again, ever more seldom, and the log says why without the secret", async () => {
    const { log, lines } = recordingLog();
    const clientSecret = randomBytes(18).toString("base64url");
    const dialled = dialConnectors({
      connectors: [{ org: "acme", cluster: "main", host: edge.host }],
      access: { clientId: "region.access", clientSecret },
      count: 1,
      take: () => Promise.reject(new Error("nothing may come of it")),
      log,
    });
    await until(async () => lines.length >= 3);
    dialled.stop();
    await dialled.ended;
    expect(lines.every((line) => line.includes("403"))).toBe(true);
    expect(lines.join("\n")).not.toContain(clientSecret);
  });
});

it("logs no token and no secret, at any level", () => {
  const all = world.lines.join("\n");
  for (const secret of [token, access.clientSecret, world.registrationToken]) expect(all.includes(secret)).toBe(false);
});

/** Somebody who sends nothing, to somebody who sends nothing, through an edge of the same kind. */
async function silentThroughEdge() {
  const origin = createServer().listen(0, "127.0.0.1");
  await once(origin, "listening");
  const port = (origin.address() as AddressInfo).port;
  const another = await startEdge({ tls: world.certificates.gateway, access, origin: () => port, cutIdleMs });
  const headers = { "cf-access-client-id": access.clientId, "cf-access-client-secret": access.clientSecret };
  const silent = new WebSocket(`wss://${another.host}/`, { headers });
  // How the end shows depends on when it comes; that it came is what is waited for.
  silent.on("error", () => undefined);
  return {
    cut: new Promise((resolve) => silent.once("close", resolve)),
    cuts: another.idleCuts,
    close() {
      another.close();
      origin.close();
    },
  };
}

const tunnelsByRelay = () => Promise.all(world.relays.map((relay) => hasTunnel(relay)));

const headers = () => ({ authorization: `Bearer ${token}` });

function uploaded(): Promise<string> {
  const request = { project: "demo", domain: "development", filename: "bundle.tgz", contentMd5: new Uint8Array(16) };
  return outcomeOf(createClient(DataProxyService, region).createUploadLocation(request, { headers: headers() }));
}

function uploadedInputs(text: string): Promise<string> {
  const primitive = { value: { case: "stringValue" as const, value: text } };
  const value = {
    value: { case: "scalar" as const, value: { value: { case: "primitive" as const, value: primitive } } },
  };
  const request = {
    id: { case: "projectId" as const, value: { organization: "acme", name: "demo", domain: "development" } },
    task: { case: "taskSpec" as const, value: {} },
    inputs: { literals: [{ name: "text", value }] },
  };
  return outcomeOf(createClient(DataProxyService, region).uploadInputs(request, { headers: headers() }));
}

function tail(run: string) {
  const actionId = { name: "a0", run: { org: "acme", project: "demo", domain: "development", name: run } };
  return createClient(DataProxyService, region).tailLogs({ actionId, attempt: 1 }, { headers: headers() });
}
