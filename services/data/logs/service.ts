/** Logs of one attempt, live or persisted, and of an app's replicas, to whom the plane itself allows it; nothing is filtered, kept or written. */
import type { ServiceImpl } from "@connectrpc/connect";
import { type LogService, Originator } from "../../../gen/biplane/logs/v1/logs_pb.js";
import { callerOf } from "../../shared/auth/caller.ts";
import { keepAliveMs } from "../../shared/limits.ts";
import type { Logger } from "../../shared/log.ts";
import { pause } from "../../shared/pause.ts";
import { ResumePoint, timestampText } from "../../shared/resume-point.ts";
import { openAppLog } from "./app-log.ts";
import { type AppPods, appPlaceFor, checkReplica, isReplicaOf } from "./app-pods.ts";
import { placeFor, type Served } from "./attempt-pod.ts";
import { openLog } from "./choice.ts";
import { withKeepAlive } from "./keep-alive.ts";
import { type Line, timestampParts } from "./log-lines.ts";
import type { LogStore } from "./log-store.ts";
import type { Told } from "./merged.ts";
import type { PodLogs } from "./tail.ts";

export interface LogServiceDeps extends Served {
  logs: PodLogs;
  apps: AppPods;
  /** @default none: logs are told as long as Kubernetes has them */
  store?: LogStore;
  log: Logger;
}

export function logService({ logs, apps, store, log, ...served }: LogServiceDeps): ServiceImpl<typeof LogService> {
  return {
    async *tailLogs(request, context) {
      const place = placeFor(callerOf(context), request, served);
      const { container, since } = request;
      const wanted = { org: served.org, attempt: request, place, container };
      const resume = new ResumePoint(since && timestampText(since));
      const { signal } = context;
      const lines = await openLog(wanted, { live: logs, store }, { resume, signal, log, pause });
      const onLateError = (error: unknown) => log.warn("a log stream did not end cleanly", { ...place, error });
      yield* withKeepAlive(messages(lines), { everyMs: keepAliveMs, filler: () => ({ lines: [] }), onLateError });
    },

    async *tailAppLogs(request, context) {
      const place = appPlaceFor(callerOf(context), request, served);
      const { replica } = request;
      const told = new Map(request.told.map(({ replica: name, since }) => [name, since && timestampText(since)]));
      for (const name of [replica, ...told.keys()]) if (name !== "") checkReplica(name, request);
      const list = async () => (await apps.list(place)).filter((pod) => isReplicaOf(pod, request, served.org));
      const { signal } = context;
      const wanted = { namespace: place.namespace, list, replica, told };
      const said = await openAppLog(wanted, { live: logs, store }, { signal, log, pause });
      const onLateError = (error: unknown) => log.warn("a log stream did not end cleanly", { ...place, error });
      yield* withKeepAlive(appMessages(said), { everyMs: keepAliveMs, filler: () => ({ replicas: [] }), onLateError });
    },
  };
}

async function* messages(lines: AsyncIterable<Line[]>) {
  for await (const batch of lines) yield { lines: batch.map(lineOf) };
}

async function* appMessages(said: AsyncIterable<Told[]>) {
  for await (const all of said) {
    yield { replicas: all.map(({ source: replica, lines }) => ({ replica, lines: lines.map(lineOf) })) };
  }
}

function lineOf({ timestamp, message }: Line) {
  return {
    timestamp: { $typeName: "google.protobuf.Timestamp" as const, ...timestampParts(timestamp) },
    message,
    originator: Originator.USER,
  };
}
