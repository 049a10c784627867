/** The region's services in one process over a real Postgres, behind the gateway; there is no compute plane. */
import { randomBytes } from "node:crypto";
import type { Transport } from "@connectrpc/connect";
import { z } from "zod";
import { AppAccessService } from "../../gen/biplane/apps/v1/access_pb.js";
import { actionsRoutes } from "../control/actions/service.ts";
import { appAccessService } from "../control/apps/access.ts";
import { appSessions } from "../control/apps/app-sessions.ts";
import { databaseSink } from "../control/audit/records.ts";
import { remoteSink } from "../control/audit/remote-sink.ts";
import { clusterStore } from "../control/cluster/clusters.ts";
import { clusterRoutes } from "../control/cluster/service.ts";
import { consolePages } from "../control/console/handler.ts";
import { actionAddresses } from "../control/dataproxy/actions.ts";
import { planes } from "../control/dataproxy/planes.ts";
import { secretRoutes } from "../control/dataproxy/secrets.ts";
import { dataProxyRoutes } from "../control/dataproxy/service.ts";
import { keyExchange } from "../control/gateway/api-keys.ts";
import type { Backend } from "../control/gateway/routes.ts";
import { gatewayHandler } from "../control/gateway/service.ts";
import { applicationStore } from "../control/identity/applications.ts";
import { keysPath, tokenPath } from "../control/identity/metadata.ts";
import { type IdentityDeps, identityService } from "../control/identity/service.ts";
import { createSigner } from "../control/identity/signing.ts";
import { newSigningKey } from "../control/identity/testing/signing-key.ts";
import { runsRoutes } from "../control/runs/service.ts";
import { type TriggerInputs, triggerInputs } from "../control/runs/trigger-inputs.ts";
import { insertRun } from "../control/store/runs.ts";
import { addTrigger, newRun, openTestStore, type TestStore } from "../control/store/testing/fixtures.ts";
import { remoteAuthorizer } from "../shared/auth/authorizer.ts";
import { relayIssuer, tokenVerifier, userIssuer } from "../shared/auth/verifier.ts";
import { type Bootstrap, sha256 } from "../shared/bootstrap.ts";
import { type Upstream, upstream } from "../shared/client.ts";
import type { StreamSource } from "../shared/proxy.ts";
import { type RunningService, type ServiceParts, startService } from "../shared/service.ts";
import { postText } from "../shared/testing/http2.ts";
import { testIssuer } from "../shared/testing/issuer.ts";
import { recordingLog } from "../shared/testing/log.ts";
import type { TestDatabases } from "../shared/testing/postgres.ts";
import { type Statement, watchedDatabase } from "../shared/testing/watched-database.ts";
import { type Hop, watchedCalls } from "./watched-calls.ts";

export interface RegionWorld {
  /** To the gateway. */
  transport: Transport;
  /** To the gateway, for what is no RPC; cf-connecting-ip says from where, as behind the edge. */
  sessions: StreamSource;
  /** To each of the services behind it, as its neighbours call it. */
  inside: Record<Backend, Transport>;
  /** Headers of a compute plane's call to `inside`, as the relay makes them. */
  asPlane(org: string, cluster: string): Promise<{ headers: { authorization: string } }>;
  store: TestStore;
  /** What all services have logged. */
  lines: string[];
  issuer: string;
  /** PKCS#8 PEM. */
  signingKey: string;
  keyId: string;
  /** Of an application of acme that was there when it signed in. */
  revokedToken: string;
  signIn(clientId: string): Promise<string>;
  secretOf(clientId: string): string;
  stop(): Promise<void>;
}

export interface RegionOptions extends Pick<IdentityDeps, "upstream" | "triesClock"> {
  groups?: Bootstrap["people"];
  issuer?: string;
  /** @default the one that all files of the vitest project `database` share */
  postgres?: TestDatabases;
  /** Hears of each statement of a service, before it is made. */
  statement?: (made: Statement) => void;
  /** Hears of each call that a service behind the gateway verifies. */
  hop?: (hop: Hop) => void;
}

const tokenSchema = z.object({ access_token: z.string() });

