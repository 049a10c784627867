import { describe, expect, it } from "vitest";
import { allowed, from, namespace, policy } from "../testing/network.ts";

describe("labels that the manifests do not tell", () => {
  const named = (key: string, value: string) => ({ matchLabels: { [key]: value } });
  const team = (more: object = {}) => from({ namespaceSelector: named("team", "t"), ...more });

  it("of a namespace that is not declared only the name is known", () => {
    expect(allowed([team()])).toBe("unknown");
    expect(allowed([namespace("a", {}), team()])).toBe(false);
    expect(allowed([team({ podSelector: named("app", "x") })])).toBe(false);
    const both = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "z", team: "t" } } };
    expect(allowed([from(both)])).toBe(false);
    expect(allowed([team(), policy("b/q", { ingress: [{ from: [{ namespaceSelector: {} }] }] })])).toBe(true);
  });

  const workload = (apiVersion: string, kind: string, metadata: object = { name: "web" }) => {
    const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c" }] } };
    const spec = kind === "CronJob" ? { jobTemplate: { spec: { template } } } : { template };
    return { apiVersion, kind, metadata: { namespace: "b", ...metadata }, spec };
  };
  const closes = (podSelector: object, ingress: object[] = []) => policy("b/p", { podSelector, ingress });
  const toWeb = { to: "b/web" };

  it.each<[string, object, object, boolean | "unknown"]>([
    ["a job's name, which its pods carry", workload("batch/v1", "Job"), named("job-name", "web"), false],
    ["its newer name", workload("batch/v1", "Job"), named("batch.kubernetes.io/job-name", "web"), false],
    ["another job's", workload("batch/v1", "Job"), named("job-name", "x"), true],
    [
      "a name that is yet to be made",
      workload("batch/v1", "Job", { generateName: "web" }),
      named("job-name", "web"),
      "unknown",
    ],
    ["a scheduled job's", workload("batch/v1", "CronJob"), named("job-name", "web-1"), "unknown"],
    [
      "one pod of a set",
      workload("apps/v1", "StatefulSet"),
      named("statefulset.kubernetes.io/pod-name", "web-0"),
      "unknown",
    ],
    ["a hash", workload("apps/v1", "Deployment"), named("pod-template-hash", "1"), "unknown"],
    [
      "a hash of other pods",
      workload("apps/v1", "Deployment"),
      { matchLabels: { app: "x", "pod-template-hash": "1" } },
      true,
    ],
  ])("a policy by %s", (_, object, podSelector, expected) => {
    expect(allowed([object, closes(podSelector)], toWeb)).toBe(expected);
  });

  it("a policy that may select matters only where it changes the answer", () => {
    const web = workload("apps/v1", "Deployment");
    const hash = named("pod-template-hash", "1");
    expect(allowed([web, closes(hash, [{}])], toWeb)).toBe(true);
    expect(allowed([web, closes(hash), policy("b/q", { ingress: [{}] })], toWeb)).toBe(true);
    expect(allowed([web, closes(hash), policy("b/q", { ingress: [] })], toWeb)).toBe(false);
    expect(allowed([web, closes(hash, [{}]), policy("b/q", { ingress: [] })], toWeb)).toBe("unknown");
    const peer = from({ podSelector: hash });
    expect(allowed([web, peer], { from: "b/web" })).toBe("unknown");
  });
});
