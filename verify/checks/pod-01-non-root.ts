import { defineCheck } from "../check.ts";
import { subjectOf } from "../facts.ts";
import { fail, pass } from "../outcome.ts";
import { containersOf, rootReason } from "../reason/kubernetes.ts";
import { inOwnNamespaces } from "../target.ts";

/** The documented command reads the first pod's pod-level context; this reads every container's effective one. */
export const podsAreNonRoot = defineCheck({
  id: "POD-01",
  title: "No container in our namespaces can run as root",
  severity: "high",
  claims: ["verify-pod-security-context", "k8s-pod-security-non-root"],
  documented: ["C06"],
  fix: "Set runAsNonRoot: true and a numeric runAsUser on the pod, and nothing weaker on its containers.",
  needs: ["pods"],
  evaluate({ pods }, target) {
    const ours = pods.filter(inOwnNamespaces(target));
    return ours.flatMap((pod) =>
      containersOf(pod).map((container) => {
        const subject = `${subjectOf("Pod", pod)}#${container.name}`;
        const reason = rootReason(pod, container);
        return reason ? fail(subject, reason) : pass(subject, "runAsNonRoot in force");
      }),
    );
  },
  sabotages: [
    {
      name: "the last container of the last pod runs as uid 0",
      apply(facts, target) {
        const pod = facts.pods.filter(inOwnNamespaces(target)).at(-1);
        const container = pod?.spec?.containers.at(-1);
        if (!container) return false;
        container.securityContext = { ...container.securityContext, runAsUser: 0 };
        return undefined;
      },
    },
    {
      name: "a privileged sidecar comes second",
      apply(facts, target) {
        const pod = facts.pods.find(({ metadata }) => metadata?.namespace === target.namespace);
        if (!pod?.spec) return false;
        pod.spec.containers.push({ name: "helper", securityContext: { privileged: true } });
        return undefined;
      },
    },
    {
      name: "runAsNonRoot is dropped from every pod",
      apply(facts) {
        for (const { spec } of facts.pods) {
          if (spec?.securityContext) delete spec.securityContext.runAsNonRoot;
          for (const container of spec?.containers ?? []) delete container.securityContext?.runAsNonRoot;
        }
      },
    },
  ],
});
