import { defineClusterCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";
import { ownNamespaces } from "../target.ts";

/** A quota that nobody can fill is none: the documented chart's default is 4096 CPUs. */
const largestCpu = 1024;

export const quotaPerNamespace = defineClusterCheck({
  id: "NS-02",
  title: "Every namespace of ours has a resource quota that limits something, and limits for containers that name none",
  severity: "medium",
  claims: ["ns-resource-quota", "verify-resourcequotas"],
  documented: ["C05"],
  fix: "Give the namespace a ResourceQuota, and a LimitRange with container defaults, of CPU and memory.",
  needs: ["resourceQuotas", "limitRanges"],
  evaluate({ resourceQuotas, limitRanges }, target) {
    const quotasIn = Map.groupBy(resourceQuotas, ({ metadata }) => metadata?.namespace);
    const rangesIn = Map.groupBy(limitRanges, ({ metadata }) => metadata?.namespace);
    return ownNamespaces(target).map((namespace) => {
      // One with scopes counts some pods only.
      const quotas = (quotasIn.get(namespace) ?? []).filter(
        ({ spec }) => !spec?.scopes?.length && !spec?.scopeSelector?.matchExpressions?.length,
      );
      const enforced = quotas.map(({ status }) => status?.hard ?? {});
      const cpu = enforced.map((hard) => hard["limits.cpu"] ?? hard["requests.cpu"] ?? hard.cpu).find(Boolean);
      if (!cpu) return fail(`Namespace/${namespace}`, `${quotas.length} quotas, none with CPU in force`);
      if (!(cores(cpu) <= largestCpu)) return fail(`Namespace/${namespace}`, `CPU quota ${cpu} limits nothing`);
      const given = (rangesIn.get(namespace) ?? [])
        .flatMap(({ spec }) => spec?.limits ?? [])
        .find(({ type, _default: limits }) => type === "Container" && limits?.cpu && limits.memory);
      if (!given) return fail(`Namespace/${namespace}`, "no LimitRange limits a container that names no limits");
      return pass(`Namespace/${namespace}`, `quota in force: cpu ${cpu}; a container gets ${tell(given._default)}`);
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
    {
      name: "a quota of a million CPUs, in the quantities' short form",
      apply(facts) {
        for (const { status } of facts.resourceQuotas.slice(-1)) {
          if (status?.hard) status.hard = { "limits.cpu": "1M" };
        }
      },
    },
    {
      name: "the last namespace's quota counts only pods that ask for nothing",
      apply(facts, target) {
        const last = ownNamespaces(target).at(-1);
        for (const quota of facts.resourceQuotas.filter(({ metadata }) => metadata?.namespace === last))
          quota.spec = { ...quota.spec, scopes: ["BestEffort"] };
      },
    },
    {
      name: "the last limit range leaves memory open",
      apply(facts) {
        for (const { _default: limits } of facts.limitRanges.at(-1)?.spec?.limits ?? []) delete limits?.memory;
      },
    },
  ],
});

const tell = (limits: Record<string, string> = {}) =>
  Object.entries(limits)
    .map(([resource, limit]) => `${resource} ${limit}`)
    .join(", ");

/** NaN for a form that no quota of CPUs needs. */
function cores(quantity: string): number {
  return quantity.endsWith("m") ? Number(quantity.slice(0, -1)) / 1000 : Number(quantity.replace(/k$/, "000"));
}
