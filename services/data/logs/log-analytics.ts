/**
 * The log store in Azure Monitor: one table of the plane's own workspace, into which AKS's agent ships what containers
 * write. The agent keeps time to a tenth of a microsecond, the stream, and which container of a name it was.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Azure } from "../../../shared/azure.ts";
import { unavailable } from "../../shared/errors.ts";
import type { PodPlace } from "./attempt-pod.ts";
import type { LogStore, StoredEvent, StoredStream } from "./log-store.ts";
import { type Pace, pace } from "./pace.ts";

export interface LogAnalyticsOptions {
  azure: Azure;
  /** GUID that queries name it by. */
  workspace: string;
  /** Lines of one query. @default 2000 */
  pageEvents?: number;
  /** @default half of what Azure lets one identity ask, so that two replicas fit */
  turns?: Pace;
}

const table = "ContainerLogV2";
const answerSchema = z.object({
  tables: z.array(z.object({ columns: z.array(z.object({ name: z.string() })), rows: z.array(z.array(z.unknown())) })),
});
const streamSchema = z.object({ ContainerName: z.string(), ContainerId: z.string(), Began: z.string() });
const lineSchema = z.object({
  /** RFC 3339, to a tenth of a microsecond. */
  TimeGenerated: z.string(),
  Taken: z.string().nullish(),
  LogSource: z.string(),
  Text: z.string(),
});
type Line = z.output<typeof lineSchema>;

/** What comes behind lines that were told already is told too, when it is this much older at most. */
const lateMs = 10_000;
const defaultTurns = () => pace({ perMinute: 200, atOnce: 50, sleep });

export function logAnalytics(options: LogAnalyticsOptions): LogStore {
  const { azure, workspace, pageEvents = 2_000, turns = defaultTurns() } = options;

  async function rowsOf<T>(schema: z.ZodType<T>, query: string[], signal: AbortSignal): Promise<T[]> {
    await turns(signal);
    try {
      const path = `/v1/workspaces/${encodeURIComponent(workspace)}/query`;
      const json = { query: [table, ...query].join("\n| ") };
      const answer = await azure.call({ api: "logs", method: "POST", path, json, repeatable: true, signal });
      const [first] = answerSchema.parse(await answer.json()).tables;
      const names = first?.columns.map(({ name }) => name) ?? [];
      return (first?.rows ?? []).map((row) =>
        schema.parse(Object.fromEntries(row.map((cell, at) => [names[at], cell]))),
      );
    } catch (error) {
      if (signal.aborted) throw error;
      throw unavailable("the log store cannot be read", error);
    }
  }

  return {
    async streams(place, signal) {
      const found = await rowsOf(
        streamSchema,
        [
          ofPod(place),
          "summarize Began = min(TimeGenerated) by ContainerName, ContainerId",
          "order by Began asc, ContainerId asc",
        ],
        signal,
      );
      const counts = new Map<string, number>();
      return found.map(({ ContainerName: container, ContainerId: id, Began }): StoredStream => {
        const restart = counts.get(container) ?? 0;
        counts.set(container, restart + 1);
        return { name: streamName(place, container, id), container, restart, createdAt: Date.parse(Began) };
      });
    },

    async *pages(stream, from = 0, signal) {
      const told = new Told();
      const first = timeOf(from);
      for (let begin = first, most = pageEvents; !signal.aborted; ) {
        const lines = await rowsOf(
          lineSchema,
          [
            ofStream(stream),
            `where TimeGenerated >= datetime(${begin})`,
            "project TimeGenerated, Taken = ingestion_time(), LogSource, Text = tostring(LogMessage)",
            "order by TimeGenerated asc",
            `take ${most}`,
          ],
          signal,
        );
        const caughtUp = lines.length < most;
        const last = lines.at(-1)?.TimeGenerated ?? begin;
        // More lines of one moment than a page has: only a larger one goes on.
        most = !caughtUp && last === begin ? most * 2 : pageEvents;
        const events = lines.filter((line) => told.isNew(line)).map(eventOf);
        // Behind the end a query goes a little back, for what came late.
        begin = caughtUp ? timeOf(Math.max(from, told.last - lateMs)) : last;
        yield { events, caughtUp };
      }
    },
  };
}

/** Which lines were told, as far back as they can come again. */
class Told {
  /** Milliseconds since 1970 of the latest. */
  last = 0;
  #lines = new Map<string, number>();

  /** A shipper that was killed sends a line again; no two of one container have the same moment and the same text. */
  isNew({ TimeGenerated, LogSource, Text }: Line): boolean {
    const at = Date.parse(TimeGenerated);
    const line = `${TimeGenerated} ${LogSource} ${Text}`;
    if (this.#lines.has(line)) return false;
    this.#lines.set(line, at);
    this.last = Math.max(this.last, at);
    for (const [old, time] of this.#lines) {
      if (time >= this.last - lateMs) break;
      this.#lines.delete(old);
    }
    return true;
  }
}

/** As the container's runtime wrote it, so far as the agent keeps it. */
function eventOf({ TimeGenerated, Taken, LogSource, Text }: Line): StoredEvent {
  const to = LogSource === "stderr" ? "stderr" : "stdout";
  const text = `${TimeGenerated} ${to} F ${Text.replace(/\n$/, "")}`;
  return { at: Date.parse(TimeGenerated), taken: Date.parse(Taken ?? TimeGenerated), text };
}

function streamName({ namespace, pod }: PodPlace, container: string, id: string): string {
  return [namespace, pod, container, id].join("/");
}

function ofStream(name: string): string {
  const [namespace = "", pod = "", container = "", ...id] = name.split("/");
  return `${ofPod({ namespace, pod })} and ContainerName == ${quoted(container)} and ContainerId == ${quoted(id.join("/"))}`;
}

function ofPod({ namespace, pod }: PodPlace): string {
  return `where PodNamespace == ${quoted(namespace)} and PodName == ${quoted(pod)}`;
}

/** A literal of KQL's: as JSON has them, so that no name ends it. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
