/** Everything that `--probe` tries, as facts like any other: how each ended, or why nothing can be said. */
import { attempt } from "../collect/attempt.ts";
import type { Collected, Fact } from "../facts.ts";
import type { ProbeFacts } from "../facts-probes.ts";
import type { ControlPlane, PlaneTarget, Target, Targets } from "../target.ts";
import { probeAdmission } from "./admission.ts";
import { probeCallers } from "./callers.ts";
import { probeCalls } from "./calls.ts";
import { probeConnections } from "./connections.ts";
import { probeListeners } from "./listeners.ts";
import { logService } from "./log-service.ts";
import { probeReach, type ReachProbes } from "./reach.ts";
import { apiOf, type CloudSessions, probeSessions, tokenFor } from "./sessions.ts";
import { storeHost } from "./store-host.ts";
import { probeHosts } from "./tls.ts";

export async function probe({
  customer,
  google,
  azure,
  controlPlane,
}: Targets): Promise<Partial<Pick<Collected, keyof ProbeFacts>>> {
  const plane = customer ?? google ?? azure;
  const [compute, control] = await Promise.all([
    plane ? probePlane(plane) : {},
    controlPlane ? probeRegion(controlPlane) : {},
  ]);
  return { ...compute, ...control };
}

async function probeRegion({ endpoint, relayHost, ...target }: ControlPlane) {
  const hosts = [
    { host: endpoint, purpose: "api" as const },
    { host: relayHost, purpose: "relay" as const },
  ];
  const [probedHosts, probedCallers, probedCalls] = await Promise.all([
    attempt(`a TLS handshake of each version with ${endpoint} and ${relayHost}; GET / on port 80`, () =>
      probeHosts(hosts),
    ),
    attempt(`dial ${relayHost} by each channel, without a certificate and with a stranger's`, () =>
      probeCallers(relayHost),
    ),
    attempt(`every RPC of ${endpoint} without a credential that holds`, () =>
      probeCalls({ ...target, endpoint, relayHost }),
    ),
  ]);
  return { probedHosts, probedCallers, probedCalls };
}

/** Each cloud's own client is for those only who look there. */
async function sessionsOf(target: PlaneTarget): Promise<CloudSessions> {
  if (target.cloud === "gcp") return (await import("./google-sessions.ts")).googleSessions(target);
  if (target.cloud === "azure") return (await import("./azure-sessions.ts")).azureSessions(target);
  return (await import("./aws-sessions.ts")).awsSessions(target);
}

const sessionCalls = {
  aws: "sts assume-role-with-web-identity, s3 put, get and delete",
  azure: "Entra's oauth2/v2.0/token, blob put, get and delete",
  gcp: "sts token, iamcredentials generateAccessToken, storage upload, get and delete",
};

async function probePlane(target: PlaneTarget) {
  const [store, logs] = [storeHost(target), logService(target)];
  const [probedStore, probedLogs, probedAdmission, sessions, probedConnections, probedListeners, reach] =
    await Promise.all([
      attempt(`a TLS handshake of each version with ${store}; GET / on port 80`, () =>
        probeHosts([{ host: store, purpose: "object-store" }]),
      ),
      logs &&
        attempt(`a TLS handshake of each version with ${logs.host}; ${logs.asked} on port 80`, () =>
          probeHosts([{ ...logs, purpose: "log-service" }]),
        ),
      attempt("create Pod, dry run, in each project's namespace", () => probeAdmission(target)),
      attempt(`create token, ${sessionCalls[target.cloud]}`, async () =>
        probeSessions(target, await sessionsOf(target)),
      ),
      attempt("three pods in a namespace of the probe's own", () => probeConnections(target)),
      attempt("TLS handshakes from a pod in a namespace of the probe's own", () => probeListeners(target)),
      target.cloud === "aws" ? attempt(`create token, ${sessionCalls.aws}, by name`, () => reachOf(target)) : undefined,
    ]);
  return {
    probedStore,
    ...(probedLogs ? { probedLogs } : {}),
    probedAdmission,
    probedSessions: part(sessions, ({ sessions: found }) => found),
    probedObjects: part(sessions, ({ objects }) => objects),
    probedConnections,
    probedListeners,
    ...(reach
      ? { probedNames: part(reach, ({ names }) => names), probedReach: part(reach, ({ reach: found }) => found) }
      : {}),
  };
}

/** Of the accounts that share a role, which no other cloud has. */
async function reachOf(target: Target): Promise<ReachProbes> {
  const cloud = await sessionsOf(target);
  const api = apiOf(target);
  const tokenOf = (name: string) => tokenFor(api, { namespace: target.namespace, name }, cloud.audience);
  return probeReach(target, { tokenOf, take: cloud.take });
}

function part<T, U>(fact: Fact<T>, pick: (value: T) => U): Fact<U> {
  return fact.read ? { ...fact, value: pick(fact.value) } : fact;
}
