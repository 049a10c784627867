/**
 * Log lines on their way through: translated one message at a time, nothing held back. One that was lost on the way is
 * asked for again from where it was.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { CallOptions, Client } from "@connectrpc/connect";
import {
  type LogLine,
  type LogService,
  Originator,
  TailLogsRequestSchema,
} from "../../../gen/biplane/logs/v1/logs_pb.js";
import type { TailLogsResponseSchema } from "../../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { LogLineOriginator } from "../../../gen/flyteidl2/logs/dataplane/payload_pb.js";
import { ResumePoint, timestampText } from "../../shared/resume-point.ts";
import { type StreamOptions, takenUpAgain } from "./again.ts";

export const originators: Record<Originator, LogLineOriginator> = {
  [Originator.UNSPECIFIED]: LogLineOriginator.UNKNOWN,
  [Originator.USER]: LogLineOriginator.USER,
  [Originator.SYSTEM]: LogLineOriginator.SYSTEM,
};

/** An empty message stays an empty message: it keeps the client from giving up on a quiet task after 30 s. */
export async function* tailLogs(
  logs: Client<typeof LogService>,
  request: Omit<MessageInitShape<typeof TailLogsRequestSchema>, "$typeName">,
  options: StreamOptions,
): AsyncGenerator<MessageInitShape<typeof TailLogsResponseSchema>> {
  const resume = new ResumePoint();
  const open = (call: CallOptions) => {
    resume.reopened();
    const asked = create(TailLogsRequestSchema, request);
    if (resume.since !== undefined) asked.since = timestampFromMs(Date.parse(resume.since));
    return logs.tailLogs(asked, call);
  };
  for await (const answer of takenUpAgain(open, options)) {
    const lines = answer?.lines ?? [];
    const told = lines.filter(({ timestamp }) => !timestamp || resume.isNew(timestampText(timestamp)));
    if (told.length > 0 || lines.length === 0) yield responseOf(told);
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
