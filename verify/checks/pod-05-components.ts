import { defineClusterCheck } from "../check.ts";
import { type Component, componentLabel, componentsOf, withoutPod } from "../documented/components.ts";
import { type Facts, subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { deploymentOf } from "../reason/pod-owner.ts";
import type { PlaneTarget } from "../target.ts";

/**
 * Present and Ready, by component; the documented command shows names only. What nobody documented is a finding too, and so
 * is what wears a component's label without being of its Deployment: it counts for nothing.
 */
export const componentsRun = defineClusterCheck({
  id: "POD-05",
  title: "Every component of the plane has a ready pod of its Deployment, and nothing else runs beside them",
  severity: "high",
  claims: ["verify-components-pods"],
  documented: ["C01"],
  fix: "Run `pulumi up` on the customer stack; remove what it did not make.",
  needs: ["pods", "replicaSets", "deployments"],
  evaluate({ pods, ...owners }, target) {
    const here = pods
      .filter(({ metadata }) => metadata?.namespace === target.namespace)
      .map((pod) => ({ pod, label: pod.metadata?.labels?.[componentLabel], of: deploymentOf(pod, owners) }));
    const components = componentsOf(target);
    const componentOf = (name: string | undefined) => components.find((component) => component.name === name);
    const absent = Object.keys(withoutPod(target)).join(", ");
    return [
      ...components.map(({ documented, name }) => {
        const own = here.filter(({ label, of }) => label === name && "deployment" in of && of.deployment === name);
        const ready = own.filter(
          ({ pod: { metadata, status } }) =>
            !metadata?.deletionTimestamp &&
            status?.phase === "Running" &&
            status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"),
        );
        const subject = `${documented} (${name})`;
        if (ready.length === 0) return fail(subject, `${own.length} pods, none ready`);
        return pass(subject, `${ready.length} of ${own.length} pods ready; by design without a pod: ${absent}`);
      }),
      ...here.flatMap(({ pod, label, of }): Finding[] => {
        const subject = subjectOf("Pod", pod);
        if (!componentOf(label)) return [fail(subject, "is no component of the architecture")];
        if ("reason" in of) return [fail(subject, `has the label of ${label}, and is ${of.reason}`)];
        return of.deployment === label
          ? []
          : [fail(subject, `has the label of ${label}, and is of Deployment ${of.deployment}`)];
      }),
    ];
  },
  sabotages: [
    {
      name: "the only pods of the first component are not ready",
      apply(facts, target) {
        for (const { metadata, status } of facts.pods) {
          if (metadata?.labels?.[componentLabel] !== componentsOf(target)[0]?.name) continue;
          for (const condition of status?.conditions ?? []) if (condition.type === "Ready") condition.status = "False";
        }
      },
    },
    {
      name: "the pods of the last component are gone",
      apply(facts, target) {
        const last = componentsOf(target).at(-1)?.name;
        facts.pods = facts.pods.filter(({ metadata }) => metadata?.labels?.[componentLabel] !== last);
      },
    },
    {
      name: "a bare pod has the last component's label, and is ready in its place",
      apply(facts, target) {
        const last = podOf(facts, target, componentsOf(target).at(-1));
        if (!last?.metadata) return false;
        delete last.metadata.ownerReferences;
        return undefined;
      },
    },
    {
      name: "a bare pod has the first component's label beside its own",
      apply(facts, target) {
        const first = podOf(facts, target, componentsOf(target)[0]);
        if (!first?.metadata) return false;
        const { ownerReferences: _, ...metadata } = first.metadata;
        facts.pods.push({ ...first, metadata: { ...metadata, name: "like-the-first" } });
        return undefined;
      },
    },
    {
      name: "a pod of the first component is of a ReplicaSet that no Deployment made",
      apply(facts, target) {
        const owners = podOf(facts, target, componentsOf(target)[0])?.metadata?.ownerReferences ?? [];
        const set = facts.replicaSets.find(({ metadata }) => owners.some(({ uid }) => uid === metadata?.uid));
        if (!set?.metadata) return false;
        delete set.metadata.ownerReferences;
        return undefined;
      },
    },
    {
      name: "a Deployment that nobody documented runs pods with the last component's label",
      apply(facts, target) {
        const last = componentsOf(target).at(-1)?.name;
        const deployment = facts.deployments.find(
          ({ metadata }) => metadata?.namespace === target.namespace && metadata.name === last,
        );
        if (!deployment?.metadata) return false;
        deployment.metadata.name = "like-the-last";
        return undefined;
      },
    },
    {
      name: "a pod that nobody documented runs beside them",
      apply(facts, target) {
        facts.pods.push({ metadata: { namespace: target.namespace, name: "debug" }, status: { phase: "Running" } });
      },
    },
  ],
});

function podOf({ pods }: Pick<Facts, "pods">, target: PlaneTarget, component: Component | undefined) {
  return pods.findLast(
    ({ metadata }) => metadata?.namespace === target.namespace && metadata.labels?.[componentLabel] === component?.name,
  );
}
