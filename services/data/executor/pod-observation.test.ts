import type { V1PodStatus } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { type Observation, observe } from "./pod-observation.ts";

const startedAt = new Date("2026-11-22T17:00:00Z");
const scheduled = { conditions: [{ type: "PodScheduled", status: "True" }] };

function container(state: object, name = "main") {
  return { name, state, image: "i", imageID: "", ready: false, restartCount: 0 };
}

function seen(status: V1PodStatus): Observation {
  const annotations = { "biplane.dev/primary-container": "main" };
  return observe({ metadata: { name: "r1-a0-0", annotations }, status });
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

  it("reads times as text, as a watch delivers them", () => {
    const raw = JSON.parse(
      JSON.stringify({ phase: "Running", ...scheduled, containerStatuses: [container({ running: { startedAt } })] }),
    );
    expect(seen(raw)).toEqual({ state: "running", startedAt: startedAt.getTime() });
  });
});
