import { expect, test } from "vitest";
import { podTrouble } from "./pods.ts";

const pod = (...containerStatuses: object[]) => ({
  metadata: { name: "web-1" },
  status: { containerStatuses: containerStatuses.map((status) => ({ name: "web", restartCount: 0, ...status })) },
});

test("a pod that runs, or only starts, is in no trouble", () => {
  expect(podTrouble(pod({ state: { running: {} }, ready: true }))).toBeUndefined();
  expect(podTrouble(pod({ state: { waiting: { reason: "ContainerCreating" } } }))).toBeUndefined();
});

test("an image that cannot be pulled is named with its reason", () => {
  const waiting = { reason: "ImagePullBackOff", message: 'Back-off pulling image "x"' };
  expect(podTrouble(pod({ state: { waiting } }))).toMatchObject({
    text: 'pod web-1, container web: ImagePullBackOff: Back-off pulling image "x"',
    hopeless: true,
  });
});

test("a crash is told by its exit code, and is hopeless after a few restarts only", () => {
  const crash = (restartCount: number) =>
    podTrouble(
      pod({
        restartCount,
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { exitCode: 1, reason: "Error" } },
      }),
    );
  expect(crash(1)).toMatchObject({ crashed: true, hopeless: false });
  expect(crash(4)).toMatchObject({ hopeless: true });
  expect(crash(4)?.text).toContain("exit code 1 (Error), 4 restarts");
});

test("a pod that finds no node says why", () => {
  const conditions = [{ type: "PodScheduled", status: "False", message: "Insufficient cpu" }];
  expect(podTrouble({ metadata: { name: "web-1" }, status: { conditions } })?.text).toBe(
    "pod web-1 finds no node: Insufficient cpu",
  );
});
