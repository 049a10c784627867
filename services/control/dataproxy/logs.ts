/**
 * Log lines on their way through: translated one message at a time, nothing held back. A tunnel or relay that goes takes
 * the stream with it; it is then asked for again from where it was, and the client hears of it only that it is quiet.
 * A plane also ends a stream once what it was told of the caller is too old: whether the caller still may is for the
 * newer word, by which the stream is asked for again.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type CallOptions, type Client, Code, ConnectError } from "@connectrpc/connect";
import {
  type LogLine,
  type LogService,
  Originator,
  TailLogsRequestSchema,
} from "../../../gen/biplane/logs/v1/logs_pb.js";
import type { TailLogsResponseSchema } from "../../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { LogLineOriginator } from "../../../gen/flyteidl2/logs/dataplane/payload_pb.js";
import { unavailable } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { pause } from "../../shared/pause.ts";
import { ResumePoint, timestampText } from "../../shared/resume-point.ts";

const originators: Record<Originator, LogLineOriginator> = {
  [Originator.UNSPECIFIED]: LogLineOriginator.UNKNOWN,
  [Originator.USER]: LogLineOriginator.USER,
  [Originator.SYSTEM]: LogLineOriginator.SYSTEM,
};

export interface TailOptions {
  /** Asked for each connection: a plane may have come to another place. */
  call(): Promise<CallOptions>;
  signal: AbortSignal;
  log: Logger;
  /** How long a lost plane is asked again before the client is told. @default 5 min */
  patienceMs?: number;
}

/** An empty message stays an empty message: it keeps the client from giving up on a quiet task after 30 s. */
export async function* tailLogs(
  logs: Client<typeof LogService>,
  request: Omit<MessageInitShape<typeof TailLogsRequestSchema>, "$typeName">,
  { call, signal, log, patienceMs = 5 * 60_000 }: TailOptions,
): AsyncGenerator<MessageInitShape<typeof TailLogsResponseSchema>> {
  const resume = new ResumePoint();
  let heardAt = Number.NEGATIVE_INFINITY;
  for (let failures = 0; ; failures++) {
    resume.reopened();
    let heard = false;
    try {
      const asked = create(TailLogsRequestSchema, request);
      if (resume.since !== undefined) asked.since = timestampFromMs(Date.parse(resume.since));
      for await (const { lines } of logs.tailLogs(asked, await call())) {
        [failures, heardAt, heard] = [0, Date.now(), true];
        const told = lines.filter(({ timestamp }) => !timestamp || resume.isNew(timestampText(timestamp)));
        if (told.length > 0 || lines.length === 0) yield responseOf(told);
      }
      return;
    } catch (error) {
      const { code } = ConnectError.from(error);
      // Before the first message the client is told at once, and knows what to do.
      const again = isLost(code) || (heard && code === Code.PermissionDenied);
      if (signal.aborted || !again || Date.now() - heardAt > patienceMs) throw lateError(error, heardAt);
      log.info("a log stream was lost and is taken up again", { failures, code: Code[code] });
    }
    yield {};
    await pause(Math.min(5_000, 200 * 2 ** failures) * (0.5 + Math.random() / 2), signal);
  }
}

function responseOf(lines: LogLine[]): MessageInitShape<typeof TailLogsResponseSchema> {
  if (lines.length === 0) return {};
  const translated = lines.map(({ timestamp, message, originator }) => ({
    ...(timestamp ? { timestamp } : {}),
    message,
    originator: originators[originator],
  }));
  return { logs: [{ lines: translated }] };
}

/** What a connection that ends on the way looks like: to HTTP/2 it is a reset stream, and which code depends on where. */
function isLost(code: Code): boolean {
  const lost = [Code.Unavailable, Code.Internal, Code.Canceled, Code.Aborted, Code.Unknown, Code.FailedPrecondition];
  return lost.includes(code);
}

/** A client takes "not found" for "not yet" and begins anew: after the first line it must not read it. */
function lateError(error: unknown, heardAt: number): unknown {
  if (heardAt === Number.NEGATIVE_INFINITY || ConnectError.from(error).code !== Code.NotFound) return error;
  return unavailable("the attempt's pod has gone while its log could not be read", error);
}
