import { defineClusterCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";
import { projectNamespaces } from "../target.ts";

export const roleBindingsStayHome = defineClusterCheck({
  id: "NS-03",
  title: "Each project namespace has role bindings, and they name only its own and the platform's accounts",
  severity: "high",
  claims: ["ns-rbac-bindings"],
  documented: [],
  fix: "Remove the foreign subject from the binding.",
  needs: ["roleBindings"],
  evaluate({ roleBindings }, target) {
    const bindingsIn = Map.groupBy(roleBindings, ({ metadata }) => metadata?.namespace);
    return projectNamespaces(target).flatMap((namespace) => {
      const bindings = bindingsIn.get(namespace) ?? [];
      if (!bindings.some(({ subjects }) => subjects?.length)) {
        return [fail(`Namespace/${namespace}`, `${bindings.length} RoleBindings, none binds anybody`)];
      }
      return bindings.map(({ metadata, subjects }) => {
        const foreign = (subjects ?? []).filter(
          ({ kind, namespace: home }) => kind !== "ServiceAccount" || (home !== namespace && home !== target.namespace),
        );
        const subject = `RoleBinding/${namespace}/${metadata?.name}`;
        if (foreign.length > 0) {
          return fail(subject, `binds ${foreign.map((f) => `${f.kind} ${f.namespace ?? ""}/${f.name}`).join(", ")}`);
        }
        return pass(subject, `${subjects?.length ?? 0} subjects, all of ${namespace} or ${target.namespace}`);
      });
    });
  },
  sabotages: [
    {
      name: "the last binding also names another namespace's account",
      apply(facts, target) {
        const names = new Set(projectNamespaces(target));
        const binding = facts.roleBindings.filter(({ metadata }) => names.has(metadata?.namespace ?? "")).at(-1);
        if (!binding) return false;
        binding.subjects = [
          ...(binding.subjects ?? []),
          { kind: "ServiceAccount", name: "default", namespace: "stranger" },
        ];
        return undefined;
      },
    },
    {
      name: "the bindings of the first namespace bind nobody",
      apply(facts, target) {
        const [first] = projectNamespaces(target);
        for (const binding of facts.roleBindings) if (binding.metadata?.namespace === first) binding.subjects = [];
      },
    },
    {
      name: "every authenticated user is bound",
      apply(facts, target) {
        facts.roleBindings.push({
          metadata: { name: "helpful", namespace: projectNamespaces(target)[0] ?? "" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
          subjects: [{ kind: "Group", name: "system:authenticated" }],
        });
      },
    },
  ],
});
