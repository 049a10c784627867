/** What lies behind the link in its tests: the queue, the records of runs, and the data plane's own services. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { AppDirectoryService, WatchAppsResponseSchema } from "../../gen/biplane/apps/v1/apps_pb.js";
import { LogService, Originator } from "../../gen/biplane/logs/v1/logs_pb.js";
import { ObjectStoreService } from "../../gen/biplane/objectstore/v1/object_store_pb.js";
import { ProjectDirectoryService, WatchProjectsResponseSchema } from "../../gen/biplane/projects/v1/projects_pb.js";
import { ExecutorQueueService, LeaseResponseSchema } from "../../gen/biplane/queue/v1/queue_pb.js";
import { SecretStoreService } from "../../gen/biplane/secrets/v1/secrets_pb.js";
import { InputsSchema } from "../../gen/flyteidl2/task/common_pb.js";
import { RunService } from "../../gen/flyteidl2/workflow/run_service_pb.js";
import type { SecretBackend } from "../data/secrets/backend.ts";
import { secretStoreService } from "../data/secrets/service.ts";
import { logSink } from "../shared/auth/audit.ts";
import { type Authorizer, statedAuthorizer } from "../shared/auth/authorizer.ts";
import { callerOf } from "../shared/auth/caller.ts";
import { type TokenVerifier, tokenVerifier, userIssuer } from "../shared/auth/verifier.ts";
import type { Logger } from "../shared/log.ts";
import { pause } from "../shared/pause.ts";
import { type RunningService, startService } from "../shared/service.ts";
import { type Hop, watchedCalls } from "./watched-calls.ts";

/** Tells callers who the relay says they are: in the reason of a first message, then keep-alives. */
export function fakeActions(router: ConnectRouter): void {
  fakeDirectoryOfApps(router);
  router.service(ExecutorQueueService, {
    async *lease(_request, context) {
      const { org, cluster } = callerOf(context);
      yield create(LeaseResponseSchema, { message: { case: "cancel", value: { reason: `${org}/${cluster}` } } });
      while (!context.signal.aborted) {
        await pause(100, context.signal);
        yield create(LeaseResponseSchema, { message: { case: "keepAlive", value: {} } });
      }
    },
    extendLeases: () => ({}),
    report: () => ({}),
  });
  router.service(ProjectDirectoryService, {
    async *watchProjects(_request, context) {
      const { org, cluster } = callerOf(context);
      const projects = { projects: [{ id: `${org}-${cluster}`, domains: ["development"] }] };
      yield create(WatchProjectsResponseSchema, { message: { case: "projects", value: projects } });
    },
  });
}

/** Has nothing to serve. */
function fakeDirectoryOfApps(router: ConnectRouter): void {
  router.service(AppDirectoryService, {
    async *watchApps() {
      yield create(WatchAppsResponseSchema, { message: { case: "listed", value: {} } });
    },
    reportApps: () => ({}),
  });
}

export function fakeRuns(router: ConnectRouter): void {
  router.service(RunService, {
    // All of its actions ran, or will.
    getActionDetails: ({ actionId: id }) => ({ details: { ...(id ? { id } : {}) } }),
    getActionDataURIs: () => ({
      inputsUri: "s3://metadata/acme/demo/development/in",
      outputsUri: "s3://metadata/missing",
    }),
  });
}

const put: number[] = [];
/** Bytes of each of the inputs that came whole. */
export const inputsPut = (): readonly number[] => put;

/** Does not compress: clients accept gzip, and a line of one letter would fit whole into any window. */
const bigLogLine = randomBytes(48 * 1024).toString("base64");

export interface DataPlane {
  keysUrl: () => string;
  issuer: string;
  /** Behind the real secrets service. */
  secrets: SecretBackend;
  hop: (hop: Hop) => void;
  log: Logger;
}

