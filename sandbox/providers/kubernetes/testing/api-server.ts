/**
 * A Kubernetes API of a test's own: etcd, the real API server and, where namespaces are to go again, the controller
 * manager, on loopback ports. No node: pods are stored and judged, never run.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { freePort } from "../../../../services/shared/testing/free-port.ts";
import { toolchain } from "../../../engine/testing/emulated.ts";
import { paths } from "../../../paths.ts";
import { ensureLeaf } from "../../../pki.ts";

export interface TestApiServer {
  endpoint: string;
  /** PEM of whoever signed its certificate. */
  authority: string;
  /** Of system:masters. */
  token: string;
  /** Content of a kubeconfig of system:masters. */
  kubeconfig: string;
  /** Asks as the administrator, or as who is named. */
  ask(method: string, path: string, options?: Asking): Promise<Answer>;
  /** The last words of its programs that have ended by themselves; empty while all run. */
  ended(): string;
  close(): Promise<void>;
}

interface Asking {
  body?: object;
  /** @default application/json */
  contentType?: string;
  as?: { user: string; groups?: string[] };
}

export interface Answer {
  status: number;
  /** The API server's own words where it refuses. */
  message: string;
  object: Record<string, unknown>;
}

export async function startApiServer(options: { controllers?: boolean } = {}): Promise<TestApiServer> {
  const folder = mkdtempSync(join(tmpdir(), "biplane-api-"));
  const { bin } = toolchain();
  const serving = await ensureLeaf(paths({ ...process.env, BIPLANE_STATE: folder }), {
    name: "api",
    addresses: ["127.0.0.1"],
  });
  const [store, peer, port] = [await freePort(), await freePort(), await freePort()];
  const token = randomBytes(24).toString("hex");
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const accounts = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const signing = file("accounts.key", accounts.privateKey);
  const endpoint = `https://127.0.0.1:${port}`;
  const authority = readFileSync(authorityOf(folder), "utf8");
  const kubeconfig = renderKubeconfig(endpoint, authority, token);

  const running: ChildProcess[] = [];
  const start = (program: string, args: string[]) => {
    const words = openSync(join(folder, `${program}.log`), "w", 0o600);
    const child = spawn(bin(program), args, { stdio: ["ignore", "ignore", words] });
    closeSync(words);
    running.push(child);
    return child;
  };
  const ended = () =>
    running
      .filter((child) => child.exitCode !== null || child.signalCode !== null)
      .map(({ spawnfile, exitCode, signalCode }) => {
        const words = readFileSync(join(folder, `${basename(spawnfile)}.log`), "utf8");
        return `${basename(spawnfile)} ended with ${exitCode ?? signalCode}:\n${words.slice(-2000)}`;
      })
      .join("\n");
  start("etcd", [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=http://127.0.0.1:${store}`,
    `--advertise-client-urls=http://127.0.0.1:${store}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-cluster=default=http://127.0.0.1:${peer}`,
    "--unsafe-no-fsync",
  ]);
  start("kube-apiserver", [
    `--etcd-servers=http://127.0.0.1:${store}`,
    "--bind-address=127.0.0.1",
    // Else it looks for a default route, which a machine without a way out has not; nobody dials it (RFC 5737).
    "--advertise-address=192.0.2.1",
    `--secure-port=${port}`,
    `--tls-cert-file=${serving.certificate}`,
    `--tls-private-key-file=${serving.key}`,
    `--cert-dir=${folder}`,
    `--token-auth-file=${file("tokens.csv", `${token},test-admin,1,system:masters\n`)}`,
    "--authorization-mode=RBAC",
    `--service-account-issuer=${endpoint}`,
    `--service-account-key-file=${file("accounts.pub", accounts.publicKey)}`,
    `--service-account-signing-key-file=${signing}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    // As on EKS: whether a pod may be privileged is for admission to say.
    "--allow-privileged",
    "--profiling=false",
  ]);
  const login = file("kubeconfig", kubeconfig);
  await untilReady(endpoint, token, ended);
  if (options.controllers) {
    start("kube-controller-manager", [
      `--kubeconfig=${login}`,
      // Nobody asks it anything.
      "--secure-port=0",
      `--service-account-private-key-file=${signing}`,
      "--leader-elect=false",
      "--profiling=false",
    ]);
  }
  return {
    endpoint,
    authority,
    token,
    kubeconfig,
    ask: (method, path, asking = {}) => ask(endpoint, token, method, path, asking),
    ended,
    async close() {
      // The API server before its store: one whose store is gone hangs in its graceful stop.
      for (const child of running.reverse()) await stop(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ask(endpoint: string, token: string, method: string, path: string, asking: Asking): Promise<Answer> {
  const { body, contentType = "application/json", as } = asking;
  const headers = new Headers({ authorization: `Bearer ${token}`, accept: "application/json" });
  if (body) headers.set("content-type", contentType);
  if (as) headers.set("impersonate-user", as.user);
  for (const group of as?.groups ?? []) headers.append("impersonate-group", group);
  const { request } = await import("node:https");
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  // Loopback, and a certificate that was made for this test a moment ago.
  const sent = request(new URL(path, endpoint), { method, rejectUnauthorized: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    response.on("error", reject);
  });
  for (const [name, value] of headers) sent.setHeader(name, name === "impersonate-group" ? value.split(", ") : value);
  sent.on("error", reject);
  sent.end(body ? JSON.stringify(body) : undefined);
  const { status, text } = await promise;
  const object = text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status, message: String(object.message ?? text), object };
}

async function untilReady(endpoint: string, token: string, ended: () => string): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 200) {
    if (ended()) throw new Error(ended());
    const answer = await ask(endpoint, token, "GET", "/readyz", {}).catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(200);
  }
  throw new Error(`the API server at ${endpoint} does not answer`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

function authorityOf(folder: string): string {
  return join(paths({ ...process.env, BIPLANE_STATE: folder }).pki, "ca.crt");
}

function renderKubeconfig(server: string, authority: string, token: string): string {
  const name = "test";
  const data = Buffer.from(authority).toString("base64");
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, "certificate-authority-data": data } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}
