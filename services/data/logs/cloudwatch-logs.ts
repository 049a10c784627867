/** The log store in CloudWatch Logs: one log group of the plane's own. */
import {
  type CloudWatchLogsClient,
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import { unavailable } from "../../shared/errors.ts";
import { type LogStore, parseStream, type StoredStream, streamPrefix } from "./log-store.ts";

export interface CloudWatchOptions {
  client: Pick<CloudWatchLogsClient, "send">;
  logGroupName: string;
  /** Events of one page. The cloud itself ends a page at 1 MB. @default 2000 */
  pageEvents?: number;
}

export function cloudWatchLogs({ client, logGroupName, pageEvents = 2_000 }: CloudWatchOptions): LogStore {
  return {
    async streams(place, signal) {
      const found: StoredStream[] = [];
      const request = { logGroupName, logStreamNamePrefix: streamPrefix(place) };
      for (let nextToken: string | undefined, more = true; more; more = nextToken !== undefined) {
        const command = new DescribeLogStreamsCommand({ ...request, nextToken });
        const answer = await reached(() => client.send(command, { abortSignal: signal }));
        for (const { logStreamName = "", creationTime = 0 } of answer?.logStreams ?? []) {
          const stream = parseStream(logStreamName, creationTime);
          if (stream) found.push(stream);
        }
        nextToken = answer?.nextToken;
      }
      return found.sort((a, b) => a.createdAt - b.createdAt || a.restart - b.restart);
    },

    async *pages(logStreamName, startTime, signal) {
      const request = { logGroupName, logStreamName, startTime, startFromHead: true, limit: pageEvents };
      for (let nextToken: string | undefined; !signal.aborted; ) {
        const command = new GetLogEventsCommand({ ...request, nextToken });
        const answer = await reached(() => client.send(command, { abortSignal: signal }));
        const events = (answer?.events ?? []).map(({ timestamp = 0, ingestionTime = 0, message = "" }) => {
          return { at: timestamp, taken: ingestionTime, text: message };
        });
        // A page may be empty and not the last: only the same token again is the end.
        const caughtUp = answer?.nextForwardToken === undefined || answer.nextForwardToken === nextToken;
        nextToken = answer?.nextForwardToken ?? nextToken;
        yield { events, caughtUp };
      }
    },
  };
}

/** @returns undefined for what is not there: a stream or a group whose time of retention is over, or that never was */
async function reached<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    if (error instanceof Error && error.name === "AbortError") throw error;
    throw unavailable("the log store cannot be read", error);
  }
}
