/** The log of a container that is begun anew whenever it ends. */
import type { V1Pod } from "@kubernetes/client-node";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ResumePoint } from "../../shared/resume-point.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { LogGone, type PodLogs, tail } from "./tail.ts";

const begin = Date.parse("2026-11-22T17:00:00Z");
const time = (milliseconds: number) => new Date(begin + milliseconds).toISOString();
const place = { namespace: "ns", pod: "p" };

/** So long the API server's word lags behind the kubelet. */
const lagMs = 300;

interface Attempt {
  /** Waits before it begins, as a back-off. */
  after: number;
  /** Waits before each line, and before its end. */
  gaps: number[];
}

/**
 * A node on which a container ends after each of its attempts and is begun anew, until its pod is deleted behind the last
 * one; and a clock, which goes as its reader waits.
 * @param cuts connections that are lost, after so many lines
 */
function crashing(plan: Attempt[], cuts: number[] = []) {
  let now = 0;
  let at = 0;
  const attempts = plan.map(({ after, gaps }, number) => {
    at += after;
    const start = at;
    const lines = gaps.map((gap, index) => {
      at += gap;
      return { at, text: `${time(at)} ${number}.${index}` };
    });
    at += 10;
    return { id: `containerd://${number}`, start, lines, end: at };
  });
  const over = at;
  const begun = (moment: number) => attempts.filter(({ start }) => start <= moment);
  const ended = (moment: number) => attempts.filter(({ end }) => end <= moment);
  let connections = 0;

  async function* told(of: (typeof attempts)[number] | undefined, since: string | undefined) {
    const cut = cuts[connections++];
    const lines = of?.lines.filter(({ text }) => !since || text.slice(0, 19) >= since.slice(0, 19)) ?? [];
    for (const [index, line] of lines.entries()) {
      if (index === cut) throw new Error("connection lost");
      now = Math.max(now, line.at);
      yield Buffer.from(`${line.text}\n`);
    }
    now = Math.max(now, of?.end ?? 0);
  }

  const logs: PodLogs = {
    async readPod() {
      const seen = now - lagMs;
      if (seen > over + 1_000) return undefined;
      const [last, before] = [begun(seen).at(-1), ended(seen)];
      const state = seen >= over ? { terminated: { exitCode: 1 } } : isRunning(last, seen) ? { running: {} } : {};
      const former = before.findLast(({ id }) => id !== last?.id || !("running" in state || "terminated" in state));
      const terminated = former && { lastState: { terminated: { exitCode: 1, containerID: former.id } } };
      const status = { name: "main", state, image: "", imageID: "", ready: false, restartCount: 0, ...terminated };
      const deleted = seen >= over ? { deletionTimestamp: new Date() } : {};
      return {
        metadata: deleted,
        spec: { restartPolicy: "Always", containers: [] },
        status: { phase: "Running", containerStatuses: [{ ...status, ...(last ? { containerID: last.id } : {}) }] },
      } satisfies V1Pod;
    },
    follow: (_place, _container, since) => told(begun(now).at(-1), since),
    // The kubelet keeps of those that have ended the last one alone.
    before: (_place, _container, since) => {
      const running = begun(now).findLast(({ end }) => end > now);
      const kept = ended(now).findLast(({ id }) => id !== running?.id);
      if (!kept) throw new LogGone("previous terminated container not found");
      return told(kept, since);
    },
  };
  const isRunning = (one: (typeof attempts)[number] | undefined, moment: number) => one && one.end > moment;
  const lines = attempts.flatMap((attempt) => attempt.lines.map(({ text }) => text));
  const wait = (ms: number) => {
    now += ms;
  };
  return { logs, lines, wait, connections: () => connections };
}

type Node = ReturnType<typeof crashing>;

async function read(node: Node, options: { resume?: ResumePoint; until?: number } = {}): Promise<string[]> {
  const { resume = new ResumePoint(), until = Number.POSITIVE_INFINITY } = options;
  const over = new AbortController();
  const all: string[] = [];
  const pause = async (ms: number) => node.wait(ms);
  const first = (await node.logs.readPod(place)) as V1Pod;
  const given = { place, containerOf: () => "main", log: recordingLog().log, signal: over.signal, pause, resume };
  for await (const lines of tail(first, { ...given, logs: node.logs })) {
    all.push(...lines.map(({ timestamp, message }) => `${timestamp} ${message}`));
    if (all.length >= until) over.abort();
  }
  return all;
}

describe("the log of a container that ends again and again", () => {
  it("is told while the container waits to be begun anew, and goes on when it is", async () => {
    const node = crashing([
      { after: 0, gaps: [10, 10] },
      { after: 20_000, gaps: [10] },
    ]);
    node.wait(5_000);
    expect(await read(node)).toEqual(node.lines);
  });

  it("is not asked for again while it waits", async () => {
    const node = crashing([
      { after: 0, gaps: [10, 10] },
      { after: 300_000, gaps: [10] },
    ]);
    node.wait(5_000);
    await read(node);
    expect(node.connections()).toBe(2);
  });

  it("is told of the attempt before for whoever comes when the next one runs already", async () => {
    const node = crashing([
      { after: 0, gaps: [10] },
      { after: 1_000, gaps: [10, 60_000] },
    ]);
    node.wait(1_500);
    expect(await read(node)).toEqual(node.lines);
  });

  it("goes on without that attempt where the kubelet has its log no more", async () => {
    const node = crashing([
      { after: 0, gaps: [10] },
      { after: 1_000, gaps: [10, 60_000] },
    ]);
    node.wait(1_500);
    const before = () => {
      throw new LogGone("its file is not there any more");
    };
    expect(await read({ ...node, logs: { ...node.logs, before } })).toEqual(node.lines.slice(1));
  });

  it("is told whole, each line once and in order, wherever and however often connections are cut", async () => {
    // A kubelet waits for ten seconds and more. Of an attempt that is begun and over within the reader's wait and the API
    // server's lag, nothing is kept that anybody could read.
    const attempt = fc.record({
      after: fc.integer({ min: 3_000, max: 30_000 }),
      gaps: fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 8 }),
    });
    const attempts = fc.array(attempt, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(attempts, fc.array(fc.nat(9), { maxLength: 8 }), fc.nat(8), async (plan, cuts, left) => {
        const node = crashing(plan, cuts);
        // Its reader may leave, and come again to where it was.
        const resume = new ResumePoint();
        const first = await read(node, { resume, until: left });
        const rest = node.lines.length === first.length ? [] : await read(node, { resume });
        expect([...first, ...rest]).toEqual(node.lines);
      }),
      { numRuns: 100 },
    );
  });
});
