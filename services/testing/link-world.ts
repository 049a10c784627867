/** Both ends of the link in one process, on loopback: real Postgres, TLS and tunnels; only what lies behind is fake. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import type { Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { paths } from "../../sandbox/paths.ts";
import { ensureAuthority, ensureLeaf } from "../../sandbox/pki.ts";
import { databaseSink } from "../control/audit/records.ts";
import { remoteSink } from "../control/audit/remote-sink.ts";
import { type ClusterAuthority, openAuthority } from "../control/cluster/authority.ts";
import { clusterStore } from "../control/cluster/clusters.ts";
import { clusterRoutes } from "../control/cluster/service.ts";
import { actionAddresses } from "../control/dataproxy/actions.ts";
import { planes } from "../control/dataproxy/planes.ts";
import { secretRoutes } from "../control/dataproxy/secrets.ts";
import { dataProxyRoutes } from "../control/dataproxy/service.ts";
import { keyExchange } from "../control/gateway/api-keys.ts";
import { gatewayHandler } from "../control/gateway/service.ts";
import { keysPath } from "../control/identity/metadata.ts";
import { identityService } from "../control/identity/service.ts";
import { newSigningKey } from "../control/identity/testing/signing-key.ts";
import { relayService } from "../control/relay/service.ts";
import { openCatalogue } from "../data/secrets/catalogue.ts";
import { kubernetesBackend } from "../data/secrets/kubernetes-backend.ts";
import { type MemoryShards, memoryShards } from "../data/secrets/testing/memory-shards.ts";
import type { Identity, IdentityStore } from "../data/tunnel/identity.ts";
import { tunnelService } from "../data/tunnel/service.ts";
import { remoteAuthorizer } from "../shared/auth/authorizer.ts";
import { keySetReader } from "../shared/auth/remote-keys.ts";
import { clusterIssuer, tokenVerifier, userIssuer } from "../shared/auth/verifier.ts";
import { type Bootstrap, sha256 } from "../shared/bootstrap.ts";
import { type Upstream, upstream } from "../shared/client.ts";
import { openDatabase } from "../shared/postgres.ts";
import { type RunningService, type ServiceParts, startService } from "../shared/service.ts";
import type { PingTimes } from "../shared/session-life.ts";
import { freePort } from "../shared/testing/free-port.ts";
import { recordingLog } from "../shared/testing/log.ts";
import { sharedPostgres } from "../shared/testing/shared-postgres.ts";
import { type Cuttable, cuttable } from "./cuttable.ts";
import { type Edge, type EdgeOptions, startEdge } from "./edge.ts";
import { fakeActions, fakeDataPlane, fakeRuns } from "./fakes.ts";
import { type Hop, watchedCalls } from "./watched-calls.ts";

export interface LinkWorld {
  /** Lines of every service's log, debug included. */
  lines: string[];
  /** Bare host and port of the gateway; its certificate is trusted by this process. */
  gatewayHost: string;
  relayHost: string;
  certificates: Record<"relay" | "gateway", { cert: string; key: string }>;
  /** Of acme: an admin, a viewer; of globex: an admin. */
  applications: Record<"admin" | "viewer" | "stranger", { clientId: string; secret: string }>;
  registrationToken: string;
  /** The region's own, which the relay trusts. */
  authority: ClusterAuthority;
  foreignAuthority: ClusterAuthority;
  /** As the region's services know it: any of its replicas. */
  relayUrl: string;
  identityUrl: string;
  /** Where acme's plane keeps its secrets. */
  secretShards: MemoryShards;
  /** Name of the region's. */
  database: string;
  relays: Relay[];
  /** Between relays and tunnels, where the region dials through it. */
  edge?: Edge;
  /** Between tunnels and relays. Connections go to the replicas in turn. */
  network: Cuttable;
  startRelay(): Promise<Relay>;
  /** As a pod is stopped: out of the balancers first. */
  stopRelay(relay: Relay): Promise<void>;
  startTunnel(options?: TunnelOptions): Promise<Tunnel>;
  /** As a region's stack that is applied with another token. @returns the token */
  declareAnew(): Promise<string>;
  stop(): Promise<void>;
}

