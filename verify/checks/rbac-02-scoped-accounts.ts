import { defineClusterCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";
import { describeRule } from "../reason/kubernetes.ts";
import { inOwnNamespaces } from "../target.ts";

export const platformRolesScoped = defineClusterCheck({
  id: "RBAC-02",
  title: "No role of our namespaces uses a wildcard, and none reads secrets but by name",
  severity: "high",
  claims: ["k8s-platform-accounts-scoped"],
  documented: ["C03"],
  fix: "Name the groups, resources and verbs that the component uses; give secrets by resourceNames.",
  needs: ["roles"],
  evaluate({ roles }, target) {
    const ours = roles.filter(inOwnNamespaces(target));
    return ours.map(({ metadata, rules }) => {
      const subject = `Role/${metadata?.namespace}/${metadata?.name}`;
      const wide = (rules ?? []).find((rule) =>
        [...(rule.apiGroups ?? []), ...(rule.resources ?? []), ...rule.verbs].includes("*"),
      );
      if (wide) return fail(subject, `wildcard: ${describeRule(wide)}`);
      // Who makes one knows what is in it; RBAC has no names for what is not there yet.
      const secrets = (rules ?? []).find(
        ({ resources, resourceNames, verbs }) =>
          resources?.includes("secrets") && !resourceNames?.length && verbs.some((verb) => verb !== "create"),
      );
      if (secrets) return fail(subject, `every secret: ${describeRule(secrets)}`);
      return pass(subject, (rules ?? []).map(describeRule).join("; ") || "no rules");
    });
  },
  sabotages: [
    {
      name: "the last role gains a rule on every secret",
      apply(facts, target) {
        const role = facts.roles.findLast(inOwnNamespaces(target));
        if (!role) return false;
        role.rules = [...(role.rules ?? []), { apiGroups: [""], resources: ["secrets"], verbs: ["get"] }];
        return undefined;
      },
    },
    {
      name: "a verb becomes *",
      apply(facts, target) {
        const role = facts.roles.find(inOwnNamespaces(target));
        if (!role?.rules?.[0]) return false;
        role.rules[0].verbs = ["*"];
        return undefined;
      },
    },
  ],
});
