import type { V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { fromPodMetrics } from "./kubernetes-metrics.ts";
import { followMetrics, type Measurement, pollMs } from "./metrics.ts";

const place = { namespace: "demo-development", pod: "r1-a0-0" };
const at = (second: number): Measurement => ({
  measuredAt: `2026-11-22T17:00:${String(second).padStart(2, "0")}Z`,
  ...{ window: 15, containers: [{ name: "main", cpu: second, memoryBytes: 1 }] },
});
const pod = (phase: string, uid = "u"): V1Pod => ({ metadata: { uid }, status: { phase } });

/** What the cluster answers, look by look; nothing is asked after the last. */
async function followed(looks: [measured: Measurement | undefined, seen: V1Pod | undefined][]) {
  const waits: number[] = [];
  let look = -1;
  const metrics = {
    measured: async () => looks[++look]?.[0],
    readPod: async () => looks[look]?.[1],
  };
  const all: string[] = [];
  const { signal } = new AbortController();
  const pause = async (ms: number) => void waits.push(ms);
  for await (const { measuredAt } of followMetrics(pod("Running"), { metrics, place, signal, pause }))
    all.push(measuredAt.slice(17, 19));
  expect(look).toBe(looks.length - 1);
  expect(waits).toEqual(looks.slice(1).map(() => pollMs));
  return all;
}

describe("what a pod uses", () => {
  it("is told once a measurement, from the first, until the pod has ended", async () => {
    const running = pod("Running");
    expect(
      await followed([
        [undefined, pod("Pending")],
        [at(1), running],
        [at(1), running],
        [at(16), running],
        [at(16), pod("Succeeded")],
      ]),
    ).toEqual(["01", "16"]);
  });

  it("ends when the pod is gone, without what another of its name would use", async () => {
    expect(await followed([[at(1), undefined]])).toEqual([]);
    expect(await followed([[at(1), pod("Running", "another")]])).toEqual([]);
  });

  it("is told of a pod that has ended as far as it was measured", async () => {
    expect(await followed([[at(3), pod("Failed")]])).toEqual(["03"]);
  });
});

describe("a measurement of the cluster's", () => {
  const usage = { cpu: "123456789n", memory: "20480Ki" };

  it("is in cores, bytes and seconds", () => {
    const told = { timestamp: "2026-11-22T17:00:09Z", window: "15.06s", containers: [{ name: "main", usage }] };
    const read = fromPodMetrics(told);
    expect(read).toMatchObject({ measuredAt: told.timestamp, window: 15.06 });
    expect(read.containers[0]?.cpu).toBeCloseTo(0.123456789);
    expect(read.containers[0]?.memoryBytes).toBe(20 * 2 ** 20);
  });

  it.each([
    ["1m0.5s", 60.5],
    ["1h0m1s", 3_601],
    ["500ms", 0.5],
  ])("over %s is over %d seconds", (window, seconds) => {
    expect(fromPodMetrics({ timestamp: "", window, containers: [] }).window).toBe(seconds);
  });

  it.each(["", "15", "15 s", "-15s"])("over %j is refused", (window) => {
    expect(() => fromPodMetrics({ timestamp: "", window, containers: [] })).toThrow(/is not a duration/);
  });
});
