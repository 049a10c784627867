/** What an app's replicas say, on its way through: as logs.ts, of several pods at once. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type CallOptions, type Client, Code, ConnectError } from "@connectrpc/connect";
import {
  type LogService,
  type ReplicaLines,
  type ReplicaToldSchema,
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
  const told = new ToldReplicas();
  const open = (call: CallOptions) =>
    logs.tailAppLogs(create(TailAppLogsRequestSchema, { ...wanted, told: told.reopened() }), call);
  for await (const answer of takenUpAgain(open, options)) {
    const replicas = answer?.replicas ?? [];
    const fresh = replicas
      .map(({ replica, lines }) => ({ replica, lines: told.newOf(replica, lines) }))
      .filter(({ lines }) => lines.length > 0);
    if (fresh.length > 0 || replicas.length === 0) yield responseOf(fresh, wanted);
  }
}

type LogLine = ReplicaLines["lines"][number];

/** Where each replica was left. Of one that is gone it is forgotten once another connection does not name it. */
class ToldReplicas {
  readonly #left = new Map<string, ResumePoint>();
  /** Of this connection; none before its first message. */
  #named = new Set<string>();

  /** @returns what the next connection is asked for. */
  reopened(): MessageInitShape<typeof ReplicaToldSchema>[] {
    if (this.#named.size > 0) {
      for (const name of this.#left.keys()) if (!this.#named.has(name)) this.#left.delete(name);
    }
    this.#named = new Set();
    return [...this.#left].flatMap(([replica, resume]) => {
      resume.reopened();
      return resume.since === undefined ? [] : [{ replica, since: timestampFromMs(Date.parse(resume.since)) }];
    });
  }

  newOf(replica: string, lines: LogLine[]): LogLine[] {
    const resume = this.#left.get(replica) ?? new ResumePoint();
    this.#left.set(replica, resume);
    if (lines.length === 0) this.#named.add(replica);
    return lines.filter(({ timestamp }) => !timestamp || resume.isNew(timestampText(timestamp)));
  }
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