/** Object store, log provider and secrets in one. All verify the end user by the keys that the tunnel pinned. */
export async function fakeDataPlane({ keysUrl, issuer, secrets, hop, log }: DataPlane): Promise<RunningService> {
  let verifier: TokenVerifier | undefined;
  let authorizer: Authorizer | undefined;
  const verify: TokenVerifier = (authorization) => {
    verifier ??= tokenVerifier([userIssuer({ TOKEN_ISSUER: issuer, TOKEN_KEYS_URL: keysUrl() })]);
    return verifier(authorization);
  };
  const place = { name: "plane", port: 0, healthPort: 0, log: log.with({ of: "plane" }), lingerMs: 0, drainMs: 200 };
  const authorize: Authorizer = (caller, headers) => {
    authorizer ??= statedAuthorizer(userIssuer({ TOKEN_ISSUER: issuer, TOKEN_KEYS_URL: keysUrl() }));
    return authorizer(caller, headers);
  };
  const routes = (router: ConnectRouter) => {
    dataPlaneRoutes(router);
    router.service(SecretStoreService, secretStoreService({ backend: secrets, org: "acme" }));
  };
  return startService(place, watchedCalls("plane", { rpc: { verify, authorize, audit: logSink(log), routes } }, hop));
}

function dataPlaneRoutes(router: ConnectRouter): void {
  router.service(ObjectStoreService, {
    signUpload({ org, filename }, context) {
      const { subject } = callerOf(context);
      return {
        signedUrl: `https://aws.biplane.test/fast/${org}/${filename}?X-Amz-Signature=seeded-signature&by=${subject}`,
        nativeUrl: `s3://fast/${org}/${filename}`,
        headers: {
          "content-md5": "abc",
          // What arrived besides, so that a test can see what did not.
          "seen-headers": [...context.requestHeader.keys()].filter((name) => name.startsWith("x-")).join(),
        },
      };
    },
    signDownload: ({ uri }) => ({ signedUrl: uri.replace("s3:", "https:"), expiresAtUnix: 1_800_000_000n }),
    putInputs({ org, project, domain, folder, content }) {
      put.push(content.byteLength);
      return { uri: `s3://metadata/${org}/${project}/${domain}/${folder}` };
    },
    getObject({ uri }) {
      if (uri.includes("missing")) throw new ConnectError("no such object", Code.NotFound);
      return { content: toBinary(InputsSchema, create(InputsSchema, { literals: [{ name: "x" }] })) };
    },
  });
  router.service(LogService, {
    async *tailLogs({ run, since }, context) {
      if (run === "unknown") throw new ConnectError("the pod does not exist yet", Code.NotFound);
      if (run === "flood") {
        // Each with a second of its own: on a machine so busy that a ping is late, the log goes on over a new tunnel.
        for (let line = 0; line < 400 && !context.signal.aborted; line++) {
          const timestamp = second(firstSecond + BigInt(line));
          if (timestamp.seconds < (since?.seconds ?? 0n)) continue;
          floodSent = line + 1;
          yield { lines: [{ message: bigLogLine, originator: Originator.USER, timestamp }] };
        }
        return;
      }
      if (run === "counting") {
        yield* counting(since?.seconds ?? 0n, context.signal);
        return;
      }
      yield { lines: [{ message: "first", originator: Originator.USER }] };
      for (let quiet = 0; quiet < 10 && !context.signal.aborted; quiet++) {
        await sleep(100);
        yield {};
      }
      yield { lines: [{ message: "last", originator: Originator.SYSTEM }] };
    },
    async *tailAppLogs({ app }) {
      yield { replicas: [{ replica: `${app}-1`, lines: [{ message: "served", originator: Originator.USER }] }] };
    },
  });
}

/** When the logs of these runs begin. */
const firstSecond = 1_800_000_000n;
const second = (seconds: bigint) => ({ $typeName: "google.protobuf.Timestamp" as const, seconds, nanos: 0 });

/** As many a second as a busy task writes, from a fixed time on; each line as often as a plane resumes by whole seconds. */
async function* counting(since: bigint, signal: AbortSignal) {
  const perSecond = 50;
  const began = Date.now();
  for (let line = 0; line < countingLines && !signal.aborted; line++) {
    // Two lines share each nanosecond.
    const nanos = Math.floor((line % perSecond) / 2) * 1_000;
    const timestamp = { ...second(firstSecond + BigInt(Math.floor(line / perSecond))), nanos };
    if (timestamp.seconds < since) continue;
    await sleep(Math.max(0, began + line * 5 - Date.now()));
    yield { lines: [{ message: `line ${line}`, originator: Originator.USER, timestamp }] };
  }
}

/** Of the run "counting". */
export const countingLines = 600;

let floodSent = 0;
/** How many lines the log provider could get rid of so far in the run "flood". */
export const floodLinesSent = () => floodSent;
