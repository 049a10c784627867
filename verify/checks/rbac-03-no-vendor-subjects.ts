import { defineClusterCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import type { PlaneTarget } from "../target.ts";

/** Users and groups that Kubernetes and EKS themselves bind; nobody else can hold a certificate for such a name. */
const builtIn = /^(system|eks):/;
/** Kubernetes' own as well, and yet anybody: on Google Cloud everybody who has an account there is authenticated. */
const anybody = ["system:authenticated", "system:unauthenticated", "system:anonymous"];
/** What clusters give them: to ask about oneself, and what the server serves. */
const anybodys = /^(system:(basic-user|discovery|public-info-viewer)|kubeadm:bootstrap-signer-clusterinfo)$/;

export const noVendorSubjects = defineClusterCheck({
  id: "RBAC-03",
  title: "No person or group is bound in a self-managed cluster but Kubernetes' own",
  severity: "critical",
  claims: ["human-no-infra-access-self-managed"],
  documented: [],
  fix: "Remove the binding; the vendor reaches the tenant, never the cluster.",
  needs: ["clusterRoleBindings", "roleBindings"],
  notApplicable: (target: PlaneTarget) =>
    target.model === "byoc" ? "BYOC: the vendor manages the cluster" : undefined,
  evaluate: judgeBindings,
  sabotages: [
    {
      name: "a support group is bound in one namespace",
      apply(facts, target) {
        facts.roleBindings.push({
          metadata: { name: "support", namespace: target.namespace },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
          subjects: [{ kind: "Group", name: "vendor-support" }],
        });
      },
    },
    {
      name: "whoever does not sign in may look at the whole cluster",
      apply({ clusterRoleBindings }) {
        clusterRoleBindings.push({
          metadata: { name: "helpful" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
          subjects: [{ kind: "Group", name: "system:unauthenticated" }],
        });
      },
    },
  ],
});

export function judgeBindings(facts: Pick<Facts, "clusterRoleBindings" | "roleBindings">): Finding[] {
  const bindings = [
    ...facts.clusterRoleBindings.map((binding) => ({ kind: "ClusterRoleBinding", binding })),
    ...facts.roleBindings.map((binding) => ({ kind: "RoleBinding", binding })),
  ];
  return bindings.map(({ kind, binding }) => {
    const subject = [kind, binding.metadata?.namespace, binding.metadata?.name].filter(Boolean).join("/");
    const named = (binding.subjects ?? []).filter(({ kind: who }) => who === "User" || who === "Group");
    const people = named.filter(({ name }) => !builtIn.test(name));
    const all = named.find(({ name }) => anybody.includes(name));
    if (all && !anybodys.test(binding.roleRef.name))
      return fail(subject, `gives ${binding.roleRef.name} to ${all.name}, which is anybody`);
    if (people.length === 0) return pass(subject, "service accounts and system subjects only");
    return fail(subject, `binds ${people.map(({ kind: who, name }) => `${who} ${name}`).join(", ")}`);
  });
}
