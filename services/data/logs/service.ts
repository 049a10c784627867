/** Logs of one attempt, live or persisted, and of an app's replicas, live, to whom the plane itself allows it; nothing is filtered, kept or written. */
import type { ServiceImpl } from "@connectrpc/connect";
import { type LogService, Originator } from "../../../gen/biplane/logs/v1/logs_pb.js";
import { callerOf } from "../../shared/auth/caller.ts";
import { keepAliveMs } from "../../shared/limits.ts";
import type { Logger } from "../../shared/log.ts";
import { pause } from "../../shared/pause.ts";
import { ResumePoint, timestampText } from "../../shared/resume-point.ts";
import { openAppLog, type Said } from "./app-log.ts";
import { type AppPods, appPlaceFor, isReplicaOf } from "./app-pods.ts";
import { placeFor, type Served } from "./attempt-pod.ts";
import { openLog } from "./choice.ts";
import { withKeepAlive } from "./keep-alive.ts";
import { type Line, timestampParts } from "./log-lines.ts";
import type { LogStore } from "./log-store.ts";
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

    /** What replicas have said that are gone is not told: the log store is asked by a pod's name. */
    async *tailAppLogs(request, context) {
      const place = appPlaceFor(callerOf(context), request, served);
      const { replica, since } = request;
      const list = async () => (await apps.list(place)).filter((pod) => isReplicaOf(pod, request, served.org));
      const { signal } = context;
      const from = since && timestampText(since);
      const said = await openAppLog({ list, replica }, { logs, from, signal, log, pause });
      const onLateError = (error: unknown) => log.warn("a log stream did not end cleanly", { ...place, error });
      yield* withKeepAlive(appMessages(said), { everyMs: keepAliveMs, filler: () => ({ replicas: [] }), onLateError });
    },
  };
}

async function* messages(lines: AsyncIterable<Line[]>) {
  for await (const batch of lines) yield { lines: batch.map(lineOf) };
}

async function* appMessages(said: AsyncIterable<Said>) {
  for await (const { replica, lines } of said) yield { replicas: [{ replica, lines: lines.map(lineOf) }] };
}

function lineOf({ timestamp, message }: Line) {
  return {
    timestamp: { $typeName: "google.protobuf.Timestamp" as const, ...timestampParts(timestamp) },
    message,
    originator: Originator.USER,
  };
}
