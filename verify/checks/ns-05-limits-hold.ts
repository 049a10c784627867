import { defineClusterCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { projectNamespaces } from "../target.ts";

const amounts = ["cpu", "memory"];

export const limitsHold = defineClusterCheck({
  id: "NS-05",
  title: "In every project's namespace a pod gets limits that names none, and is refused when it asks for too much",
  severity: "medium",
  probes: true,
  claims: ["k8s-resource-quotas", "k8s-limit-ranges"],
  documented: ["C05"],
  fix: "Give the namespace its ResourceQuota and LimitRange by the customer's stack.",
  needs: ["probedAdmission"],
  evaluate({ probedAdmission }, target) {
    return projectNamespaces(target).flatMap((namespace): Finding[] => {
      const subject = `Namespace/${namespace}`;
      const probed = probedAdmission.find((one) => one.namespace === namespace);
      if (!probed) return [fail(subject, "was not asked")];
      const { given, tooMuch, closed } = probed;
      if (closed !== undefined) return [pass(subject, `takes no pod at all: ${closed}`)];
      const missing = (["requests", "limits"] as const).flatMap((kind) =>
        amounts.filter((amount) => !given[kind][amount]).map((amount) => `${kind}.${amount}`),
      );
      const { cpu, memory } = given.limits;
      return [
        missing.length > 0
          ? fail(subject, `a pod that names nothing is given no ${missing.join(", ")}`)
          : pass(subject, `a pod that names nothing is given limits of ${cpu} CPU and ${memory}`),
        judgeTooMuch(subject, tooMuch),
      ];
    });
  },
  sabotages: [
    {
      name: "the last namespace gives no limit of memory",
      apply({ probedAdmission }) {
        const last = probedAdmission.at(-1);
        if (last) delete last.given.limits.memory;
      },
    },
    {
      name: "the first namespace takes whatever is asked for",
      apply({ probedAdmission }) {
        const [first] = probedAdmission;
        if (first) first.tooMuch = { refused: false, told: "accepted" };
      },
    },
    {
      name: "the last one refuses, for another reason than its quota",
      apply({ probedAdmission }) {
        const last = probedAdmission.at(-1);
        if (last) last.tooMuch.told = "no such image";
      },
    },
  ],
});

function judgeTooMuch(subject: string, { refused, told }: { refused: boolean; told: string }): Finding {
  if (!refused) return fail(subject, "a pod that asks for a million CPUs is taken");
  const quota = /exceeded quota: \S+|maximum (cpu|memory) usage/.exec(told)?.[0];
  return quota
    ? pass(subject, `a pod of a million CPUs is refused: ${quota}`)
    : fail(subject, `refused otherwise: ${told}`);
}