/** In acme and globex each: admin, contributor of demo/development, viewer, tasks, and runner, who has no role. */
export async function startRegionWorld({
  postgres,
  statement = () => {},
  hop = () => {},
  ...people
}: RegionOptions = {}): Promise<RegionWorld> {
  const issuer = people.issuer ?? "https://region.biplane.test";
  const { log, lines } = recordingLog("region");
  const opened = await openTestStore(postgres);
  const store = { ...opened, database: watchedDatabase(opened.database, statement) };
  const running: RunningService[] = [];
  const upstreams: Upstream[] = [];
  const start = async (name: string, parts: ServiceParts) => {
    const where = { name, port: 0, healthPort: 0, log: log.with({ of: name }), lingerMs: 0, drainMs: 100 };
    const service = await startService(where, watchedCalls(name, parts, hop));
    running.unshift(service);
    const made = upstream(`http://127.0.0.1:${service.port}`);
    upstreams.push(made);
    return { ...made, url: `http://127.0.0.1:${service.port}` };
  };

  const secrets = new Map<string, string>();
  const applications = ["acme", "globex"].flatMap((org) => declare(org, secrets));
  const gone = application("acme", "gone", "admin", secrets);
  const signingKey = newSigningKey();
  const identity = await start(
    "identity",
    await identityService({
      database: { ...store.database, close: async () => {} },
      issuer,
      signingKey,
      bootstrap: { applications: [...applications, gone], registrations: [], people: people.groups ?? [] },
      upstream: people.upstream,
      triesClock: people.triesClock,
      log,
    }),
  );
  const verify = tokenVerifier([userIssuer({ TOKEN_ISSUER: issuer, TOKEN_KEYS_URL: identity.url + keysPath })]);
  const authorize = remoteAuthorizer(identity.transport);
  const withDatabase = { verify, authorize, audit: databaseSink(store.database) };
  const withoutDatabase = { verify, authorize, audit: remoteSink(identity.transport) };
  // Runs and the relay of data call each other.
  const inputs: TriggerInputs = { put: (...asked) => triggerInputs(dataproxy.transport).put(...asked) };
  const runs = await start("runs", { rpc: { ...withDatabase, routes: runsRoutes({ ...store, inputs }) } });
  const relay = await testIssuer(relayIssuer);
  const withPlanes = {
    ...withDatabase,
    verify: tokenVerifier([
      userIssuer({ TOKEN_ISSUER: issuer, TOKEN_KEYS_URL: identity.url + keysPath }),
      relay.trusted,
    ]),
  };
  const access = appAccessService({
    ...{ ...withPlanes, database: store.database },
    exchange: keyExchange(identity.transport),
    sessions: appSessions(identity.transport),
  });
  const actions = await start("actions", {
    rpc: {
      ...withPlanes,
      routes(router) {
        actionsRoutes(store)(router);
        router.service(AppAccessService, access);
      },
    },
  });
  const cluster = await start("cluster", {
    rpc: {
      ...withDatabase,
      routes: clusterRoutes({
        store: clusterStore(store.database),
        authority: { certificate: "", sign: () => Promise.reject(new Error("no cluster is to come")) },
        relayHost: "relay.test",
        tokenIssuer: issuer,
        tokenKeys: async () => "",
        audit: databaseSink(store.database),
        log,
      }),
    },
  });
  const plane = { relay: cluster.transport, planes: planes(cluster.transport) };
  const data = dataProxyRoutes({ ...plane, addresses: actionAddresses(runs.transport), log });
  const dataproxy: Upstream = await start("dataproxy", {
    rpc: { ...withoutDatabase, routes: (router) => void secretRoutes(plane)(data(router)) },
  });
  const gateway = await start("gateway", {
    http: gatewayHandler({
      ...withoutDatabase,
      backends: {
        identity: identity.sessions,
        runs: runs.sessions,
        actions: actions.sessions,
        cluster: cluster.sessions,
        dataproxy: dataproxy.sessions,
      },
      exchange: keyExchange(identity.transport),
      pages: consolePages({
        ...{ issuer, verify, authorize, log },
        ...{ identity: identity.sessions, runs: runs.transport },
      }),
      sourceFrom: "cf-connecting-ip",
      log,
    }),
  });
  await insertRun(store.database, "acme", newRun("acme"));
  await addTrigger(store, "acme");

  const secretOf = (clientId: string) => {
    const secret = secrets.get(clientId);
    if (secret === undefined) throw new Error(`no application ${clientId} is declared`);
    return secret;
  };
  const signIn = async (clientId: string) => {
    const credentials = Buffer.from(`${clientId}:${secretOf(clientId)}`).toString("base64");
    const headers = { "content-type": "application/x-www-form-urlencoded", authorization: `Basic ${credentials}` };
    const text = await postText(gateway.sessions, tokenPath, headers, "grant_type=client_credentials");
    return tokenSchema.parse(JSON.parse(text)).access_token;
  };
  const revokedToken = await signIn("gone");
  await applicationStore(store.database).bootstrap(applications);
  const keyId = (await createSigner(issuer, signingKey)).keys.keys[0]?.kid ?? "";
  return {
    transport: gateway.transport,
    sessions: gateway.sessions,
    inside: {
      identity: identity.transport,
      runs: runs.transport,
      actions: actions.transport,
      cluster: cluster.transport,
      dataproxy: dataproxy.transport,
    },
    async asPlane(org, cluster) {
      const claims = { sub: `${org}/${cluster}`, org, cluster, role: "cluster", kind: "cluster" };
      return { headers: { authorization: `Bearer ${await relay.token(claims)}` } };
    },
    store,
    lines,
    issuer,
    signingKey,
    keyId,
    revokedToken,
    signIn,
    secretOf,
    async stop() {
      for (const service of running) await service.stop();
      for (const one of upstreams) one.close();
      await opened[Symbol.asyncDispose]();
    },
  };
}

type Application = Bootstrap["applications"][number];

function declare(org: string, secrets: Map<string, string>): Application[] {
  const places = [{ project: "demo", domain: "development" }];
  return [
    application(org, `${org}-admin`, "admin", secrets),
    application(org, `${org}-contributor`, "contributor", secrets, places),
    application(org, `${org}-viewer`, "viewer", secrets),
    application(org, `${org}-runner`, "none", secrets),
    application(org, `${org}-tasks`, "task", secrets),
  ];
}

function application(
  org: string,
  clientId: string,
  role: Application["role"],
  secrets: Map<string, string>,
  places: Application["places"] = [],
): Application {
  const secret = randomBytes(18).toString("hex");
  secrets.set(clientId, secret);
  return { org, clientId, secretSha256: sha256(secret).toString("hex"), role, places };
}
