/**
 * The log store in Cloud Logging: one view of the plane's own, into which the cluster's own agent ships what containers
 * write. The agent keeps time to the nanosecond and the stream, and neither a pod's uid nor how often a container began
 * anew: what one container of a pod's name wrote is one stream here, in the order of time.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Google } from "../../../shared/google.ts";
import { unavailable } from "../../shared/errors.ts";
import type { PodPlace } from "./attempt-pod.ts";
import type { LogStore, StoredEvent, StoredStream } from "./log-store.ts";
import { type Pace, pace } from "./pace.ts";

export interface CloudLoggingOptions {
  google: Google;
  /** `projects/…/locations/…/buckets/…/views/…`. */
  view: string;
  /** Entries of one page. @default 1000 */
  pageEvents?: number;
  /** @default half of what Google lets a project ask in a minute, so that two replicas fit */
  turns?: Pace;
}

const entrySchema = z.object({
  insertId: z.string(),
  /** RFC 3339 to the nanosecond. */
  timestamp: z.string(),
  receiveTimestamp: z.string().optional(),
  logName: z.string(),
  resource: z.object({ labels: z.record(z.string(), z.string()) }),
  textPayload: z.string().optional(),
  /** Where a line was JSON, the agent has made an object of it. */
  jsonPayload: z.record(z.string(), z.unknown()).optional(),
});
type Entry = z.output<typeof entrySchema>;

const pageSchema = z.object({ entries: z.array(entrySchema).default([]), nextPageToken: z.string().optional() });

/** What comes behind lines that were told already is told too, when it is this much older at most. */
const lateMs = 10_000;
/** More containers than any pod of a task has. */
const mostContainers = 32;

export function cloudLogging(options: CloudLoggingOptions): LogStore {
  const { google, view, pageEvents = 1_000, turns = pace({ perMinute: 30, atOnce: 15, sleep }) } = options;

  async function list(filter: string[], pageSize: number, signal: AbortSignal, pageToken?: string) {
    const json = { resourceNames: [view], filter: filter.join("\n"), orderBy: "timestamp asc", pageSize, pageToken };
    await turns(signal);
    try {
      const path = "/v2/entries:list";
      const answer = await google.call({ api: "logging", method: "POST", path, json, repeatable: true, signal });
      return pageSchema.parse(await answer.json());
    } catch (error) {
      if (signal.aborted) throw error;
      throw unavailable("the log store cannot be read", error);
    }
  }

  return {
    async streams(place, signal) {
      const found: StoredStream[] = [];
      while (found.length < mostContainers) {
        const others = found.map(({ container }) => `resource.labels.container_name!=${quoted(container)}`);
        const [entry] = await firstOf([...ofPod(place), since(0), ...others], signal);
        const container = entry?.resource.labels.container_name;
        if (!entry || !container) break;
        const createdAt = Date.parse(entry.timestamp);
        found.push({ name: streamName(place, container), container, restart: 0, createdAt });
      }
      return found.sort((a, b) => a.createdAt - b.createdAt);
    },

    async *pages(stream, from = 0, signal) {
      const told = new Told();
      for (let pageToken: string | undefined, begin = from; !signal.aborted; ) {
        const { entries, nextPageToken } = await list(
          [...ofStream(stream), since(begin)],
          pageEvents,
          signal,
          pageToken,
        );
        const events = entries.filter((entry) => told.isNew(entry)).map(eventOf);
        pageToken = nextPageToken;
        // The end of a search; the next one goes a little back, for what came late.
        if (pageToken === undefined) begin = Math.max(from, told.last - lateMs);
        yield { events, caughtUp: pageToken === undefined };
      }
    },
  };

  /** A search may end in an empty page that says where to go on. */
  async function firstOf(filter: string[], signal: AbortSignal) {
    let page = await list(filter, 1, signal);
    while (page.entries.length === 0 && page.nextPageToken !== undefined) {
      page = await list(filter, 1, signal, page.nextPageToken);
    }
    return page.entries;
  }
}

/** Which entries were told, as far back as they can come again. */
class Told {
  /** Milliseconds since 1970 of the latest. */
  last = 0;
  #ids = new Map<string, number>();

  isNew({ insertId, timestamp }: Entry): boolean {
    const at = Date.parse(timestamp);
    // Unique with its time, and not alone.
    const id = `${timestamp} ${insertId}`;
    if (this.#ids.has(id)) return false;
    this.#ids.set(id, at);
    this.last = Math.max(this.last, at);
    for (const [old, time] of this.#ids) {
      if (time >= this.last - lateMs) break;
      this.#ids.delete(old);
    }
    return true;
  }
}

/** As the container's runtime wrote it, so far as the agent keeps it. */
function eventOf({ timestamp, receiveTimestamp = timestamp, logName, textPayload, jsonPayload }: Entry): StoredEvent {
  const text = textPayload?.replace(/\n$/, "") ?? JSON.stringify(jsonPayload ?? {});
  const to = logName.endsWith("/stderr") ? "stderr" : "stdout";
  return { at: Date.parse(timestamp), taken: Date.parse(receiveTimestamp), text: `${timestamp} ${to} F ${text}` };
}

function streamName({ namespace, pod }: PodPlace, container: string): string {
  return `${namespace}/${pod}/${container}`;
}

function ofStream(name: string): string[] {
  const [namespace = "", pod = "", container = ""] = name.split("/");
  return [...ofPod({ namespace, pod }), `resource.labels.container_name=${quoted(container)}`];
}

function ofPod({ namespace, pod }: PodPlace): string[] {
  return [
    'resource.type="k8s_container"',
    `resource.labels.namespace_name=${quoted(namespace)}`,
    `resource.labels.pod_name=${quoted(pod)}`,
  ];
}

function since(ms: number): string {
  return `timestamp>=${quoted(new Date(ms).toISOString())}`;
}

/** As the query language quotes: like JSON. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
