/**
 * The metrics store as the kit configures it: Prometheus itself, which is told of a node by an API of this test's, looks at
 * its kubelet, and is asked as the log provider asks it. Needs the extended part `metrics-store`; no planes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import { configFile, renderSettings, webFile } from "../../../components/metrics-store/settings.ts";
import { filesFolder } from "../../../components/workloads/service-spec.ts";
import { paths } from "../../../sandbox/paths.ts";
import { ensureLeaf, type KeyPairFiles } from "../../../sandbox/pki.ts";
import { locateToolchain, readyParts } from "../../../sandbox/toolchain/index.ts";
import { needs } from "../../../sandbox/toolchain/testing/needs.ts";
import { codeOf } from "../../shared/testing/code-of.ts";
import { freePort } from "../../shared/testing/free-port.ts";
import { planHistory, readHistory } from "./history.ts";
import { prometheus } from "./prometheus.ts";

const built = readyParts(paths()).includes("metrics-store");
const place = { namespace: "demo-development", pod: "r1-a0-0" };
const { signal } = new AbortController();
const patient = { timeout: 60_000, interval: 500 };
const began = Date.now();

let state: string;
let port: number;
let cluster: Server;
let store: ChildProcess;
let pki: Record<"server" | "reader" | "stranger", KeyPairFiles>;
let runs = true;
const said: string[] = [];

const pem = (file: string) => readFileSync(file, "utf8");
const tlsOf = ({ certificate, key }: KeyPairFiles) => ({
  ca: pem(join(state, "pki/store.crt")),
  cert: pem(certificate),
  key: pem(key),
});
const asked = (by: KeyPairFiles = pki.reader) => prometheus({ url: `https://localhost:${port}`, tls: tlsOf(by) });
const history = (wanted = place, end = Date.now() + 1_000) =>
  readHistory(asked(), wanted, planHistory({ start: began - 60_000, end, most: 500 }, Date.now()), signal);

/** Half a core and 64 MiB, of a pod of the project's, and as much of two that are not to be kept. */
function measured(): string {
  const [name, id] = [
    "container_cpu_usage_seconds_total",
    'container="main",namespace="demo-development",pod="r1-a0-0"',
  ];
  const others = [
    'container="tunnel",namespace="union",pod="tunnel-0"',
    'container="main",namespace="demo",pod="r1-a0-0"',
  ];
  const at = Date.now();
  const lines = [id, ...others].flatMap((labels) => [
    `${name}{${labels}} ${(at - began) / 2_000} ${at}`,
    `container_memory_working_set_bytes{${labels}} ${64 * 2 ** 20} ${at}`,
  ]);
  return [...(runs ? lines : lines.slice(2)), `node_cpu_usage_seconds_total 1 ${at}`, ""].join("\n");
}

/** The cluster's only node, to whoever lists nodes and to whoever watches them. */
function tellNodes(answer: ServerResponse, query: URLSearchParams): void {
  const at = { apiVersion: "v1", metadata: { resourceVersion: "1" } };
  const { port: kubeletPort } = cluster.address() as AddressInfo;
  const status = {
    addresses: [
      { type: "Hostname", address: "node-1.invalid" },
      { type: "InternalIP", address: "127.0.0.1" },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
  };
  const node = { ...at, kind: "Node", metadata: { ...at.metadata, name: "node-1" }, status };
  answer.writeHead(200, { "content-type": "application/json" });
  if (!query.has("watch")) {
    answer.end(JSON.stringify({ ...at, kind: "NodeList", items: [node] }));
    return;
  }
  // It stays open, as a watch does.
  answer.flushHeaders();
  if (!query.has("sendInitialEvents")) return;
  const annotations = { "k8s.io/initial-events-end": "true" };
  const told = { ...at, kind: "Node", metadata: { ...at.metadata, annotations } };
  for (const event of [
    { type: "ADDED", object: node },
    { type: "BOOKMARK", object: told },
  ])
    answer.write(`${JSON.stringify(event)}\n`);
}

beforeAll(async () => {
  if (!built) return;
  state = mkdtempSync(join(tmpdir(), "biplane-metrics-store-"));
  const here = paths({ BIPLANE_STATE: state, BIPLANE_CACHE: paths().cache });
  const leaf = (name: string, authority: string) => ensureLeaf(here, { name, authority, dns: ["localhost"] });
  pki = {
    server: await leaf("server", "store"),
    reader: await leaf("reader", "store"),
    stranger: await leaf("stranger", "others"),
  };
  const node = await ensureLeaf(here, { name: "node", authority: "cluster", addresses: ["127.0.0.1"] });
  cluster = createServer({ cert: pem(node.certificate), key: pem(node.key) }, (request, answer) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "https://cluster.invalid");
    const knows = request.headers.authorization === "Bearer of-the-account";
    if (knows && pathname === "/api/v1/nodes") tellNodes(answer, searchParams);
    else if (knows && pathname === "/metrics/resource")
      answer.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(measured());
    else answer.writeHead(403).end();
  }).listen(0, "127.0.0.1");
  await once(cluster, "listening");
  port = await freePort();
  writeConfiguration((cluster.address() as AddressInfo).port);
  const args = [
    `--config.file=${join(state, "config", configFile)}`,
    `--web.config.file=${join(state, "config", webFile)}`,
    `--web.listen-address=127.0.0.1:${port}`,
    `--storage.tsdb.path=${join(state, "data")}`,
  ];
  store = spawn(locateToolchain(paths()).bin("prometheus"), args, { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [store.stdout, store.stderr]) stream?.on("data", (text: Buffer) => said.push(text.toString()));
}, 60_000);

