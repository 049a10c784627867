/** Log lines on their way through: translated one message at a time, nothing held back. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CallOptions, Client } from "@connectrpc/connect";
import { type LogService, Originator, type TailLogsRequestSchema } from "../../../gen/biplane/logs/v1/logs_pb.js";
import type { TailLogsResponseSchema } from "../../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { LogLineOriginator } from "../../../gen/flyteidl2/logs/dataplane/payload_pb.js";

const originators: Record<Originator, LogLineOriginator> = {
  [Originator.UNSPECIFIED]: LogLineOriginator.UNKNOWN,
  [Originator.USER]: LogLineOriginator.USER,
  [Originator.SYSTEM]: LogLineOriginator.SYSTEM,
};

/** An empty message stays an empty message: it keeps the client from giving up on a quiet task after 30 s. */
export async function* tailLogs(
  logs: Client<typeof LogService>,
  request: MessageInitShape<typeof TailLogsRequestSchema>,
  call: CallOptions,
): AsyncGenerator<MessageInitShape<typeof TailLogsResponseSchema>> {
  for await (const { lines } of logs.tailLogs(request, call)) {
    if (lines.length === 0) {
      yield {};
      continue;
    }
    const translated = lines.map(({ timestamp, message, originator }) => ({
      ...(timestamp ? { timestamp } : {}),
      message,
      originator: originators[originator],
    }));
    yield { logs: [{ lines: translated }] };
  }
}
