/**
 * The data relay of the region: forwards signing requests and streams to the caller's compute plane, which authorizes
 * the caller itself. Nothing that passes is kept, and no presigned URL is logged.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createClient,
  type HandlerContext,
  type Transport,
} from "@connectrpc/connect";
import { ActionDataService } from "../../../gen/biplane/actiondata/v1/action_data_pb.js";
import { EventService } from "../../../gen/biplane/events/v1/events_pb.js";
import { LogService } from "../../../gen/biplane/logs/v1/logs_pb.js";
import { MetricsService } from "../../../gen/biplane/metrics/v1/metrics_pb.js";
import { ObjectStoreService } from "../../../gen/biplane/objectstore/v1/object_store_pb.js";
import { AppLogsService } from "../../../gen/flyteidl2/app/app_logs_service_pb.js";
import { type ActionIdentifier, ActionIdentifierSchema } from "../../../gen/flyteidl2/common/identifier_pb.js";
import { DataProxyService, type UploadInputsRequest } from "../../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { LogLineOriginator } from "../../../gen/flyteidl2/logs/dataplane/payload_pb.js";
import { InputsSchema, OutputsSchema } from "../../../gen/flyteidl2/task/common_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { callerOf, requireOwnOrg } from "../../shared/auth/caller.ts";
import { invalid } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { type ActionAddresses, required } from "./actions.ts";
import type { StreamOptions } from "./again.ts";
import { tailAppLogs, wantedLogs } from "./app-logs.ts";
import { watchClusterEvents } from "./events.ts";
import { contentHash, inputsHash } from "./inputs-hash.ts";
import { tailLogs } from "./logs.ts";
import { watchMetrics } from "./metrics.ts";
import { unlessNeverRan } from "./never-ran.ts";
import { noLimit, type Planes } from "./planes.ts";

export interface DataProxyDeps {
  /** Through the relay. */
  relay: Transport;
  planes: Planes;
  addresses: ActionAddresses;
  log: Logger;
}

/** In place of the log of what did not run. */
const cachedNotice = {
  logs: [{ lines: [{ message: "the result was in the cache: nothing ran", originator: LogLineOriginator.SYSTEM }] }],
};

/** Structured inputs on submit, as documented. */
const maxInputsBytes = 10 * 1024 * 1024;

