import type { V1Pod } from "@kubernetes/client-node";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ResumePoint } from "../../shared/resume-point.ts";
import { codeOf } from "../../shared/testing/code-of.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { openLog } from "./choice.ts";
import { withoutRefusal } from "./kubernetes-logs.ts";
import type { LogStore } from "./log-store.ts";
import { LogGone, type PodLogs } from "./tail.ts";
import { memoryStore } from "./testing/memory-store.ts";

const attempt = { org: "acme", project: "demo", domain: "development", run: "r1", action: "a0", attempt: 1 };
const place = { namespace: "demo-development", pod: "r1-a0-0" };
const fileOf = (container: string) => `demo-development_r1-a0-0_u/${container}/0.log`;
const time = (milliseconds: number) => new Date(Date.parse("2026-11-22T17:00:00Z") + milliseconds).toISOString();
/** As the kubelet tells it, and as the container's runtime wrote it. */
const fixed = (milliseconds: number) => time(milliseconds).replace(/(\.\d{3})Z/, "$1000000Z");
const written = (milliseconds: number, text: string) => `${time(milliseconds)} stdout F ${text}`;

function podIn(state: object): V1Pod {
  const labels = {
    ...{ "biplane.dev/org": "acme", "flyte.org/project": "demo", "flyte.org/domain": "development" },
    ...{ "flyte.org/run": "r1", "flyte.org/action": "a0" },
  };
  const status = { name: "main", state, image: "", imageID: "", ready: false, restartCount: 0 };
  return {
    metadata: { labels, annotations: { "biplane.dev/primary-container": "main" } },
    spec: { containers: [{ name: "main" }, { name: "side" }] },
    status: { phase: "Running", containerStatuses: [status] },
  };
}
const running = podIn({ running: {} });
const ended = podIn({ terminated: { exitCode: 0 } });

/** A cluster that shows its pod in these states, one a look, then no more; and what it does when asked for the log. */
function cluster(states: (V1Pod | undefined)[], follow: PodLogs["follow"] = async function* () {}): PodLogs {
  let looks = 0;
  return { readPod: async () => states[looks++], follow, before: follow };
}

async function told(live: PodLogs, store: LogStore | undefined, container = "", resume = new ResumePoint()) {
  let now = Date.parse(time(0));
  const pause = async (ms: number) => {
    now += ms;
  };
  const options = { resume, signal: new AbortController().signal, log: recordingLog().log, pause, now: () => now };
  const all: string[] = [];
  for await (const lines of await openLog({ org: "acme", attempt, place, container }, { live, store }, options))
    all.push(...lines.map(({ message }) => message));
  return all;
}

describe("an attempt's log", () => {
  it("is read live while Kubernetes has it, and the store is not even asked", async () => {
    const store = memoryStore();
    store.ship(fileOf("main"), [written(0, "stored")]);
    const live = cluster([ended, ended], async function* () {
      yield Buffer.from(`${fixed(0)} live\n`);
    });
    expect(await told(live, store)).toEqual(["live"]);
    expect(store.asked).toEqual({ pages: 0, streams: 0 });
  });

  it("is read in the store once the pod is gone, from the time and of the container that are asked for", async () => {
    const store = memoryStore();
    store.ship(fileOf("main"), [written(0, "a"), written(1_200, "b"), written(2_000, "c")]);
    store.ship(fileOf("side"), [written(0, "of the side")]);
    expect(await told(cluster([]), store)).toEqual(["a", "b", "c"]);
    expect(await told(cluster([]), store, "main", new ResumePoint(time(1_900)))).toEqual(["b", "c"]);
    expect(await told(cluster([]), store, "side")).toEqual(["of the side"]);
  });

  it("is told once and whole wherever the pod is deleted meanwhile, and however often the shipper sent it", async () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(gaps, fc.nat(1_500), fc.nat(30), fc.boolean(), async (waits, cut, twice, broken) => {
        let at = 0;
        const lines = waits.map((wait, number) => {
          at += wait;
          return [at, `line ${number}`] as const;
        });
        const store = memoryStore();
        store.ship(
          fileOf("main"),
          lines.map(([ms, text]) => written(ms, text)),
        );
        store.ship(
          fileOf("main"),
          lines.slice(0, twice).map(([ms, text]) => written(ms, text)),
        );
        const live = cluster([running], async function* () {
          yield Buffer.from(lines.map(([ms, text]) => `${fixed(ms)} ${text}\n`).join("")).subarray(0, cut);
          if (broken) throw new Error("connection lost");
        });
        expect(await told(live, store)).toEqual(lines.map(([, text]) => text));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["has no file any more", new LogGone("the API server answered 400")],
    ["is on a node that is lost", new Error("the API server answered 500")],
  ])("is read in the store where a container that ended %s", async (_, error) => {
    const store = memoryStore();
    store.ship(fileOf("main"), [written(0, "stored")]);
    const states = Array.from({ length: 20 }, () => ended);
    const live = cluster(states, async function* () {
      yield Buffer.alloc(0);
      throw error;
    });
    expect(await told(live, store)).toEqual(["stored"]);
  });

  it("is still asked of Kubernetes where a container that runs is out of reach", async () => {
    let asked = 0;
    const live = cluster([...Array.from({ length: 12 }, () => running), ended], async function* () {
      if (asked++ < 10) throw new LogGone("the node restarts");
      yield Buffer.from(`${fixed(0)} live\n`);
    });
    expect(await told(live, memoryStore())).toEqual(["live"]);
  });

  it("ends with its pod where there is no store, and is not found without either", async () => {
    const live = cluster([running], async function* () {
      yield Buffer.from(`${fixed(0)} live\n`);
    });
    expect(await told(live, undefined)).toEqual(["live"]);
    expect(await codeOf(told(cluster([]), undefined))).toBe("NotFound");
    expect(await codeOf(told(cluster([]), memoryStore()))).toBe("NotFound");
  });

  it("is no other run's whose pod has the name, even if the store has a log under it", async () => {
    const store = memoryStore();
    store.ship(fileOf("main"), [written(0, "stored")]);
    const other = { ...ended, metadata: { labels: { "biplane.dev/org": "acme" } } };
    expect(await codeOf(told(cluster([other]), store))).toBe("NotFound");
  });

  it("of a pod that is gone is that of its one container, the task's by its usual name, or must be named", async () => {
    const one = memoryStore();
    one.ship(fileOf("worker"), [written(0, "of the worker")]);
    expect(await told(cluster([]), one)).toEqual(["of the worker"]);
    one.ship(fileOf("side"), [written(0, "of the side")]);
    expect(await codeOf(told(cluster([]), one))).toBe("InvalidArgument");
    expect(await codeOf(told(cluster([]), one, "other"))).toBe("NotFound");
    one.ship(fileOf("primary"), [written(0, "of the task")]);
    expect(await told(cluster([]), one)).toEqual(["of the task"]);
  });
});

describe("the kubelet's word that it cannot read a log", () => {
  const read = async (...chunks: string[]) => {
    const all: string[] = [];
    const source = (async function* () {
      for (const chunk of chunks) yield Buffer.from(chunk);
    })();
    for await (const chunk of withoutRefusal(source)) all.push(Buffer.from(chunk).toString());
    return all.join("");
  };

  it("is no line of it", async () => {
    await expect(read("unable to retrieve container logs for containerd://4f6d")).rejects.toThrow(LogGone);
  });

  it("is not mistaken for what the container said", async () => {
    const said = `${fixed(0)} unable to retrieve container logs\n`;
    expect(await read("", said.slice(0, 1), said.slice(1), "unable\n")).toBe(`${said}unable\n`);
  });
});
