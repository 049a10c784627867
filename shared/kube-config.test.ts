import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VersionApi, Watch } from "@kubernetes/client-node";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { paths } from "../sandbox/paths.ts";
import { ensureAuthority, ensureLeaf, type KeyPairFiles } from "../sandbox/pki.ts";
import { keptKubeConfig } from "./kube-config.ts";

const state = mkdtempSync(join(tmpdir(), "biplane-kube-"));
const here = paths({ ...process.env, BIPLANE_STATE: state });
/** Whose certificate each connection came with. */
let shown: string[];
let server: Server;
let authority: KeyPairFiles;
let clients: KeyPairFiles[];

beforeAll(async () => {
  authority = await ensureAuthority(here);
  clients = await Promise.all(["one", "two"].map((name) => ensureLeaf(here, { name })));
  const { certificate, key } = await ensureLeaf(here, { name: "api", addresses: ["127.0.0.1"] });
  const pair = { cert: readFileSync(certificate), key: readFileSync(key), ca: readFileSync(authority.certificate) };
  server = createServer({ ...pair, requestCert: true }, (request, response) => {
    response.setHeader("content-type", "application/json");
    // A watch lasts until its client goes.
    if (request.url?.includes("watch=")) response.write(`${JSON.stringify({ type: "ADDED", object: {} })}\n`);
    else response.end(JSON.stringify({ gitVersion: "v1.34.0" }));
  });
  server.on("secureConnection", (socket) => shown.push(String(socket.getPeerCertificate().subject.CN)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
beforeEach(() => {
  shown = [];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(state, { recursive: true, force: true });
});

function loaded(user: KeyPairFiles | undefined = clients[0]) {
  const config = keptKubeConfig();
  const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cluster = { name: "c", server: address, caFile: authority.certificate, skipTLSVerify: false };
  config.loadFromClusterAndUser(cluster, { name: "u", certFile: user?.certificate, keyFile: user?.key });
  return config;
}

it("requests one after the other share a connection, whichever API asks", async () => {
  const config = loaded();
  for (let asked = 0; asked < 20; asked++) {
    expect((await config.makeApiClient(VersionApi).getCode()).gitVersion).toBe("v1.34.0");
  }
  // A second one is opened where a request comes in the very moment that an answer ends.
  expect(shown.length).toBeLessThan(5);
});

it("a watch holds a connection, and requests beside it go by another", async () => {
  const config = loaded();
  const seen: unknown[] = [];
  const see = (type: string) => seen.push(type);
  const watch = await new Watch(config).watch("/api/v1/pods", {}, see, () => undefined);
  await expect.poll(() => seen).toEqual(["ADDED"]);
  for (let asked = 0; asked < 20; asked++) await config.makeApiClient(VersionApi).getCode();
  watch.abort();
  expect(shown.length).toBeGreaterThan(1);
  expect(shown.length).toBeLessThan(6);
});

it("a certificate that was made anew is shown from the next request on", async () => {
  const config = loaded();
  const api = config.makeApiClient(VersionApi);
  await api.getCode();
  Object.assign(config.getCurrentUser() ?? {}, { certFile: clients[1]?.certificate, keyFile: clients[1]?.key });
  await Promise.all([api.getCode(), api.getCode()]);
  await api.getCode();
  expect(shown[0]).toBe("one");
  expect(new Set(shown.slice(1))).toEqual(new Set(["two"]));
});

it("configurations share nothing", async () => {
  await loaded(clients[0]).makeApiClient(VersionApi).getCode();
  await loaded(clients[1]).makeApiClient(VersionApi).getCode();
  expect(shown).toEqual(["one", "two"]);
});
