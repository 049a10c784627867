import { defineCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";
import { ownNamespaces } from "../target.ts";

/** A quota that nobody can fill is none: the documented chart's default is 4096 CPUs. */
const largestCpu = 1024;

export const quotaPerNamespace = defineCheck({
  id: "NS-02",
  title: "Every namespace of ours has a resource quota that limits something",
  severity: "medium",
  claims: ["ns-resource-quota", "verify-resourcequotas"],
  documented: ["C05"],
  fix: "Give the namespace a ResourceQuota with requests and limits of CPU and memory.",
  needs: ["resourceQuotas"],
  evaluate({ resourceQuotas }, target) {
    return ownNamespaces(target).map((namespace) => {
      const quotas = resourceQuotas.filter(({ metadata }) => metadata?.namespace === namespace);
      const enforced = quotas.map(({ status }) => status?.hard ?? {});
      const cpu = enforced.map((hard) => hard["limits.cpu"] ?? hard["requests.cpu"] ?? hard.cpu).find(Boolean);
      if (!cpu) return fail(`Namespace/${namespace}`, `${quotas.length} quotas, none with CPU in force`);
      if (cores(cpu) > largestCpu) return fail(`Namespace/${namespace}`, `CPU quota ${cpu} limits nothing`);
      return pass(`Namespace/${namespace}`, `quota in force: cpu ${cpu}`);
    });
  },
  sabotages: [
    {
      name: "the last namespace loses its quota",
      apply(facts, target) {
        const last = ownNamespaces(target).at(-1);
        facts.resourceQuotas = facts.resourceQuotas.filter(({ metadata }) => metadata?.namespace !== last);
      },
    },
    {
      name: "a quota of 4096 CPUs",
      apply(facts) {
        for (const { status } of facts.resourceQuotas.slice(-1)) {
          if (status?.hard) status.hard = { "limits.cpu": "4096" };
        }
      },
    },
  ],
});

function cores(quantity: string): number {
  return quantity.endsWith("m") ? Number(quantity.slice(0, -1)) / 1000 : Number(quantity.replace(/k$/, "000"));
}
