/**
 * The region's services as they are deployed, two processes of each behind balancers over a real Postgres, and a compute
 * plane without a kubelet: the real tunnel and executor, in this process, over a cluster in memory.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import type { Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { z } from "zod";
import { paths } from "../../sandbox/paths.ts";
import { ensureAuthority, ensureLeaf } from "../../sandbox/pki.ts";
import { keysPath, tokenPath } from "../control/identity/metadata.ts";
import { newSigningKey } from "../control/identity/testing/signing-key.ts";
import { openTestStore, type TestStore } from "../control/store/testing/fixtures.ts";
import { type Executor, startExecutor } from "../data/executor/executor.ts";
import { labels } from "../data/executor/task-action.ts";
import { podSettings } from "../data/executor/testing/pod-settings.ts";
import { type PodLife, simulatedCluster } from "../data/executor/testing/simulated-cluster.ts";
import { tunnelService } from "../data/tunnel/service.ts";
import { type Bootstrap, sha256 } from "../shared/bootstrap.ts";
import { upstream } from "../shared/client.ts";
import type { DatabaseConfig } from "../shared/config.ts";
import { startService } from "../shared/service.ts";
import { recordingLog } from "../shared/testing/log.ts";
import { startTestPostgres, type TestPostgres } from "../shared/testing/postgres.ts";
import { memoryStore } from "./link-world.ts";
import { type Replicas, replicasOf } from "./replicas.ts";

/** In the order in which they need each other. */
const listening = {
  identity: ["PORT"],
  relay: ["PORT", "INTERNAL_PORT"],
  cluster: ["PORT"],
  runs: ["PORT"],
  actions: ["PORT"],
  gateway: ["PORT"],
} as const;
type Service = keyof typeof listening;
const services = Object.keys(listening) as Service[];
const issuer = "https://region.biplane.test";
const nowhere = "http://127.0.0.1:1";

export interface ReplicatedRegion {
  postgres: TestPostgres;
  /** acme's. */
  store: TestStore;
  services: ReadonlyMap<string, Replicas>;
  /** To the gateway's balancer, over TLS. */
  transport: Transport;
  /** An administrator of acme. */
  token(): Promise<string>;
  /** What acme's plane has run, of each pod. */
  pods: { run: string; attempt: string }[];
  /** Reports that the region has not taken. */
  pendingReports(): number;
  stop(): Promise<void>;
}

