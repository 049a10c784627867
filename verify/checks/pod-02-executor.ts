import { defineClusterCheck } from "../check.ts";
import { subjectOf } from "../facts.ts";
import { fail, pass } from "../outcome.ts";
import { containersOf } from "../reason/kubernetes.ts";

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
      const containers = containersOf(pod);
      if (pod.spec?.serviceAccountName !== "executor") return fail(subject, `runs as ${pod.spec?.serviceAccountName}`);
      const loose = containers.find(({ image = "" }) => !image.includes("@sha256:"));
      if (loose) return fail(subject, `image ${loose.image} is not pinned by digest`);
      const lacking = containers.find(
        ({ resources: { requests, limits } = {} }) => !requests?.cpu || !requests.memory || !limits?.memory,
      );
      if (lacking) return fail(subject, `requests or limits of ${lacking.name} are missing`);
      if (!pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")) {
        return fail(subject, `not ready: ${pod.status?.phase}`);
      }
      return pass(subject, `${containers.map(({ image }) => image).join(", ")}, account executor, ready`);
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
    {
      name: "a sidecar that nobody limits stands last in its pods",
      apply(facts) {
        for (const { spec } of facts.pods)
          if (spec?.serviceAccountName === "executor")
            spec.containers.push({ name: "helper", image: `registry/helper@sha256:${"f".repeat(64)}` });
      },
    },
    {
      name: "what runs before it is named by a tag",
      apply(facts) {
        for (const { spec } of facts.pods)
          if (spec?.serviceAccountName === "executor")
            spec.initContainers = [{ ...spec.containers[0], name: "before", image: "registry/services:latest" }];
      },
    },
  ],
});
