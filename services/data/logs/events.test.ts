import type { V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { recordingLog } from "../../shared/testing/log.ts";
import { followEvents, type PodEvent, type PodEvents } from "./events.ts";
import { fromCore } from "./kubernetes-events.ts";

const place = { namespace: "ns", pod: "p" };
const running: V1Pod = { status: { phase: "Running" } };
const ended: V1Pod = { status: { phase: "Failed" } };

function event(id: string, second: number, more: Partial<PodEvent> = {}): PodEvent {
  const occurredAt = `2026-11-22T17:00:0${second}Z`;
  const version = `${id}-${second}`;
  return { id, version, occurredAt, warning: false, reason: id, message: "", component: "kubelet", count: 1, ...more };
}

/** Kubernetes that answers each watch by the next script, and says of the pod what comes next, at last that it ended. */
function cluster({ lists = [], watches, pods = [] }: { lists?: PodEvent[][]; watches: Watch[]; pods?: V1Pod[] }) {
  const asked: { version: string; seconds: number }[] = [];
  const events: PodEvents = {
    readPod: async () => (pods.length > 0 ? pods.shift() : ended),
    list: async () => ({ events: lists.shift() ?? [], version: "listed" }),
    async *watch(_place, version, seconds) {
      asked.push({ version, seconds });
      for (const next of watches.shift() ?? []) {
        if (next === "lost") throw new Error("connection lost");
        yield next;
      }
    },
  };
  return { events, asked };
}
type Watch = (PodEvent | "lost")[];

async function told(events: PodEvents, kept: PodEvent[] = []): Promise<string[][]> {
  const signal = new AbortController().signal;
  const options = { events, place, signal, log: recordingLog().log, pause: async () => undefined };
  const all: string[][] = [];
  for await (const batch of followEvents({ events: kept, version: "1" }, options))
    all.push(batch.map(({ id, count }) => `${id} ${count}`));
  return all;
}

describe("events of a pod", () => {
  it("are told from the oldest, then as they come, until a moment after the pod's end", async () => {
    const { events, asked } = cluster({
      watches: [[event("Pulled", 3)], [event("Killing", 4)]],
      pods: [running],
    });
    const kept = [event("Started", 2), event("Scheduled", 1)];
    expect(await told(events, kept)).toEqual([["Scheduled 1", "Started 1"], ["Pulled 1"], ["Killing 1"]]);
    expect(asked).toEqual([
      { version: "1", seconds: 5 },
      { version: "Pulled-3", seconds: 2 },
    ]);
  });

  it("are told again when they were counted again", async () => {
    const { events } = cluster({ watches: [[event("BackOff", 2, { count: 2 })]] });
    expect(await told(events, [event("BackOff", 1)])).toEqual([["BackOff 1"], ["BackOff 2"]]);
  });

  it("are told once each over lost connections, those of the gap too", async () => {
    const { events, asked } = cluster({
      lists: [[event("a", 1), event("b", 2), event("gap", 3)]],
      watches: [
        [event("b", 2), "lost"],
        [event("gap", 3), event("c", 4)],
      ],
      pods: [running],
    });
    expect(await told(events, [event("a", 1)])).toEqual([["a 1"], ["b 1"], ["gap 1"], ["c 1"]]);
    expect(asked.map(({ version }) => version)).toEqual(["1", "listed"]);
  });

  it("of a pod that has gone are what is left of them", async () => {
    const { events } = cluster({ watches: [[]] });
    events.readPod = async () => undefined;
    expect(await told(events, [event("Failed", 1)])).toEqual([["Failed 1"]]);
  });
});

const metadata = { uid: "u", resourceVersion: "7", creationTimestamp: "2026-11-22T17:00:00Z" };

describe("an event of the API", () => {
  it("of the core API has its own count, time and source", () => {
    const said = { type: "Warning", reason: "BackOff", message: "m", count: 3, lastTimestamp: "2026-11-22T17:00:09Z" };
    const source = { component: "kubelet", host: "node" };
    expect(fromCore({ metadata, ...said, source, eventTime: null })).toEqual({
      id: "u",
      version: "7",
      occurredAt: "2026-11-22T17:00:09Z",
      warning: true,
      reason: "BackOff",
      message: "m",
      component: "kubelet",
      count: 3,
    });
  });

  it.each([
    [{ eventTime: "2026-11-22T17:00:01.123456Z" }, { occurredAt: "2026-11-22T17:00:01.123456Z", count: 1 }],
    [
      { eventTime: "2026-11-22T17:00:01.1Z", series: { count: 5, lastObservedTime: "2026-11-22T17:00:08.2Z" } },
      { occurredAt: "2026-11-22T17:00:08.2Z", count: 5 },
    ],
    [{}, { occurredAt: metadata.creationTimestamp, count: 1 }],
  ])("of the newer API is read where that keeps things: %j", (said, expected) => {
    const given = { metadata, lastTimestamp: null, source: {}, reportingComponent: "default-scheduler", ...said };
    expect(fromCore(given)).toMatchObject({ component: "default-scheduler", warning: false, ...expected });
  });
});
