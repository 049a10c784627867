import type { V1PodStatus } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { type Observation, observe } from "./pod-observation.ts";

const startedAt = new Date("2026-11-22T17:00:00Z");
const scheduled = { conditions: [{ type: "PodScheduled", status: "True" }] };

function container(state: object, name = "main") {
  return { name, state, image: "i", imageID: "", ready: false, restartCount: 0 };
}

const now = startedAt.getTime() + 60_000;

function seen(status: V1PodStatus, deletionTimestamp?: Date): Observation {
  const annotations = { "biplane.dev/primary-container": "main" };
  const metadata = { name: "r1-a0-0", annotations, ...(deletionTimestamp ? { deletionTimestamp } : {}) };
  return observe({ metadata, spec: { nodeName: "node-7", containers: [] }, status }, now);
}

describe("observe", () => {
  it.each<[string, V1PodStatus, Observation]>([
    ["not yet seen by the scheduler", { phase: "Pending" }, { state: "waiting", phase: "QUEUED" }],
    [
      "no room",
      {
        phase: "Pending",
        conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/1 nodes" }],
      },
      { state: "waiting", phase: "WAITING_FOR_RESOURCES", message: "0/1 nodes" },
    ],
    [
      "being set up",
      { phase: "Pending", ...scheduled, containerStatuses: [container({ waiting: { reason: "ContainerCreating" } })] },
      { state: "waiting", phase: "INITIALIZING" },
    ],
    [
      "an image that cannot be pulled",
      {
        phase: "Pending",
        ...scheduled,
        containerStatuses: [container({ waiting: { reason: "ErrImagePull", message: "404" } })],
      },
      {
        state: "waiting",
        phase: "INITIALIZING",
        message: "404",
        blocked: { reason: "ErrImagePull", message: "404", container: "main" },
      },
    ],
    [
      "running",
      { phase: "Running", ...scheduled, containerStatuses: [container({ running: { startedAt } })] },
      { state: "running", startedAt: startedAt.getTime() },
    ],
    [
      "ended well",
      { phase: "Succeeded", containerStatuses: [container({ terminated: { exitCode: 0, reason: "Completed" } })] },
      { state: "ended", exit: { code: 0, reason: "Completed", message: "", container: "main" }, lingering: false },
    ],
    [
      "ended, before its node calls the whole pod ended",
      { phase: "Running", containerStatuses: [container({ terminated: { exitCode: 0 } })] },
      { state: "ended", exit: { code: 0, reason: "", message: "", container: "main" }, lingering: false },
    ],
    [
      "ended while a sidecar runs on",
      {
        phase: "Running",
        containerStatuses: [
          container({ running: { startedAt } }, "sidecar"),
          container({ terminated: { exitCode: 0 } }),
        ],
      },
      { state: "ended", exit: { code: 0, reason: "", message: "", container: "main" }, lingering: true },
    ],
    [
      "evicted",
      { phase: "Failed", reason: "Evicted", message: "low on memory" },
      { state: "interrupted", reason: "Evicted", message: "low on memory", deadline: false },
    ],
    [
      "stopped at a deadline, though its container has an exit code",
      {
        phase: "Failed",
        reason: "DeadlineExceeded",
        containerStatuses: [container({ terminated: { exitCode: 137 } })],
      },
      { state: "interrupted", reason: "DeadlineExceeded", message: "DeadlineExceeded", deadline: true },
    ],
    [
      "a failed init container",
      { phase: "Failed", initContainerStatuses: [container({ terminated: { exitCode: 3 } }, "prepare")] },
      { state: "ended", exit: { code: 3, reason: "", message: "", container: "prepare" }, lingering: false },
    ],
    [
      "failed without an account",
      { phase: "Failed" },
      {
        state: "interrupted",
        reason: "NoContainerStatus",
        message: "the node gave no account of the task's container",
        deadline: false,
      },
    ],
  ])("reads a pod that is %s", (_, status, expected) => expect(seen(status)).toEqual(expected));

  describe("of a pod that is taken away", () => {
    const killed = {
      phase: "Failed",
      containerStatuses: [container({ terminated: { exitCode: 143, reason: "Error" } })],
    };
    const running = { phase: "Running", ...scheduled, containerStatuses: [container({ running: { startedAt } })] };
    const ago = (ms: number) => new Date(now - ms);
    const disrupted = (reason: string) => ({
      conditions: [{ type: "DisruptionTarget", status: "True", reason, message: `by ${reason}` }],
    });

    it.each(["EvictionByEvictionAPI", "PreemptionByScheduler", "DeletionByTaintManager", "TerminationByKubelet"])(
      "does not take %s for a crash",
      (reason) =>
        expect(seen({ ...killed, ...disrupted(reason) }, ago(1_000))).toEqual({
          state: "interrupted",
          reason,
          message: `by ${reason}`,
          deadline: false,
        }),
    );

    it("does not take a deletion for a crash", () =>
      expect(seen(killed, ago(1_000))).toMatchObject({ state: "interrupted", reason: "PodDeleted" }));

    it("still believes an end that the task reached by itself", () =>
      expect(
        seen({ phase: "Succeeded", containerStatuses: [container({ terminated: { exitCode: 0 } })] }, ago(1_000)),
      ).toMatchObject({ state: "ended", exit: { code: 0 } }));

    it("takes a crash for a crash where nobody took the pod away", () =>
      expect(seen(killed)).toMatchObject({ state: "ended", exit: { code: 143 } }));

    it("reads the account of garbage collection, which has no container's", () =>
      expect(seen({ phase: "Failed", ...disrupted("DeletionByPodGC") })).toMatchObject({ reason: "DeletionByPodGC" }));

    it("waits for its node as long as that may answer, and gives the pod up after that", () => {
      expect(seen(running, ago(29_000))).toMatchObject({ state: "running" });
      expect(seen(running, ago(31_000))).toEqual({
        state: "interrupted",
        reason: "NodeLost",
        message: "the node node-7 no longer says anything of it",
        deadline: false,
      });
    });
  });

  it("reads times as text, as a watch delivers them", () => {
    const raw = JSON.parse(
      JSON.stringify({ phase: "Running", ...scheduled, containerStatuses: [container({ running: { startedAt } })] }),
    );
    expect(seen(raw)).toEqual({ state: "running", startedAt: startedAt.getTime() });
  });
});