export interface Relay {
  /** Where tunnels come in. */
  clusterPort: number;
  service: RunningService;
}

interface TunnelOptions {
  token?: string;
  org?: string;
  store?: MemoryStore;
}

export interface Tunnel {
  service: RunningService;
  store: MemoryStore;
  url: string;
}

export interface MemoryStore extends IdentityStore {
  saved: Partial<Identity>;
}

const fastPing = { intervalMs: 500, timeoutMs: 500 };

export interface LinkWorldOptions {
  /** Of the relay. @default 1 */
  replicas?: number;
  /** @default fast enough for a test to see a dead connection found */
  ping?: PingTimes;
  /** Hears of each call that a service of either plane verifies. */
  hop?: (hop: Hop) => void;
  /** The tunnel goes through Cloudflare, whose edge asks for `access`. @default clusters dial the relay */
  edge?: Pick<EdgeOptions, "access" | "cutIdleMs">;
}

export async function startLinkWorld(options: LinkWorldOptions = {}): Promise<LinkWorld> {
  const { replicas = 1, ping = fastPing, hop = () => {} } = options;
  const folder = mkdtempSync(join(tmpdir(), "biplane-link-"));
  const { log, lines } = recordingLog("link");
  const running: RunningService[] = [];
  const upstreams: Upstream[] = [];
  const start = async (name: string, parts: ServiceParts) => {
    const service = await startService(
      { name, port: 0, healthPort: 0, log: log.with({ of: name }), lingerMs: 0, drainMs: 200 },
      watchedCalls(name, parts, hop),
    );
    running.unshift(service);
    return `http://127.0.0.1:${service.port}`;
  };
  const to = (url: string) => {
    const made = upstream(url);
    upstreams.push(made);
    return made;
  };

  const pki = paths({ BIPLANE_STATE: folder });
  const leafCa = await readFiles(await ensureAuthority(pki));
  const ca = leafCa.cert;
  const leaf = await readPair(pki, { name: "server", dns: ["localhost"] });
  // A second authority stands for the region's cluster authority: nothing public trusts it.
  const clusterPki = paths({ BIPLANE_STATE: join(folder, "cluster-ca") });
  const clusterCa = await readFiles(await ensureAuthority(clusterPki));
  const relayLeaf = await readPair(clusterPki, { name: "relay", dns: ["localhost"] });
  tls.setDefaultCACertificates([...tls.getCACertificates("bundled"), ca]);

  const secrets = { admin: secret(), viewer: secret(), stranger: secret(), registration: secret() };
  const bootstrap = declare(secrets);
  const database = await sharedPostgres().database();
  // The issuer is a name; where keys are fetched is another matter.
  const issuer = "https://region.biplane.test";
  const identityUrl = await start(
    "identity",
    await identityService({
      database: openDatabase(database, "identity", log),
      issuer,
      signingKey: newSigningKey(),
      bootstrap,
      log,
    }),
  );
  const tokens = { TOKEN_ISSUER: issuer, TOKEN_KEYS_URL: identityUrl + keysPath };

  // The relay names its upstreams before they listen, as Services do; here ports are known only afterwards.
  const late = { actions: lateUpstream(), cluster: lateUpstream() };
  const relays: Relay[] = [];
  const connectorPort = options.edge && (await freePort());
  const edge =
    options.edge && connectorPort
      ? await startEdge({ ...options.edge, tls: leaf, origin: () => connectorPort })
      : undefined;
  // The second by mistake: what answers there is not what the region's configuration says.
  const connectors = edge && {
    access: edge.access,
    connectors: ["acme", "globex"].map((org) => ({ org, cluster: "main", host: edge.host })),
  };
  const startRelay = async () => {
    let own = 0;
    const parts = await relayService({
      clusters: { port: 0, cert: relayLeaf.cert, key: relayLeaf.key, clusterCa: clusterCa.cert },
      internalPort: 0,
      actions: late.actions,
      cluster: late.cluster,
      clusterCalls: late.cluster.transport,
      findPeers: async () =>
        relays.map(({ service }) => service.port).flatMap((port) => (port === own ? [] : `http://127.0.0.1:${port}`)),
      ping,
      ...(connectors ? { connectors } : {}),
      log: log.with({ of: "relay" }),
    });
    const place = { name: "relay", port: 0, healthPort: 0, log: log.with({ of: "relay" }), lingerMs: 0, drainMs: 200 };
    const service = await startService(place, parts);
    own = service.port;
    const relay = { clusterPort: parts.clusterPort, service };
    relays.push(relay);
    return relay;
  };
  for (let replica = 0; replica < replicas; replica++) await startRelay();
  const inTurn = (portOf: (relay: Relay) => number) => {
    let turn = 0;
    return cuttable(() => {
      const relay = relays[turn++ % relays.length];
      if (!relay) throw new Error("no relay runs");
      return portOf(relay);
    });
  };
  const network = await inTurn(({ clusterPort }) => clusterPort);
  const balancer = await inTurn(({ service }) => service.port);
  const relayUrl = `http://127.0.0.1:${balancer.port}`;
  const relayHost = `localhost:${network.port}`;
  const verify = tokenVerifier([userIssuer(tokens), clusterIssuer({ RELAY_KEYS_URL: `${relayUrl}/keys` })]);

  const authorize = remoteAuthorizer(to(identityUrl).transport);
  const audit = remoteSink(to(identityUrl).transport);
  const authority = await openAuthority(clusterCa.cert, clusterCa.key);
  const clusterDatabase = openDatabase(database, "cluster", log);
  const store = clusterStore(clusterDatabase);
  await store.bootstrap(bootstrap.registrations);
  const clusterUrl = await start("cluster", {
    rpc: {
      verify,
      authorize,
      audit,
      routes: clusterRoutes({
        store,
        authority,
        relayHost,
        tokenIssuer: issuer,
        tokenKeys: keySetReader(identityUrl + keysPath),
        audit: databaseSink(clusterDatabase),
        log,
      }),
    },
    close: () => clusterDatabase.close(),
  });
  const actionsUrl = await start("actions", { rpc: { verify, authorize, audit, routes: fakeActions } });
  const runsUrl = await start("runs", { rpc: { verify, authorize, audit, routes: fakeRuns } });
  late.actions.set(to(actionsUrl));
  late.cluster.set(to(clusterUrl));
  const plane = { relay: to(relayUrl).transport, planes: planes(to(clusterUrl).transport) };
  const data = dataProxyRoutes({
    ...plane,
    addresses: actionAddresses(to(runsUrl).transport),
    log: log.with({ of: "dataproxy" }),
  });
  const dataproxyUrl = await start("dataproxy", {
    rpc: { verify, authorize, audit, routes: (router) => void secretRoutes(plane)(data(router)) },
  });
  const backends = {
    identity: identityUrl,
    runs: runsUrl,
    actions: actionsUrl,
    cluster: clusterUrl,
    dataproxy: dataproxyUrl,
  };
  const gateway = await startService(
    { name: "gateway", port: 0, healthPort: 0, log: log.with({ of: "gateway" }), lingerMs: 0, drainMs: 200 },
    {
      tls: leaf,
      http: gatewayHandler({
        verify,
        authorize,
        audit,
        backends: {
          identity: to(backends.identity).sessions,
          runs: to(backends.runs).sessions,
          actions: to(backends.actions).sessions,
          cluster: to(backends.cluster).sessions,
          dataproxy: to(backends.dataproxy).sessions,
        },
        exchange: keyExchange(to(backends.identity).transport),
        log,
      }),
    },
  );
  running.unshift(gateway);
  const gatewayHost = `localhost:${gateway.port}`;

  const secretShards = memoryShards();
  return {
    lines,
    identityUrl,
    secretShards,
    database: database.DATABASE_NAME,
    gatewayHost,
    relayHost,
    relayUrl,
    relays,
    startRelay,
    async stopRelay(relay) {
      relays.splice(relays.indexOf(relay), 1);
      await relay.service.stop();
    },
    ...(edge ? { edge } : {}),
    network,
    certificates: { relay: relayLeaf, gateway: leaf },
    registrationToken: secrets.registration,
    authority,
    foreignAuthority: await openAuthority(leafCa.cert, leafCa.key),
    applications: {
      admin: { clientId: "acme-admin", secret: secrets.admin },
      viewer: { clientId: "acme-viewer", secret: secrets.viewer },
      stranger: { clientId: "globex-admin", secret: secrets.stranger },
    },
    async startTunnel({ token = secrets.registration, org = "acme", store: kept = memoryStore() } = {}) {
      // The data plane's services verify users by the keys that the tunnel pinned, as in a cluster.
      let tunnelUrl = "";
      const secrets = kubernetesBackend(openCatalogue(secretShards));
      const plane = await fakeDataPlane({ keysUrl: () => `${tunnelUrl}/pinned/keys`, issuer, secrets, hop, log });
      running.push(plane);
      const service = await startService(
        { name: "tunnel", port: 0, healthPort: 0, log: log.with({ of: "tunnel" }), lingerMs: 0, drainMs: 200 },
        tunnelService({
          name: { org, cluster: "main" },
          token,
          store: kept,
          gateway: createConnectTransport({ httpVersion: "2", baseUrl: `https://${gatewayHost}` }),
          objectStore: to(`http://127.0.0.1:${plane.port}`).sessions,
          logProvider: to(`http://127.0.0.1:${plane.port}`).sessions,
          secrets: to(`http://127.0.0.1:${plane.port}`).sessions,
          version: "test",
          ping,
          ...(connectorPort ? { connectorPort } : {}),
          heartbeatMs: 500,
          rotationCheckMs: 200,
          log: log.with({ of: "tunnel" }),
        }),
      );
      running.unshift(service);
      tunnelUrl = `http://127.0.0.1:${service.port}`;
      return { service, store: kept, url: tunnelUrl };
    },
    async declareAnew() {
      const token = secret();
      await store.bootstrap([{ org: "acme", cluster: "main", tokenSha256: sha256(token).toString("hex") }]);
      return token;
    },
    async stop() {
      for (const service of running) await service.stop();
      for (const { service } of relays) await service.stop();
      edge?.close();
      balancer.close();
      for (const one of upstreams) one.close();
      network.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function memoryStore(): MemoryStore {
  const store: MemoryStore = {
    saved: {},
    load: async () => ({ ...store.saved }),
    async save(identity) {
      store.saved = { ...store.saved, ...identity };
    },
  };
  return store;
}

function declare(secrets: Record<"admin" | "viewer" | "stranger" | "registration", string>): Bootstrap {
  const hash = (text: string) => sha256(text).toString("hex");
  return {
    applications: [
      { org: "acme", clientId: "acme-admin", secretSha256: hash(secrets.admin), role: "admin", places: [] },
      { org: "acme", clientId: "acme-viewer", secretSha256: hash(secrets.viewer), role: "viewer", places: [] },
      { org: "globex", clientId: "globex-admin", secretSha256: hash(secrets.stranger), role: "admin", places: [] },
    ],
    registrations: [{ org: "acme", cluster: "main", tokenSha256: hash(secrets.registration) }],
    people: [],
  };
}

function lateUpstream() {
  let real: Upstream | undefined;
  const opened = () => {
    if (!real) throw new Error("not started yet");
    return real;
  };
  return {
    set(made: Upstream) {
      real = made;
    },
    request: (...request: Parameters<Upstream["sessions"]["request"]>) => {
      return opened().sessions.request(...request);
    },
    transport: {
      unary: (...call) => opened().transport.unary(...call),
      stream: (...call) => opened().transport.stream(...call),
    } satisfies Transport,
  };
}

async function readPair(pki: ReturnType<typeof paths>, spec: { name: string; dns: string[] }) {
  return readFiles(await ensureLeaf(pki, spec));
}

async function readFiles(files: { certificate: string; key: string }) {
  return { cert: readFileSync(files.certificate, "utf8"), key: readFileSync(files.key, "utf8") };
}

const secret = () => randomBytes(18).toString("base64url");