export function dataProxyRoutes({ relay, planes, addresses, log }: DataProxyDeps) {
  const objects = createClient(ObjectStoreService, relay);
  const logs = createClient(LogService, relay);
  const events = createClient(EventService, relay);
  const metrics = createClient(MetricsService, relay);
  const seconds = (duration: { seconds: bigint } | undefined) => duration?.seconds ?? 0n;

  return (router: ConnectRouter) =>
    router
      .service(DataProxyService, {
        async createUploadLocation(request, context) {
          const caller = callerOf(context);
          requireOwnOrg(caller, request.org);
          const { project, domain, filename, filenameRoot, contentMd5, addContentMd5Metadata } = request;
          const expiresInSeconds = seconds(request.expiresIn);
          const signed = await objects.signUpload(
            {
              org: caller.org,
              project,
              domain,
              filename,
              filenameRoot,
              contentMd5,
              addContentMd5Metadata,
              expiresInSeconds,
            },
            await planes.callTo(caller, context.signal),
          );
          const { signedUrl, nativeUrl, headers } = signed;
          return { signedUrl, nativeUrl, headers, expiresAt: fromUnix(signed.expiresAtUnix) };
        },

        async uploadInputs(request, context) {
          const caller = callerOf(context);
          const { org, project, domain } = placeOf(request);
          requireOwnOrg(caller, org);
          if (request.baseDir) {
            throw invalid({
              subject: "base_dir",
              value: request.baseDir,
              allowed: "empty: inputs rest beneath the project's own prefix",
            });
          }
          const inputs = request.inputs ?? { literals: [] };
          const ignored = await addresses.ignoredInputs(caller, request.task);
          const content = request.inputs ? toBinary(InputsSchema, request.inputs) : new Uint8Array();
          if (content.byteLength > maxInputsBytes) {
            throw invalid({
              subject: "inputs",
              value: `${content.byteLength} bytes`,
              allowed: "10 MiB; pass larger data as files",
            });
          }
          const { uri } = await objects.putInputs(
            { org: caller.org, project, domain, folder: `inputs/${contentHash(content)}`, content },
            await planes.callTo(caller, context.signal),
          );
          return { offloadedInputData: { uri, inputsHash: inputsHash(inputs, ignored) } };
        },

        async getActionData(request, context) {
          const caller = callerOf(context);
          const actionId = required(request.actionId);
          const place = ownPlace(caller, actionId);
          const { inputsUri, outputsUri, objects: uris } = await addresses.dataUris(caller, actionId);
          const call = await planes.callTo(caller, context.signal);
          const read = async (uri: string | undefined) =>
            uri ? (await objects.getObject({ ...place, uri }, call)).content : undefined;
          const [inputs, outputs] = await Promise.all([read(uris.inputs), unlessMissing(read(uris.outputs))]);
          return {
            ...(inputs ? { inputs: fromBinary(InputsSchema, inputs) } : {}),
            ...(outputs ? { outputs: fromBinary(OutputsSchema, outputs) } : {}),
            inputsUri,
            outputsUri,
          };
        },

        async createDownloadLink(request, context) {
          const caller = callerOf(context);
          if (request.source.case !== "actionAttemptId") {
            throw new ConnectError("download links exist for attempts of actions only", Code.Unimplemented);
          }
          const attempt = request.source.value;
          const place = ownPlace(caller, required(attempt.actionId));
          const uri = await addresses.artifactUri(caller, attempt, request.artifactType);
          const { signedUrl, expiresAtUnix } = await objects.signDownload(
            { ...place, uri, expiresInSeconds: seconds(request.expiresIn) },
            await planes.callTo(caller, context.signal),
          );
          return { preSignedUrls: { signedUrl: [signedUrl], expiresAt: fromUnix(expiresAtUnix) } };
        },

        async *tailLogs({ actionId, attempt }, context) {
          const stream = tailLogs(logs, attemptOf(context, actionId, attempt), streamTo(context));
          yield* unlessNeverRan(stream, () => cached(context, actionId), [cachedNotice]);
        },
      })
      // Of all that is told about runs only this is not the region's own.
      .rpc(RunService.method.watchClusterEvents, async function* ({ id, attempt }, context) {
        const stream = watchClusterEvents(events, attemptOf(context, id, attempt), streamTo(context));
        yield* unlessNeverRan(stream, () => cached(context, id), []);
      })
      .service(AppLogsService, {
        async *tailLogs(request, context) {
          yield* tailAppLogs(logs, wantedLogs(callerOf(context), request), streamTo(context));
        },
      })
      .service(ActionDataService, {
        async presignActionData({ org, project, domain, run: name, action, kind, expiresIn }, context) {
          const caller = callerOf(context);
          const actionId = create(ActionIdentifierSchema, { name: action, run: { org, project, domain, name } });
          const place = ownPlace(caller, actionId);
          const uri = await addresses.dataUri(caller, actionId, kind);
          const { signedUrl, expiresAtUnix } = await objects.signDownload(
            { ...place, uri, expiresInSeconds: seconds(expiresIn) },
            await planes.callTo(caller, context.signal),
          );
          return { signedUrl, expiresAt: fromUnix(expiresAtUnix) };
        },
      })
      .service(MetricsService, {
        async *watchMetrics({ org, project, domain, run: name, action, attempt }, context) {
          const id = create(ActionIdentifierSchema, { name: action, run: { org, project, domain, name } });
          const stream = watchMetrics(metrics, attemptOf(context, id, attempt), streamTo(context));
          yield* unlessNeverRan(stream, () => cached(context, id), []);
        },

        async listMeasurements({ org, project, domain, run: name, action, attempt, ...asked }, context) {
          const id = create(ActionIdentifierSchema, { name: action, run: { org, project, domain, name } });
          const { startTime, endTime, maxMeasurements } = asked;
          const { measurements } = await metrics.listMeasurements(
            { ...attemptOf(context, id, attempt), startTime, endTime, maxMeasurements },
            await planes.callTo(callerOf(context), context.signal),
          );
          return { measurements };
        },
      });

  function attemptOf(context: HandlerContext, id: ActionIdentifier | undefined, attempt: number) {
    const { name: action, run } = required(id);
    const place = ownPlace(callerOf(context), required(id));
    return { ...place, run: run?.name ?? "", action, attempt: attempt || 1 };
  }

  function cached(context: HandlerContext, id: ActionIdentifier | undefined): Promise<boolean> {
    return addresses.fromCache(callerOf(context), required(id));
  }

  function streamTo(context: HandlerContext): StreamOptions {
    // The caller as it is at that moment: what it may do is stated for a minute only.
    const call = () => planes.callTo(callerOf(context), context.signal, noLimit);
    return { call, signal: context.signal, log };
  }

  function ownPlace(caller: ReturnType<typeof callerOf>, { run }: ActionIdentifier) {
    const { org, project, domain } = required(run);
    requireOwnOrg(caller, org);
    return { org: caller.org, project, domain };
  }
}

function placeOf({ id }: UploadInputsRequest): { org: string; project: string; domain: string } {
  if (id.case === "runId") return id.value;
  if (id.case === "projectId") return { org: id.value.organization, project: id.value.name, domain: id.value.domain };
  throw invalid({ subject: "id", allowed: "run_id or project_id" });
}

function fromUnix(secondsSinceEpoch: bigint) {
  return timestampFromMs(Number(secondsSinceEpoch) * 1000);
}

/** An action that has not ended, or has no outputs, has no object there; that is no error. */
async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.NotFound) return undefined;
    throw error;
  }
}