afterAll(async () => {
  if (!built) return;
  const ended = once(store, "exit");
  store.kill("SIGTERM");
  await ended;
  cluster.closeAllConnections();
  cluster.close();
  rmSync(state, { recursive: true, force: true });
});

/** The kit's own, but for where its files and the cluster's API are, and how often it looks. */
function writeConfiguration(apiPort: number): void {
  const folder = (name: string) => {
    const path = join(state, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const [config, tls, account] = ["config", "tls", "account"].map(folder);
  for (const [name, text] of Object.entries(renderSettings([place.namespace]))) {
    const moved = text
      .replaceAll("/var/run/secrets/kubernetes.io/serviceaccount", account ?? "")
      .replaceAll(`${filesFolder}/tls`, tls ?? "")
      .replace('"scrape_interval": "15s"', '"scrape_interval": "1s"')
      .replace('"scrape_timeout": "10s"', '"scrape_timeout": "1s"')
      // In a pod the client finds the API by itself.
      .replace('"role": "node"', `"role": "node", "kubeconfig_file": "${join(account ?? "", "kubeconfig")}"`);
    writeFileSync(join(config ?? "", name), moved);
  }
  const [token, authority] = ["of-the-account", join(account ?? "", "ca.crt")];
  writeFileSync(join(account ?? "", "token"), token);
  writeFileSync(authority, pem(join(state, "pki/cluster.crt")));
  writeFileSync(join(account ?? "", "kubeconfig"), kubeconfigOf(apiPort, authority, token));
  const { ca, cert, key } = tlsOf(pki.server);
  for (const [name, text] of Object.entries({ "ca.crt": ca, "tls.crt": cert, "tls.key": key }))
    writeFileSync(join(tls ?? "", name), text, { mode: 0o600 });
}

function kubeconfigOf(apiPort: number, authority: string, token: string): string {
  const name = "here";
  return stringify({
    ...{ apiVersion: "v1", kind: "Config", "current-context": name },
    clusters: [{ name, cluster: { server: `https://127.0.0.1:${apiPort}`, "certificate-authority": authority } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}

describe.skipIf(!built)("the metrics store", needs("metrics-store"), () => {
  it("tells what a pod used, after it has gone", async () => {
    await vi
      .waitFor(async () => expect(await history()).not.toEqual([]), patient)
      .catch((cause: unknown) => {
        throw new Error(`the store said: ${said.join("")}`, { cause });
      });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    runs = false;
    const goneAt = Date.now();
    // By then the store has seen that it is gone.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const told = await history();
    const [last] = told.at(-1)?.containers ?? [];
    expect(told.flatMap(({ containers }) => containers.map(({ name }) => name))).toEqual(told.map(() => "main"));
    expect(last?.memoryBytes).toBe(64 * 2 ** 20);
    // Half a core for some seconds, as the mean over a minute.
    expect(last?.cpu).toBeGreaterThan(0.02);
    expect(last?.cpu).toBeLessThan(0.5);
    const [end] = (await history(place, goneAt + 300_000)).slice(-1);
    expect(Date.parse(end?.measuredAt ?? "")).toBeLessThanOrEqual(goneAt + 60_000);
  }, 90_000);

  it("keeps the projects' containers and nobody else's, and nothing of nodes", async () => {
    expect(await history({ namespace: "union", pod: "tunnel-0" })).toEqual([]);
    // No project's namespace, though one begins so.
    expect(await history({ namespace: "demo", pod: "r1-a0-0" })).toEqual([]);
    expect(said.join("")).not.toMatch(/level=error/i);
  });

  it.each(['"} or vector(1) #', 'r1-a0-0"} or container_memory_working_set_bytes{pod=~".*', "\\", "a\nb"])(
    "takes %j for the name of a pod that never was",
    async (pod) => {
      expect(await history({ ...place, pod })).toEqual([]);
    },
  );

  it("answers nobody whose certificate the plane did not sign", async () => {
    const question = { place, moments: { end: 100, step: 30, count: 1 }, window: 60 };
    expect(await codeOf(asked(pki.stranger).cpu(question, signal))).toBe("Unavailable");
    const bare = prometheus({ url: `https://localhost:${port}`, tls: { ...tlsOf(pki.reader), cert: "", key: "" } });
    expect(await codeOf(bare.cpu(question, signal))).toBe("Unavailable");
    expect(await codeOf(asked().cpu(question, signal))).toBe("ok");
  });
});
