import { defineClusterCheck } from "../check.ts";
import { subjectOf } from "../facts.ts";
import { fail, pass } from "../outcome.ts";

export const executorAsReleased = defineClusterCheck({
  id: "POD-02",
  title: "The executor runs as its own account, by digest, with requests and limits",
  severity: "medium",
  claims: ["verify-component-executor"],
  documented: ["C02"],
  fix: "Deploy the executor by the customer stack.",
  needs: ["pods"],
  evaluate({ pods }, target) {
    const executors = pods.filter(
      ({ metadata }) =>
        metadata?.namespace === target.namespace && metadata.labels?.["app.kubernetes.io/name"] === "executor",
    );
    if (executors.length === 0) return [fail(`Namespace/${target.namespace}`, "no executor pod")];
    return executors.map((pod) => {
      const subject = subjectOf("Pod", pod);
      const container = pod.spec?.containers[0];
      if (pod.spec?.serviceAccountName !== "executor") return fail(subject, `runs as ${pod.spec?.serviceAccountName}`);
      if (!container?.image?.includes("@sha256:"))
        return fail(subject, `image ${container?.image} is not pinned by digest`);
      const { requests, limits } = container.resources ?? {};
      if (!requests?.cpu || !requests.memory || !limits?.memory) return fail(subject, "requests or limits are missing");
      if (!pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")) {
        return fail(subject, `not ready: ${pod.status?.phase}`);
      }
      return pass(subject, `${container.image}, account executor, ready`);
    });
  },
  sabotages: [
    {
      name: "the executor runs as the default account",
      apply(facts) {
        for (const { spec } of facts.pods)
          if (spec?.serviceAccountName === "executor") spec.serviceAccountName = "default";
      },
    },
    {
      name: "the image is named by a tag",
      apply(facts) {
        for (const { spec } of facts.pods) for (const c of spec?.containers ?? []) c.image = "registry/services:latest";
      },
    },
  ],
});
