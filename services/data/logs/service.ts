/** Live logs of one attempt, to whom the plane itself allows it; nothing is filtered, kept or written. */
import type { ServiceImpl } from "@connectrpc/connect";
import type { V1Pod } from "@kubernetes/client-node";
import { type LogService, Originator, type TailLogsRequest } from "../../../gen/biplane/logs/v1/logs_pb.js";
import { callerOf, requireOwnOrg } from "../../shared/auth/caller.ts";
import { denied, invalid, notFound } from "../../shared/errors.ts";
import { keepAliveMs } from "../../shared/limits.ts";
import type { Logger } from "../../shared/log.ts";
import { pause } from "../../shared/pause.ts";
import { timestampText } from "../../shared/resume-point.ts";
import { podName } from "../executor/pod.ts";
import { primaryContainer } from "../executor/pod-observation.ts";
import { actionNameOf, namespaceOf } from "../executor/render-action.ts";
import { labels } from "../executor/task-action.ts";
import { withKeepAlive } from "./keep-alive.ts";
import { type Line, timestampParts } from "./log-lines.ts";
import { type PodLogs, type PodPlace, tail } from "./tail.ts";

export interface LogServiceDeps {
  logs: PodLogs;
  /** The one organisation that this plane belongs to. */
  org: string;
  /** Of the projects that this plane serves: it reads nowhere else. */
  namespaces: ReadonlySet<string>;
  log: Logger;
}

export function logService({ logs, org, namespaces, log }: LogServiceDeps): ServiceImpl<typeof LogService> {
  return {
    async *tailLogs(request, context) {
      const caller = callerOf(context);
      if (caller.org !== org) throw denied("this plane belongs to another organisation");
      requireOwnOrg(caller, request.org);
      const place = placeOf(request, namespaces);
      const pod = await logs.readPod(place);
      if (!pod || !isOf(pod, request, org)) throw notFound("the attempt's pod");
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

function placeOf(request: TailLogsRequest, namespaces: ReadonlySet<string>): PodPlace {
  const namespace = namespaceOf(request);
  if (!namespaces.has(namespace)) throw denied("this plane does not serve that project and domain");
  if (request.attempt < 1) throw invalid({ subject: "attempt", value: request.attempt, allowed: "a number from 1" });
  const name = podName(actionNameOf(request), request.attempt);
  if (!/^[a-z0-9]([a-z0-9-]{0,80}[a-z0-9])?$/.test(name)) throw notFound("the attempt's pod");
  return { namespace, pod: name };
}

/** A name alone does not say whose pod it is. */
function isOf(pod: V1Pod, { project, domain, run, action }: TailLogsRequest, org: string): boolean {
  const of = pod.metadata?.labels ?? {};
  const wanted = [org, project, domain, run, action];
  return [labels.org, labels.project, labels.domain, labels.run, labels.action].every(
    (key, at) => of[key] === wanted[at],
  );
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
