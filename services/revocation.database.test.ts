/** A cluster that was put out of use: nothing of what it holds is good any more, on any replica of the relay. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuditService } from "../gen/biplane/audit/v1/audit_pb.js";
import {
  ClusterAdminService,
  ClusterLinkService,
  ClusterStateSchema,
  RegistrationService,
} from "../gen/biplane/cluster/v1/registration_pb.js";
import { ExecutorQueueService } from "../gen/biplane/queue/v1/queue_pb.js";
import { DataProxyService } from "../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { type Identity, newKey, signingRequest } from "./data/tunnel/identity.ts";
import { openLink } from "./data/tunnel/link.ts";
import { upstream } from "./shared/client.ts";
import { tunnelProtocol } from "./shared/cluster-identity.ts";
import { hasTunnel, tokenOf } from "./testing/link-caller.ts";
import { type LinkWorld, startLinkWorld, type Tunnel } from "./testing/link-world.ts";

let world: LinkWorld;
let tunnel: Tunnel;
let admin: { headers: { authorization: string } };
/** What the cluster held when it was revoked. */
let held: Identity;

beforeAll(async () => {
  world = await startLinkWorld({ replicas: 2 });
  admin = { headers: { authorization: `Bearer ${await tokenOf(world, "admin")}` } };
  tunnel = await world.startTunnel();
  await until("both relays have a tunnel", async () => (await tunnels()) === 2);
  await until("the cluster is given work", async () => (await uploaded()) === "ok");
});

afterAll(async () => {
  await world?.stop();
});

describe("a cluster that is revoked", () => {
  it("is nobody's to revoke but an administrator's of its own organisation", async () => {
    const revokeAs = async (who: "viewer" | "stranger") => {
      const headers = { authorization: `Bearer ${await tokenOf(world, who)}` };
      return codeOf(clusters().revokeCluster({ cluster: "main" }, { headers }));
    };
    expect([await revokeAs("viewer"), await revokeAs("stranger")]).toEqual([Code.PermissionDenied, Code.NotFound]);
    expect(await state()).toEqual({ cluster: "main", healthy: true, heard: true, revoked: false });
  });

  it("loses within a minute every connection, on both relays, and the streams on them", async () => {
    held = whole(tunnel.store.saved);
    const lease = createClient(ExecutorQueueService, upstream(tunnel.url).transport)
      .lease({ worker: "w", capacity: 1 })
      [Symbol.asyncIterator]();
    await lease.next();
    const before = Date.now();
    await clusters().revokeCluster({ cluster: "main" }, admin);
    await expect(drained(lease)).rejects.toThrow();
    await until("no relay has a tunnel", async () => (await tunnels()) === 0);
    expect(Date.now() - before).toBeLessThan(60_000);
    expect(await uploaded()).toBe("FailedPrecondition");
    expect(await state()).toEqual({ cluster: "main", healthy: false, heard: false, revoked: true });
    const { records } = await createClient(AuditService, region()).listRecords(
      { operation: revocation, limit: 10 },
      admin,
    );
    expect(records.map(({ subject, resource }) => [subject, resource])).toContainEqual(["acme-admin", "main"]);
  });

  it("gets no new connection on either relay, in either direction", async () => {
    for (const { clusterPort } of world.relays) {
      for (const protocol of [tunnelProtocol, "h2"]) {
        expect([protocol, await dial(clusterPort, protocol, held)]).toEqual([protocol, "refused"]);
      }
    }
    expect(await tunnels()).toBe(0);
  });

  it("does not come back by its token, with its own key or with another", async () => {
    for (const key of [held.key, await newKey()]) {
      expect(await codeOf(register(world.registrationToken, key))).toBe(Code.Unauthenticated);
    }
  });

  it("comes back by another token, with another key", async () => {
    const token = await world.declareAnew();
    expect(await codeOf(register(token, held.key))).toBe(Code.PermissionDenied);
    await tunnel.service.stop();
    tunnel = await world.startTunnel({ token, store: tunnel.store });
    await until("both relays have a tunnel again", async () => (await tunnels()) === 2);
    await until("the cluster is given work again", async () => (await uploaded()) === "ok");
    expect(tunnel.store.saved.key).not.toBe(held.key);
    expect(await state()).toEqual({ cluster: "main", healthy: true, heard: true, revoked: false });
  });

  it("cannot use the certificate from before then either, not even to renew it", async () => {
    for (const { clusterPort } of world.relays) {
      expect(await dial(clusterPort, "h2", held)).toBe("refused");
      expect(await dial(clusterPort, "h2", whole(tunnel.store.saved))).toBe("let in");
    }
    const link = openLink({ ...held, relayHost: world.relayHost });
    const renewal = createClient(ClusterLinkService, link.transport()).renew(
      { certificateRequest: await signingRequest(await newKey()) },
      { timeoutMs: 5_000 },
    );
    await expect(renewal).rejects.toThrow();
    link.close();
  });

  it("keeps its connection over a rotation of its new certificate", async () => {
    const link = openLink({ ...whole(tunnel.store.saved), relayHost: world.relayHost });
    const key = await newKey();
    const { certificate } = await createClient(ClusterLinkService, link.transport()).renew({
      certificateRequest: await signingRequest(key),
    });
    link.close();
    const renewed = { ...held, key, certificate: certificate?.certificate ?? "" };
    for (const { clusterPort } of world.relays) expect(await dial(clusterPort, "h2", renewed)).toBe("let in");
  });
});

