import type { V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { pause } from "../../shared/pause.ts";
import { codeOf } from "../../shared/testing/code-of.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { openAppLog } from "./app-log.ts";
import type { LogStore } from "./log-store.ts";
import type { PodLogs } from "./tail.ts";
import { memoryStore } from "./testing/memory-store.ts";

const namespace = "demo-development";
const time = (seconds: number) => `2026-11-22T17:00:${String(seconds).padStart(2, "0")}.000000001Z`;

interface Replica {
  phase?: string;
  state: object;
  /** Seconds at which it has said something. */
  said: number[];
}

/** A cluster in which replicas come, end and go as a test says. */
function cluster(replicas: Record<string, Replica> = {}) {
  const all = new Map(Object.entries(replicas));
  const podOf = (name: string): V1Pod | undefined => {
    const { phase = "Running", state } = all.get(name) ?? {};
    if (!state) return undefined;
    const status = { name: "app", state, image: "", imageID: "", ready: false, restartCount: 0 };
    return {
      metadata: { name, namespace },
      spec: { containers: [{ name: "queue-proxy" }, { name: "app" }] },
      status: { phase, containerStatuses: [status] },
    };
  };
  const logs: PodLogs = {
    readPod: async ({ pod }) => podOf(pod),
    async *follow({ pod }, container, since, signal) {
      for (let told = 0; ; ) {
        const said = all.get(pod)?.said ?? [];
        for (; told < said.length; told++) {
          const at = time(said[told] ?? 0);
          if (!since || at.slice(0, 19) >= since.slice(0, 19))
            yield Buffer.from(`${at} ${pod} ${container} ${said[told]}\n`);
        }
        if (!("running" in (all.get(pod)?.state ?? {}))) return;
        await pause(5, signal);
        signal.throwIfAborted();
      }
    },
    async *before() {},
  };
  return { all, logs, list: async () => [...all.keys()].flatMap((name) => podOf(name) ?? []) };
}

type Cluster = ReturnType<typeof cluster>;

interface Asked {
  replica?: string;
  told?: Record<string, string>;
  store?: LogStore;
}

/** @param heard what happens once so many lines have come */
async function said(at: Cluster, { replica = "", told = {}, store }: Asked, heard: Record<number, () => void> = {}) {
  const over = new AbortController();
  const wanted = { namespace, list: at.list, replica, told: new Map(Object.entries(told)) };
  // Time goes faster here, and not at once: a look again is still behind what is said meanwhile.
  const quick = (ms: number, signal: AbortSignal) => pause(ms / 100, signal);
  let now = Date.now();
  const later = () => {
    now += 5_000;
    return now;
  };
  const options = { signal: over.signal, log: recordingLog().log, pause: quick, now: later };
  const lines: string[] = [];
  const named: string[] = [];
  for await (const batch of await openAppLog(wanted, { live: at.logs, ...(store ? { store } : {}) }, options)) {
    for (const one of batch) {
      if (one.lines.length === 0) named.push(one.source);
      lines.push(...one.lines.map(({ message }) => message));
    }
    heard[lines.length]?.();
    delete heard[lines.length];
  }
  over.abort();
  return { lines, named };
}

const ended = { terminated: { exitCode: 0 } };
const running = { running: {} };

describe("the log of an app", () => {
  it("is what its own container says, and nothing of a replica that was evicted and is still listed", async () => {
    const at = cluster({
      "web-old": { phase: "Failed", state: ended, said: [1] },
      "web-1": { state: ended, said: [2] },
    });
    expect(await said(at, {})).toEqual({ lines: ["web-1 app 2"], named: ["web-1"] });
  });

  it("is what an evicted replica said, too, for who names it or was told of it before", async () => {
    const at = cluster({ "web-old": { phase: "Failed", state: ended, said: [1, 3] } });
    expect((await said(at, { replica: "web-old" })).lines).toEqual(["web-old app 1", "web-old app 3"]);
    expect((await said(at, { told: { "web-old": time(2) } })).lines).toEqual(["web-old app 3"]);
    expect(await codeOf(said(at, {}))).toBe("NotFound");
    expect(await codeOf(said(at, { replica: "web-2" }))).toBe("NotFound");
  });

  it("begins of each replica where it was left", async () => {
    const at = cluster({
      "web-1": { state: ended, said: [1, 5] },
      "web-2": { state: ended, said: [2, 6] },
      "web-3": { state: ended, said: [3] },
    });
    const { lines } = await said(at, { told: { "web-1": time(5), "web-2": time(2) } });
    expect(lines).toEqual(["web-2 app 2", "web-3 app 3", "web-1 app 5", "web-2 app 6"]);
  });

  it("goes on over a new version: from the old one's last line to the new one's first, and ends with the last", async () => {
    const first: Replica = { state: running, said: [1] };
    const second: Replica = { state: running, said: [3] };
    const at = cluster({ "web-1": first });
    const { lines, named } = await said(
      at,
      {},
      {
        1: () => at.all.set("web-2", second),
        2: () => {
          first.said.push(4);
          first.state = ended;
        },
        3: () => {
          at.all.delete("web-1");
          second.said.push(5);
          second.state = ended;
        },
        4: () => at.all.delete("web-2"),
      },
    );
    expect(lines).toEqual(["web-1 app 1", "web-2 app 3", "web-1 app 4", "web-2 app 5"]);
    expect(named).toEqual(["web-1", "web-2"]);
  });

  it("is read on from the log store of a replica that went while nobody looked, to its last line", async () => {
    const store = memoryStore();
    const stream = (pod: string, container: string) => `${namespace}_${pod}_u/${container}/0.log`;
    const written = [1, 2, 4].map((second) => `2026-11-22T17:00:0${second}.000000001Z stdout F web-1 stored ${second}`);
    store.ship(stream("web-1", "app"), written);
    store.ship(stream("web-1", "queue-proxy"), ["2026-11-22T17:00:04Z stdout F of the proxy"]);
    const at = cluster({ "web-2": { state: ended, said: [3] } });
    const told = { "web-1": time(2) };
    expect(await said(at, { told, store })).toEqual({
      lines: ["web-1 stored 2", "web-2 app 3", "web-1 stored 4"],
      named: ["web-2"],
    });
    at.all.clear();
    expect((await said(at, { told, store })).lines).toEqual(["web-1 stored 2", "web-1 stored 4"]);
    expect((await said(at, { replica: "web-1", store })).lines).toHaveLength(3);
    expect(await codeOf(said(at, { replica: "web-9", store }))).toBe("NotFound");
    expect(await codeOf(said(at, { told }))).toBe("NotFound");
  });

  it("is refused where it would be of more replicas than are followed at once, and is not of one of them", async () => {
    const at = cluster();
    for (let number = 0; number < 33; number++) at.all.set(`web-${number}`, { state: ended, said: [number] });
    expect(await codeOf(said(at, {}))).toBe("ResourceExhausted");
    expect((await said(at, { replica: "web-32" })).lines).toEqual(["web-32 app 32"]);
  });

  it("fails where the cluster does, rather than to leave out who came", async () => {
    const at = cluster({ "web-1": { state: running, said: [1] } });
    const list = at.list;
    let looks = 0;
    at.list = async () => (looks++ === 0 ? list() : Promise.reject(new Error("the API server is away")));
    await expect(said(at, {})).rejects.toThrow("the API server is away");
  });
});
