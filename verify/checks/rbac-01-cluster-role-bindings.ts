import { defineClusterCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";
import { describeRule, ruleAllows } from "../reason/kubernetes.ts";
import { ownNamespaces } from "../target.ts";

/** Every binding whose subject is one of our accounts, with its rules; not those whose name contains "union". */
export const clusterBindingsReviewed = defineClusterCheck({
  id: "RBAC-01",
  title: "No account of ours is bound to a cluster-wide role that reads secrets or grants everything",
  severity: "critical",
  claims: ["verify-clusterrolebindings"],
  documented: ["C03"],
  fix: "Replace the ClusterRoleBinding by a RoleBinding with the rules that the component needs.",
  needs: ["clusterRoleBindings", "clusterRoles", "namespaces"],
  evaluate({ clusterRoleBindings, clusterRoles }, target) {
    const homes = ownNamespaces(target);
    const everyone = [
      "system:serviceaccounts",
      "system:authenticated",
      ...homes.map((ns) => `system:serviceaccounts:${ns}`),
    ];
    // The API server knows an account by a user's name too, and takes a binding of that.
    const users = homes.map((ns) => `system:serviceaccount:${ns}:`);
    const reaching = clusterRoleBindings.filter(({ subjects }) =>
      (subjects ?? []).some(
        ({ kind, name, namespace }) =>
          (kind === "ServiceAccount" && homes.includes(namespace ?? "")) ||
          (kind === "Group" && everyone.includes(name)) ||
          (kind === "User" && users.some((user) => name.startsWith(user))),
      ),
    );
    return reaching.map(({ metadata, roleRef }) => {
      const subject = `ClusterRoleBinding/${metadata?.name}`;
      if (roleRef.name === "cluster-admin") return fail(subject, "binds cluster-admin");
      const role = clusterRoles.find((candidate) => candidate.metadata?.name === roleRef.name);
      if (!role) return fail(subject, `its role ${roleRef.name} does not exist`);
      const hit = (role.rules ?? []).find(
        (rule) =>
          ruleAllows(rule, "", "secrets", ["get", "list", "watch"]) ||
          (rule.verbs.includes("*") && (rule.resources ?? []).includes("*")),
      );
      if (hit) return fail(subject, `${roleRef.name} allows ${describeRule(hit)}`);
      return pass(subject, `${roleRef.name}: ${role.rules?.length ?? 0} rules, none on secrets`);
    });
  },
  sabotages: [
    {
      name: "the default account of a project becomes cluster-admin",
      apply(facts, target) {
        facts.clusterRoleBindings.push({
          metadata: { name: "innocent" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
          subjects: [{ kind: "ServiceAccount", name: "default", namespace: ownNamespaces(target).at(-1) ?? "" }],
        });
      },
    },
    {
      name: "the platform's executor becomes cluster-admin by its user's name",
      apply(facts, { namespace }) {
        facts.clusterRoleBindings.push({
          metadata: { name: "by-user" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
          subjects: [{ kind: "User", name: `system:serviceaccount:${namespace}:executor` }],
        });
      },
    },
    {
      name: "all service accounts may list secrets",
      apply(facts) {
        facts.clusterRoles.push({
          metadata: { name: "secret-lister" },
          rules: [
            { apiGroups: ["apps"], resources: ["deployments"], verbs: ["get"] },
            { apiGroups: [""], resources: ["secrets"], verbs: ["list"] },
          ],
        });
        facts.clusterRoleBindings.push({
          metadata: { name: "listers" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "secret-lister" },
          subjects: [{ kind: "Group", name: "system:serviceaccounts" }],
        });
      },
    },
  ],
});