export async function startReplicatedRegion(
  live: (pod: { run: string; attempt: string }) => PodLife,
): Promise<ReplicatedRegion> {
  const folder = mkdtempSync(join(tmpdir(), "biplane-replicas-"));
  const postgres = await startTestPostgres();
  const store = await openTestStore(postgres);
  const all = new Map<Service, Replicas>();
  for (const service of services) {
    all.set(service, await replicasOf({ service, ports: listening[service], replicas: 2 }));
  }
  const portOf = (service: Service, variable = "PORT") => all.get(service)?.portOf(variable) ?? 0;
  const secret = randomBytes(18).toString("base64url");
  const registration = randomBytes(18).toString("base64url");
  const pki = await authorities(folder);
  const env = environmentOf({ folder, config: store.config, portOf, pki, bootstrap: declare(secret, registration) });
  const stopServices = () => Promise.all([...all.values()].map((replicas) => replicas.stop()));
  try {
    for (const service of services) await all.get(service)?.start(env[service]);
  } catch (error) {
    await stopServices();
    await postgres.stop();
    throw error;
  }

  // What the tunnel trusts of the public web.
  tls.setDefaultCACertificates([...tls.getCACertificates("bundled"), pki.public.ca]);
  const door = `https://localhost:${portOf("gateway")}`;
  const transport = createConnectTransport({ httpVersion: "2", baseUrl: door });
  const plane = await startPlane({ gateway: transport, registration, live });
  return {
    ...{ postgres, store, services: all, transport },
    pods: plane.pods,
    token: () => signIn(door, secret),
    pendingReports: () => plane.executor.pendingReports(),
    async stop() {
      await plane.stop();
      await stopServices();
      await store[Symbol.asyncDispose]();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Pki = Awaited<ReturnType<typeof authorities>>;

/** One for what the public trusts, one for clusters. */
async function authorities(folder: string) {
  const read = ({ certificate, key }: { certificate: string; key: string }) => ({
    certificate,
    key,
    ca: readFileSync(certificate, "utf8"),
  });
  const make = async (name: string) => {
    const place = paths({ BIPLANE_STATE: join(folder, name) });
    const authority = read(await ensureAuthority(place));
    return { ...authority, leaf: read(await ensureLeaf(place, { name: "server", dns: ["localhost"] })) };
  };
  return { public: await make("public"), clusters: await make("clusters") };
}

function environmentOf(of: {
  folder: string;
  config: DatabaseConfig;
  portOf: (service: Service, variable?: string) => number;
  pki: Pki;
  bootstrap: Bootstrap;
}): Record<Service, Record<string, string>> {
  const { config, portOf, pki } = of;
  const file = (name: string, content = "") => {
    const path = join(of.folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const url = (service: Service, variable?: string) => `http://127.0.0.1:${portOf(service, variable)}`;
  const common = {
    TOKEN_ISSUER: issuer,
    TOKEN_KEYS_URL: url("identity") + keysPath,
    IDENTITY_URL: url("identity"),
    RELAY_KEYS_URL: `${url("relay", "INTERNAL_PORT")}/keys`,
    RUNS_URL: url("runs"),
    ACTIONS_URL: url("actions"),
    CLUSTER_URL: url("cluster"),
    // Only what brings data asks it, and the relays only where the region asks a plane.
    DATAPROXY_URL: nowhere,
    PEERS_URL: "http://localhost:1",
    DATABASE_HOST: config.DATABASE_HOST,
    DATABASE_PORT: String(config.DATABASE_PORT),
    DATABASE_NAME: config.DATABASE_NAME,
    DATABASE_USER: config.DATABASE_USER,
    DATABASE_PASSWORD_FILE: file("password", config.DATABASE_PASSWORD_FILE),
    DATABASE_CA_FILE: file("database.crt", config.DATABASE_CA_FILE),
    BOOTSTRAP_FILE: file("bootstrap.json", JSON.stringify(of.bootstrap)),
    SIGNING_KEY_FILE: file("signing.pem", newSigningKey()),
    CLUSTER_CA_CERT_FILE: pki.clusters.certificate,
    CLUSTER_CA_KEY_FILE: pki.clusters.key,
    CLUSTER_CA_FILE: pki.clusters.certificate,
    RELAY_HOST: `localhost:${portOf("relay")}`,
  };
  const leaf = ({ certificate, key }: Pki["public"]["leaf"]) => ({ TLS_CERT_FILE: certificate, TLS_KEY_FILE: key });
  return {
    ...{ identity: common, cluster: common, runs: common, actions: common },
    gateway: { ...common, ...leaf(pki.public.leaf) },
    relay: { ...common, ...leaf(pki.clusters.leaf) },
  };
}

function declare(secret: string, registration: string): Bootstrap {
  const hash = (text: string) => sha256(text).toString("hex");
  return {
    applications: [{ org: "acme", clientId: "acme-admin", secretSha256: hash(secret), role: "admin", places: [] }],
    registrations: [{ org: "acme", cluster: "main", tokenSha256: hash(registration) }],
    people: [],
  };
}

const tokenSchema = z.object({ access_token: z.string() });

async function signIn(door: string, secret: string): Promise<string> {
  const answer = await fetch(door + tokenPath, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      authorization: `Basic ${Buffer.from(`acme-admin:${secret}`).toString("base64")}`,
    },
    body: "grant_type=client_credentials",
  });
  if (!answer.ok) throw new Error(`the token endpoint answered ${answer.status}`);
  return tokenSchema.parse(await answer.json()).access_token;
}

async function startPlane(of: {
  gateway: Transport;
  registration: string;
  live: (pod: { run: string; attempt: string }) => PodLife;
}): Promise<{ executor: Executor; pods: { run: string; attempt: string }[]; stop(): Promise<void> }> {
  const { log } = recordingLog("plane");
  const absent = upstream(nowhere);
  const tunnel = await startService(
    { name: "tunnel", port: 0, healthPort: 0, log, lingerMs: 0, drainMs: 200 },
    tunnelService({
      name: { org: "acme", cluster: "main" },
      token: of.registration,
      store: memoryStore(),
      gateway: of.gateway,
      objectStore: absent.sessions,
      logProvider: absent.sessions,
      secrets: absent.sessions,
      version: "test",
      log,
    }),
  );
  const pods: { run: string; attempt: string }[] = [];
  const { cluster, watch } = simulatedCluster(({ metadata }) => {
    const pod = { run: metadata?.labels?.[labels.run] ?? "", attempt: metadata?.labels?.attempt ?? "" };
    pods.push(pod);
    return of.live(pod);
  });
  const region = upstream(`http://127.0.0.1:${tunnel.port}`);
  const executor = startExecutor({
    ...{ cluster, watch, namespaces: ["demo-development"], upstream: region, log },
    results: { read: async () => ({ outputs: false }) },
    ...{ worker: "main/executor", capacity: 100 },
    settings: { org: "acme", systemRetries: 3, startGraceMs: 60_000, historyMs: 600_000, pod: podSettings },
  });
  return {
    executor,
    pods,
    async stop() {
      await executor.stop();
      await tunnel.stop();
      for (const one of [region, absent]) one.close();
    },
  };
}
