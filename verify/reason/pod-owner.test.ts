import type { V1OwnerReference } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { deploymentOf } from "./pod-owner.ts";

const owner = (kind: string, more: Partial<V1OwnerReference> = {}) => ({
  ...{ apiVersion: "apps/v1", kind, name: "executor", uid: `of ${kind}`, controller: true, ...more },
});
const made = (ownerReferences: V1OwnerReference[], uid = "", namespace = "union") => ({
  metadata: { name: "executor-1", namespace, uid, ownerReferences },
});
const deployment = { metadata: { name: "executor", namespace: "union", uid: "of Deployment" } };
const set = made([owner("Deployment")], "of ReplicaSet");
const pod = made([owner("ReplicaSet")]);
const tell = (one: object, replicaSets: object[] = [set], deployments: object[] = [deployment]) =>
  deploymentOf(one, { replicaSets, deployments } as Parameters<typeof deploymentOf>[1]);

describe("a pod", () => {
  it("is of the Deployment whose ReplicaSet controls it", () => {
    expect(tell(pod)).toEqual({ deployment: "executor" });
    expect(tell(made([owner("Node", { controller: false }), owner("ReplicaSet")]))).toEqual({ deployment: "executor" });
  });

  it.each<[string, object, RegExp]>([
    ["a bare one", made([]), /^of nobody$/],
    ["one that is only owned", made([owner("ReplicaSet", { controller: false })]), /^of nobody$/],
    ["a Job's", made([owner("Job")]), /^of Job executor$/],
    ["that of another API's kind", made([owner("ReplicaSet", { apiVersion: "else/v1" })]), /^of ReplicaSet executor$/],
    ["that of a set by name alone", made([owner("ReplicaSet", { uid: "else" })]), /not there$/],
    ["one of another namespace", made([owner("ReplicaSet")], "", "demo"), /not there$/],
    ["one without an uid to look for", made([owner("ReplicaSet", { uid: "" })]), /not there$/],
  ])("is none's: %s", (_, one, reason) => {
    expect(tell(one, [set, made([owner("Deployment")], "")])).toEqual({ reason: expect.stringMatching(reason) });
  });

  it.each<[string, object[], object[], RegExp]>([
    ["a set of nobody's", [made([], "of ReplicaSet")], [deployment], /which is of nobody$/],
    ["a set whose Deployment is gone", [set], [], /which is of Deployment executor, which is not there$/],
    [
      "a set of a Rollout's",
      [made([owner("Rollout")], "of ReplicaSet")],
      [deployment],
      /which is of Rollout executor$/,
    ],
  ])("is none's by %s", (_, sets, deployments, reason) => {
    expect(tell(pod, sets, deployments)).toEqual({ reason: expect.stringMatching(reason) });
  });
});
