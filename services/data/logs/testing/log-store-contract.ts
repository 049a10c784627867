/** What every log store keeps, asserted alike on each. */
import { beforeAll, describe, expect, it } from "vitest";
import { ResumePoint } from "../../../shared/resume-point.ts";
import { codeOf } from "../../../shared/testing/code-of.ts";
import type { PodPlace } from "../attempt-pod.ts";
import type { LogStore } from "../log-store.ts";
import { persisted } from "../persisted.ts";

export interface LogStoreContract {
  store(): LogStore;
  /** One that nobody answers for. */
  unreachable(): LogStore;
  /** Sends lines of a container, each a time in milliseconds and a text, and then some again, as a killed shipper does. */
  ship(place: PodPlace, container: string, lines: [at: number, text: string][], again?: number[]): Promise<void>;
}

export const place = { namespace: "demo-development", pod: "r1-a0-0" };
export const { signal } = new AbortController();
const start = Date.now() - 60_000;
const line = (number: number): [number, string] => [start + 2 * number, `line ${number}`];
const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `line ${from + at}`);

/** What a reader is told of a container that is over. */
export async function told(store: LogStore, of: PodPlace = place, resume = new ResumePoint()): Promise<string[]> {
  const pause = async () => expect.unreachable("the log is old enough to be whole");
  const now = () => Date.now() + 3_600_000;
  const all: string[] = [];
  for await (const lines of persisted(await store.streams(of, signal), { store, resume, signal, pause, now })) {
    all.push(...lines.map(({ message }) => message));
  }
  return all;
}

export function logStoreContract({ store, unreachable, ship }: LogStoreContract): void {
  describe("a log store", () => {
    beforeAll(async () => {
      const lines = Array.from({ length: 1_000 }, (_, number) => line(number));
      await ship(
        place,
        "main",
        lines,
        [...lines.keys()].filter((number) => number % 3 === 0),
      );
      await ship({ ...place, pod: "r1-a0-01" }, "main", [[start, "of another pod"]]);
      await ship({ ...place, namespace: "demo-production" }, "main", [[start, "of another namespace"]]);
    });

    it("has no streams of a pod whose log was never shipped", async () => {
      expect(await store().streams({ ...place, pod: "r9-a0-0" }, signal)).toEqual([]);
    });

    it("tells 1,000 lines over many pages, each once and in order, and of no other pod", async () => {
      expect((await store().streams(place, signal)).map(({ container }) => container)).toEqual(["main"]);
      expect(await told(store())).toEqual(numbered(0, 1_000));
    });

    it("tells them from the second that is asked for", async () => {
      const since = new Date(start + 1_500).toISOString();
      const seconds = (number: number) => new Date(start + 2 * number).toISOString().slice(0, 19);
      const first = numbered(0, 1_000).findIndex((_, number) => seconds(number) >= since.slice(0, 19));
      expect(await told(store(), place, new ResumePoint(since))).toEqual(numbered(first, 1_000));
    });

    it("knows a pod's containers apart", async () => {
      const pod = { ...place, pod: "r2-a0-0" };
      await ship(pod, "sidecar", [line(5)]);
      await ship(pod, "main", [line(7)]);
      const found = await store().streams(pod, signal);
      expect(found.map(({ container }) => container).sort()).toEqual(["main", "sidecar"]);
    });

    it("goes on with what comes behind its end", async () => {
      const pod = { ...place, pod: "r3-a0-0" };
      await ship(pod, "main", [line(0)]);
      const [stream = expect.unreachable("it was shipped")] = await store().streams(pod, signal);
      const texts: string[] = [];
      let sent = 1;
      for await (const { events, caughtUp } of store().pages(stream.name, undefined, signal)) {
        texts.push(...events.map(({ text }) => text.replace(/^.* F /, "")));
        if (!caughtUp) continue;
        if (sent === 3) break;
        await ship(pod, "main", [line(sent++)]);
      }
      expect(texts).toEqual(numbered(0, 3));
    });

    it("says that it cannot be reached, and stops asking when its reader leaves", async () => {
      expect(await codeOf(unreachable().streams(place, signal))).toBe("Unavailable");
      for await (const _ of store().pages("x", undefined, AbortSignal.abort()))
        expect.unreachable("nobody reads any more");
    });
  });
}
