/** The tunnel: joins the cluster to its region by connections that only this side opens. Holds no cloud credential. */
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { ClusterLinkService } from "../../../gen/biplane/cluster/v1/registration_pb.js";
import { keepAliveMs } from "../../shared/limits.ts";
import { counter, gauge } from "../../shared/metrics.ts";
import { pause, unlessAborted } from "../../shared/pause.ts";
import type { ServiceParts } from "../../shared/service.ts";
import type { PingTimes } from "../../shared/session-life.ts";
import { type Connections, type ConnectionsOptions, holdConnections } from "./connections.ts";
import { acceptConnections } from "./connector.ts";
import { type Dispatch, fromRegion, toRegion } from "./dispatch.ts";
import { currentIdentity, type EnrolmentDeps, register, renew } from "./enrol.ts";
import { type Identity, renewalTime } from "./identity.ts";
import { openLink, type RegionLink } from "./link.ts";

export interface TunnelDeps extends EnrolmentDeps, Dispatch {
  version: string;
  /** How many to dial. @default 2 */
  connections?: number;
  /** Where Cloudflare's connector brings the region's connections. @default there is none: this side dials */
  connectorPort?: number;
  ping?: PingTimes;
  /** @default 10 s */
  heartbeatMs?: number;
  /** How often the certificate's age is looked at. @default 60 s */
  rotationCheckMs?: number;
}

/** After this many failures in a row on one connection the region is asked to register again: it may have been rebuilt. */
const registerAgainAfter = 6;

/** Short beside the half minute after which the region takes a silent cluster for lost. */
const heartbeatTimeoutMs = 5_000;

/** For requests of the region that are under way when the tunnel stops. */
const graceMs = 5_000;

const open = gauge("biplane_tunnel_connections", "Connections to relays that are open", {});
const heartbeats = counter("biplane_tunnel_heartbeats_total", "Heartbeats to the region", {
  outcome: ["told", "failed"],
});
const rotations = counter("biplane_tunnel_certificates_total", "Certificates that were adopted since the start", {});

/** Serves the cluster at once; until the region has been reached it answers "unavailable". */
export function tunnelService(deps: TunnelDeps): ServiceParts {
  const stop = new AbortController();
  let joined: Joined | undefined;
  let ended: Promise<void> | undefined;
  const unwatch = open.read({}, () => joined?.connections.open() ?? 0);
  // `join` ends by itself only when it is told to; any other error is a bug, and unhandled it ends the process.
  const joining = unlessAborted(
    join(deps, stop.signal, (now) => {
      joined = now;
    }),
    stop.signal,
  );
  return {
    http: toRegion(
      { request: (...request) => (joined ? joined.link.request(...request) : Promise.reject(new Error("not joined"))) },
      () => joined?.identity().tokenKeys,
      deps.log,
    ),
    async ready() {
      if (!joined?.everOpen()) throw new Error("no tunnel to the region has been open yet");
    },
    drain() {
      stop.abort();
      ended = joined?.connections.close(graceMs);
    },
    async close() {
      await joining;
      await ended;
      unwatch();
      joined?.link.close();
    },
  };
}

interface Joined {
  link: RegionLink;
  connections: Connections;
  identity(): Identity;
  everOpen(): boolean;
}

async function join(deps: TunnelDeps, stop: AbortSignal, onJoined: (joined: Joined) => void): Promise<void> {
  const { log, store } = deps;
  let identity = await persistently(() => currentIdentity(deps), deps, stop);
  const link = openLink(identity, deps.ping);
  let everOpen = false;
  let registering = false;
  const adopt = (next: Identity) => {
    identity = next;
    rotations.add({});
    link.use(next);
    connections.replace();
  };
  const connections = openConnections(deps, {
    identity: () => identity,
    handler: fromRegion(deps),
    ...(deps.ping ? { ping: deps.ping } : {}),
    log,
    onFailure(failures) {
      if (registering || failures % registerAgainAfter !== 0) return;
      registering = true;
      register(deps)
        .then(adopt, (error: unknown) => log.warn("the region does not repeat the registration", { error }))
        .finally(() => {
          registering = false;
        });
    },
  });
  onJoined({ link, connections, identity: () => identity, everOpen: () => everOpen });

  let told = false;
  const heartbeat = async () => {
    told = false;
    if (connections.open() === 0) return;
    const client = createClient(ClusterLinkService, link.transport());
    const call = { timeoutMs: heartbeatTimeoutMs };
    try {
      await client.heartbeat({ version: deps.version, connections: connections.open() }, call);
      heartbeats.add({ outcome: "told" });
    } catch (error) {
      heartbeats.add({ outcome: "failed" });
      throw error;
    }
    everOpen = told = true;
  };
  const rotate = async () => {
    if (Date.now() < renewalTime(identity.certificate)) return;
    adopt(await renew(identity, store, link.transport()));
    log.info("the certificate was rotated");
  };
  // Right after the start the first connection is still being made: look often until it is. After an outage too: the
  // region gives nothing to a cluster that it has not heard for half a minute, however many tunnels there are again.
  const heartbeatMs = () => (told ? (deps.heartbeatMs ?? keepAliveMs) : everOpen ? 1_000 : 200);
  await Promise.all([
    repeat("a heartbeat", heartbeat, heartbeatMs, deps, stop),
    repeat("the rotation of the certificate", rotate, () => deps.rotationCheckMs ?? 60_000, deps, stop),
  ]);
}

function openConnections({ connectorPort, connections = 2 }: TunnelDeps, options: ConnectionsOptions): Connections {
  return connectorPort === undefined
    ? holdConnections({ ...options, count: connections })
    : acceptConnections({ ...options, port: connectorPort });
}

async function repeat(
  what: string,
  work: () => Promise<void>,
  everyMs: () => number,
  { log }: TunnelDeps,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    await work().catch((error: unknown) => log.warn(`${what} failed`, { error }));
    await pause(everyMs(), stop);
  }
}

/** Tries until it works or is told to stop: without an identity there is nothing that the tunnel could do. */
async function persistently<T>(work: () => Promise<T>, { log }: TunnelDeps, stop: AbortSignal): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await work();
    } catch (error) {
      log.warn("the registration failed", { failures, error });
      await sleep(Math.min(5_000, 250 * 2 ** failures) * (0.5 + Math.random() / 2), undefined, { signal: stop });
    }
  }
}
