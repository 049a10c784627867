/** Live logs of one attempt, to whom the plane itself allows it; nothing is filtered, kept or written. */
import type { ServiceImpl } from "@connectrpc/connect";
import type { V1Pod } from "@kubernetes/client-node";
import { type LogService, Originator } from "../../../gen/biplane/logs/v1/logs_pb.js";
import { callerOf } from "../../shared/auth/caller.ts";
import { notFound } from "../../shared/errors.ts";
import { keepAliveMs } from "../../shared/limits.ts";
import type { Logger } from "../../shared/log.ts";
import { pause } from "../../shared/pause.ts";
import { timestampText } from "../../shared/resume-point.ts";
import { primaryContainer } from "../executor/pod-observation.ts";
import { isPodOf, placeFor, type Served } from "./attempt-pod.ts";
import { withKeepAlive } from "./keep-alive.ts";
import { type Line, timestampParts } from "./log-lines.ts";
import { type PodLogs, tail } from "./tail.ts";

export interface LogServiceDeps extends Served {
  logs: PodLogs;
  log: Logger;
}

export function logService({ logs, log, ...served }: LogServiceDeps): ServiceImpl<typeof LogService> {
  return {
    async *tailLogs(request, context) {
      const place = placeFor(callerOf(context), request, served);
      const pod = await logs.readPod(place);
      if (!pod || !isPodOf(pod, request, served.org)) throw notFound("the attempt's pod");
      const { container, since } = request;
      if (container !== "" && !hasContainer(pod, container)) throw notFound("the container in the attempt's pod");
      const containerOf = (seen: V1Pod) => container || (primaryContainer(seen) ?? "");
      const from = since ? { since: timestampText(since) } : {};
      const lines = tail(pod, { logs, place, containerOf, ...from, signal: context.signal, log, pause });
      const onLateError = (error: unknown) => log.warn("a log stream did not end cleanly", { ...place, error });
      yield* withKeepAlive(messages(lines), { everyMs: keepAliveMs, filler: () => ({ lines: [] }), onLateError });
    },
  };
}

function hasContainer({ spec }: V1Pod, name: string): boolean {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].some((each) => each.name === name);
}

async function* messages(lines: AsyncIterable<Line[]>) {
  for await (const batch of lines) {
    yield {
      lines: batch.map(({ timestamp, message }) => ({
        timestamp: { $typeName: "google.protobuf.Timestamp" as const, ...timestampParts(timestamp) },
        message,
        originator: Originator.USER,
      })),
    };
  }
}
