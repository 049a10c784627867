/** What an app's replicas say, on its way through: as logs.ts, of several pods at once. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type CallOptions, type Client, Code, ConnectError } from "@connectrpc/connect";
import {
  type LogService,
  type ReplicaLines,
  type TailAppLogsRequest,
  TailAppLogsRequestSchema,
} from "../../../gen/biplane/logs/v1/logs_pb.js";
import type { TailLogsRequest, TailLogsResponseSchema } from "../../../gen/flyteidl2/app/app_logs_payload_pb.js";
import { LogLineSource, LogsSource } from "../../../gen/flyteidl2/logs/dataplane/payload_pb.js";
import { type Caller, requireOwnOrg } from "../../shared/auth/caller.ts";
import { invalid } from "../../shared/errors.ts";
import { ResumePoint, timestampText } from "../../shared/resume-point.ts";
import { type StreamOptions, takenUpAgain } from "./again.ts";
import { originators } from "./logs.ts";

type Wanted = Pick<TailAppLogsRequest, "org" | "project" | "domain" | "app" | "replica">;
type Response = MessageInitShape<typeof TailLogsResponseSchema>;

/** @throws invalid_argument for no app; unimplemented for what only a log store could tell. */
export function wantedLogs(caller: Caller, { target, source }: TailLogsRequest): Wanted {
  const [app, replica] = target.case === "replicaId" ? [target.value.appId, target.value.name] : [target.value, ""];
  if (!app) throw invalid({ subject: "target", allowed: "an app, or a replica of one" });
  requireOwnOrg(caller, app.org);
  if (source === LogsSource.PERSISTED_ONLY) {
    throw new ConnectError("of an app only what its replicas say that there are is told", Code.Unimplemented);
  }
  const { project, domain, name } = app;
  return { org: caller.org, project, domain, app: name, replica };
}

/** Ends when the plane's does: the client asks again, and leaves out what it has. */
export async function* tailAppLogs(
  logs: Pick<Client<typeof LogService>, "tailAppLogs">,
  wanted: Wanted,
  options: StreamOptions,
): AsyncGenerator<Response> {
  const known = new Map<string, ResumePoint>();
  const resumeOf = (replica: string) => {
    const resume = known.get(replica) ?? new ResumePoint();
    known.set(replica, resume);
    return resume;
  };
  const open = (call: CallOptions) => {
    for (const resume of known.values()) resume.reopened();
    const asked = create(TailAppLogsRequestSchema, wanted);
    // The one that has said nothing for the longest time begins there; of the others it comes again, and is left out.
    const [since] = [...known.values()].flatMap((resume) => resume.since ?? []).sort();
    if (since !== undefined) asked.since = timestampFromMs(Date.parse(since));
    return logs.tailAppLogs(asked, call);
  };
  for await (const answer of takenUpAgain(open, options)) {
    const replicas = answer?.replicas ?? [];
    const told = replicas
      .map(({ replica, lines }) => ({ replica, lines: lines.filter((line) => isNew(resumeOf(replica), line)) }))
      .filter(({ lines }) => lines.length > 0);
    if (told.length > 0 || replicas.length === 0) yield responseOf(told, wanted);
  }
}

type LogLine = ReplicaLines["lines"][number];

function isNew(resume: ResumePoint, { timestamp }: LogLine): boolean {
  if (!timestamp) return true;
  const text = timestampText(timestamp);
  // A replica's own lines come in order of time; what is older was asked for another's sake.
  return text.slice(0, 19) >= (resume.since?.slice(0, 19) ?? "") && resume.isNew(text);
}

function responseOf(told: Pick<ReplicaLines, "replica" | "lines">[], { org, project, domain, app }: Wanted): Response {
  if (told.length === 0) return {};
  const appId = { org, project, domain, name: app };
  const logs = told.map(({ replica: name, lines }) => ({
    replicaId: { appId, name },
    source: LogLineSource.LIVE,
    lines: lines.map(({ message }) => message),
    structuredLines: lines.map(({ timestamp, message, originator }) => ({
      ...(timestamp && { timestamp }),
      ...{ message, originator: originators[originator] },
    })),
  }));
  return { resp: { case: "batches", value: { logs } } };
}
