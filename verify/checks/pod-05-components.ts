import { defineClusterCheck } from "../check.ts";
import { componentLabel, componentsOf, withoutPod } from "../documented/components.ts";
import { subjectOf } from "../facts.ts";
import { fail, pass } from "../outcome.ts";

/** Present and Ready, by component; the documented command shows names only. What nobody documented is a finding too. */
export const componentsRun = defineClusterCheck({
  id: "POD-05",
  title: "Every component of the plane has a ready pod, and nothing else runs beside them",
  severity: "high",
  claims: ["verify-components-pods"],
  documented: ["C01"],
  fix: "Run `pulumi up` on the customer stack; remove what it did not make.",
  needs: ["pods"],
  evaluate({ pods }, target) {
    const here = pods.filter(({ metadata }) => metadata?.namespace === target.namespace);
    const components = componentsOf(target);
    const componentOf = (name: string | undefined) => components.find((component) => component.name === name);
    const absent = Object.keys(withoutPod(target)).join(", ");
    return [
      ...components.map(({ documented, name }) => {
        const own = here.filter(({ metadata }) => metadata?.labels?.[componentLabel] === name);
        const ready = own.filter(
          ({ metadata, status }) =>
            !metadata?.deletionTimestamp &&
            status?.phase === "Running" &&
            status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"),
        );
        const subject = `${documented} (${name})`;
        if (ready.length === 0) return fail(subject, `${own.length} pods, none ready`);
        return pass(subject, `${ready.length} of ${own.length} pods ready; by design without a pod: ${absent}`);
      }),
      ...here
        .filter(({ metadata }) => !componentOf(metadata?.labels?.[componentLabel]))
        .map((pod) => fail(subjectOf("Pod", pod), "is no component of the architecture")),
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
      name: "a pod that nobody documented runs beside them",
      apply(facts, target) {
        facts.pods.push({ metadata: { namespace: target.namespace, name: "debug" }, status: { phase: "Running" } });
      },
    },
  ],
});