const revocation = "biplane.cluster.v1.ClusterAdminService/RevokeCluster";
const region = () => createConnectTransport({ httpVersion: "2", baseUrl: `https://${world.gatewayHost}` });
const clusters = () => createClient(ClusterAdminService, region());

async function state() {
  const all = await clusters().listClusters({}, admin);
  const [{ cluster, healthy, heardAt, revokedAt } = create(ClusterStateSchema), ...others] = all.clusters;
  expect(others).toEqual([]);
  return { cluster, healthy, heard: heardAt !== undefined, revoked: revokedAt !== undefined };
}

async function register(token: string, key: string) {
  const certificateRequest = await signingRequest(key);
  return createClient(RegistrationService, region()).register({
    org: "acme",
    cluster: "main",
    token,
    certificateRequest,
  });
}

/** Of the relays that run, how many have a tunnel to the cluster. */
const tunnels = async () => (await Promise.all(world.relays.map((relay) => hasTunnel(relay)))).filter(Boolean).length;

async function uploaded(): Promise<string> {
  const request = { project: "demo", domain: "development", filename: "bundle.tgz", contentMd5: new Uint8Array(16) };
  const code = await codeOf(createClient(DataProxyService, region()).createUploadLocation(request, admin));
  return code === undefined ? "ok" : Code[code];
}

async function codeOf(call: Promise<unknown>): Promise<Code | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return ConnectError.from(error).code;
  }
}

/** "let in" once the relay says something: a refusal shows only after the handshake. */
async function dial(port: number, protocol: string, { key, certificate, authority }: Identity): Promise<string> {
  const socket = tls.connect({
    ...{ host: "localhost", port, servername: "localhost", ALPNProtocols: [protocol] },
    ...{ key, cert: certificate, ca: authority },
  });
  const said = once(socket, "data").then(
    () => "let in",
    () => "refused",
  );
  const ended = once(socket, "close").then(
    () => "refused",
    () => "refused",
  );
  const outcome = await Promise.race([said, ended]);
  socket.destroy();
  return outcome;
}

async function drained(stream: AsyncIterator<unknown>): Promise<void> {
  while (!(await stream.next()).done);
}

function whole(saved: Partial<Identity>): Identity {
  const { key = "", certificate = "", authority = "", relayHost = "", tokenIssuer = "", tokenKeys = "" } = saved;
  return { key, certificate, authority, relayHost, tokenIssuer, tokenKeys };
}

async function until(what: string, check: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(50)) {
    if (await check()) return;
  }
  throw new Error(`not within ${withinMs / 1_000} s: ${what}`);
}
