import { expect, test } from "vitest";
import { readinessOf } from "./ready.ts";

const deployment = (status: object, spec: object = { replicas: 2 }) =>
  readinessOf({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { generation: 3 },
    spec: { ...spec },
    status: { ...status },
  });

test("a rollout is complete when the new pods, and only they, are available", () => {
  const whole = { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
  expect(deployment(whole).state).toBe("ready");
  expect(deployment({ ...whole, observedGeneration: 2 }).state).toBe("waiting");
  expect(deployment({ ...whole, updatedReplicas: 1 })).toMatchObject({ why: "1 of 2 pods are new" });
  expect(deployment({ ...whole, replicas: 3 })).toMatchObject({ why: "1 old pods still run" });
  expect(deployment({ ...whole, availableReplicas: 1 })).toMatchObject({ why: "1 of 2 pods are available" });
});

test("a deployment scaled to none is ready without pods", () => {
  expect(deployment({ observedGeneration: 3 }, { replicas: 0 }).state).toBe("ready");
});

test("pods that cannot be made are told with the API server's reason", () => {
  const conditions = [{ type: "ReplicaFailure", status: "True", message: "exceeded quota" }];
  expect(deployment({ observedGeneration: 3, conditions })).toEqual({ state: "waiting", why: "exceeded quota" });
});

test("a rollout past its own deadline has failed", () => {
  const conditions = [
    { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "too slow" },
  ];
  expect(deployment({ observedGeneration: 3, conditions })).toEqual({ state: "failed", why: "too slow" });
});

test("a stateful set is made when its pods are new and ready", () => {
  const set = (status: object) =>
    readinessOf({
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { generation: 3 },
      spec: {},
      status: { ...status },
    });
  const whole = { observedGeneration: 3, updatedReplicas: 1, readyReplicas: 1 };
  expect(set(whole).state).toBe("ready");
  expect(set({ ...whole, observedGeneration: 2 }).state).toBe("waiting");
  expect(set({ ...whole, updatedReplicas: 0 })).toMatchObject({ why: "0 of 1 pods are new" });
  expect(set({ ...whole, readyReplicas: 0 })).toMatchObject({ why: "0 of 1 pods are ready" });
});

test("a job is ready when complete and failed when it gave up", () => {
  const job = (type: string) =>
    readinessOf({
      apiVersion: "batch/v1",
      kind: "Job",
      status: { conditions: [{ type, status: "True", reason: "BackoffLimitExceeded", message: "3 failures" }] },
    });
  expect(job("Complete").state).toBe("ready");
  expect(job("Failed")).toEqual({ state: "failed", why: "BackoffLimitExceeded: 3 failures" });
});

test.each([
  ["policy/v1", "PodDisruptionBudget", { observedGeneration: 0, disruptionsAllowed: 0 }],
  ["autoscaling/v2", "HorizontalPodAutoscaler", { conditions: [{ type: "ScalingActive", status: "False" }] }],
  ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", { typeChecking: { expressionWarnings: [] } }],
  ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", undefined],
  ["scheduling.k8s.io/v1", "PriorityClass", undefined],
])("the real provider does not wait for %s %s, nor does this one", (apiVersion, kind, status) => {
  expect(readinessOf({ apiVersion, kind, metadata: { generation: 2 }, status }).state).toBe("ready");
});

test("kinds that nothing is known of are ready once stored", () => {
  expect(readinessOf({ apiVersion: "v1", kind: "ConfigMap" }).state).toBe("ready");
});
