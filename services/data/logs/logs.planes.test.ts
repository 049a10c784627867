/** Against the customer's real node: its kubelet's log files, read through its API server. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiException, CoreV1Api, KubeConfig, type V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { paths } from "../../../sandbox/paths.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { kubernetesLogs } from "./kubernetes-logs.ts";
import { type PodLogs, tail } from "./tail.ts";

const namespace = "logs-test";
const kube = new KubeConfig();
kube.loadFromFile(join(paths().credentials, "kubeconfig-customer"));
const core = kube.makeApiClient(CoreV1Api);
const real = kubernetesLogs(kube);

beforeAll(async () => {
  await core.createNamespace({ body: { metadata: { name: namespace } } }).catch((error: unknown) => {
    if (!(error instanceof ApiException && error.code === 409)) throw error;
  });
  const notYet = (error: unknown) => {
    if (!(error instanceof ApiException && error.code === 404)) throw error;
  };
  while (!(await core.readNamespacedServiceAccount({ namespace, name: "default" }).catch(notYet))) await sleep(100);
});

afterAll(async () => {
  await core.deleteNamespace({ name: namespace });
  while (await exists()) await sleep(200);
});

/** Whether the namespace is still there; any answer but "not found" is an error. */
async function exists(): Promise<boolean> {
  try {
    await core.readNamespace({ name: namespace });
    return true;
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return false;
    throw error;
  }
}

async function start(name: string, script: string, restartPolicy = "Never"): Promise<V1Pod> {
  const limits = { cpu: "500m", memory: "32Mi" };
  const main = { name: "main", image: "localhost/pause:1", command: ["/bin/busybox", "sh", "-c", script] };
  const spec = { restartPolicy, containers: [{ ...main, resources: { limits } }] };
  return core.createNamespacedPod({ namespace, body: { metadata: { name }, spec } });
}

/** @param most after so many lines its reader leaves */
async function read(logs: PodLogs, pod: V1Pod, most = Number.POSITIVE_INFINITY): Promise<string[]> {
  const abort = new AbortController();
  const place = { namespace, pod: pod.metadata?.name ?? "" };
  const pause = async (ms: number) => void (await sleep(ms));
  const options = { logs, place, containerOf: () => "main", signal: abort.signal, pause };
  const all: string[] = [];
  for await (const lines of tail(pod, { ...options, log: recordingLog().log })) {
    all.push(...lines.map(({ message }) => message));
    if (all.length >= most) abort.abort();
  }
  return all;
}

const numbers = (count: number) => Array.from({ length: count }, (_, number) => `line ${number + 1}`);
const count = (lines: number, wait = "true") =>
  `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo line $i; [ $((i % 1000)) = 0 ] && ${wait}; done; exit 0`;

describe("a real container's log", () => {
  it("is told whole from before its start to its end: 50,000 lines", async () => {
    const pod = await start("many", count(50_000));
    expect(await read(real, pod)).toEqual(numbers(50_000));
  });

  it("is told without a gap and without a double over connections that are lost", async () => {
    const pod = await start("cut", count(8_000, "sleep 0.3"));
    // Connections are not counted: the kubelet may end one by itself, and that is one more to survive.
    let cuts = 0;
    const cut: PodLogs = {
      ...real,
      async *follow(...place) {
        let left = cuts < 5 ? 15_000 * (cuts + 1) : Number.POSITIVE_INFINITY;
        for await (const chunk of real.follow(...place)) {
          yield chunk.subarray(0, left);
          left -= chunk.length;
          if (left > 0) continue;
          cuts++;
          throw new Error("cut by the test");
        }
      },
    };
    expect(await read(cut, pod)).toEqual(numbers(8_000));
    expect(cuts).toBe(5);
  });

  it("is told of a container that crashes again and again, each attempt once, and while it waits", async () => {
    const pod = await start("crashing", "echo begins; sleep 1; echo ends; exit 1", "Always");
    const twice = ["begins", "ends", "begins", "ends"];
    expect(await read(real, pod, 4)).toEqual(twice);
    // By now it waits, ten seconds the first time, and longer each time.
    const waiting = async () => {
      const seen = await core.readNamespacedPod({ namespace, name: "crashing" });
      expect(seen.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe("CrashLoopBackOff");
      return seen;
    };
    const seen = await vi.waitFor(waiting, { timeout: 60_000, interval: 200 });
    expect(await read(real, seen, 2)).toEqual(twice.slice(2));
    expect(
      (await core.readNamespacedPod({ namespace, name: "crashing" })).status?.containerStatuses?.[0]?.state,
    ).toEqual(seen.status?.containerStatuses?.[0]?.state);
    expect(await read(real, seen, 4)).toEqual(twice);
  });

  it("stops being read when its reader leaves", async () => {
    const pod = await start("endless", "while true; do echo on; sleep 0.05; done");
    const abort = new AbortController();
    const place = { namespace, pod: "endless" };
    const pause = async (ms: number) => void (await sleep(ms));
    const lines = tail(pod, {
      logs: real,
      place,
      containerOf: () => "main",
      signal: abort.signal,
      log: recordingLog().log,
      pause,
    });
    const first = await lines.next();
    expect(first.done ? first.value : first.value[0]?.message).toBe("on");
    abort.abort();
    for (let left = 100; left > 0 && !(await lines.next()).done; left--) expect(left).toBeGreaterThan(1);
  });
});
