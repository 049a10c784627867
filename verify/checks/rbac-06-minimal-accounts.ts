import { permissions } from "../../components/compute-plane/permissions.ts";
import { defineJointCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { bindingsTo, grantsTo, textOf } from "../reason/rbac/grants.ts";
import { judgeAccounts } from "./rbac-04-permissions-table.ts";

type RegionRbac = Pick<Facts, "regionPods" | "regionClusterRoles" | "regionRoleBindings" | "regionClusterRoleBindings">;

/** In the customer's cluster as the table says; the region's services need nothing of Kubernetes, and hold nothing. */
export const accountsAreMinimal = defineJointCheck({
  id: "RBAC-06",
  title: "Every service account of both planes holds what its work needs, and no more",
  severity: "high",
  claims: ["lp-service-accounts-minimal"],
  documented: ["C03"],
  fix: "Remove the binding; what a service needs is a row of the table of permissions first.",
  needs: [
    "serviceAccounts",
    "roles",
    "clusterRoles",
    "roleBindings",
    "clusterRoleBindings",
    "regionPods",
    "regionClusterRoles",
    "regionRoleBindings",
    "regionClusterRoleBindings",
  ],
  evaluate: (facts, { customer, controlPlane }) => [
    ...judgeAccounts(facts, customer),
    ...judgeRegion(facts, controlPlane.namespace),
  ],
  sabotages: [
    {
      name: "the first tabled role gains a verb",
      apply({ roles }) {
        const rule = roles.find(({ metadata }) => metadata?.name === permissions[0]?.role)?.rules?.[0];
        if (!rule) return false;
        rule.verbs = [...rule.verbs, "deletecollection"];
        return undefined;
      },
    },
    {
      name: "every account of the region's namespace may read Secrets of its cluster",
      apply(facts, { controlPlane }) {
        facts.regionClusterRoles.push({
          metadata: { name: "reader" },
          rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }],
        });
        facts.regionClusterRoleBindings.push({
          metadata: { name: "readers" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "reader" },
          subjects: [{ kind: "Group", name: `system:serviceaccounts:${controlPlane.namespace}` }],
        });
      },
    },
    {
      name: "the last account of the region is bound to a role whose rules nobody read",
      apply(facts, { controlPlane: { namespace } }) {
        const pod = facts.regionPods.findLast(({ metadata }) => metadata?.namespace === namespace);
        const name = pod?.spec?.serviceAccountName ?? "default";
        facts.regionRoleBindings.push({
          metadata: { name: "more", namespace },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "more" },
          subjects: [{ kind: "ServiceAccount", name, namespace }],
        });
      },
    },
  ],
});

function judgeRegion(facts: RegionRbac, namespace: string): Finding[] {
  const pods = facts.regionPods.filter(({ metadata }) => metadata?.namespace === namespace);
  const names = [...new Set(pods.map(({ spec }) => spec?.serviceAccountName ?? "default"))].sort();
  if (names.length === 0) return [fail(`Namespace/${namespace}`, "the region runs no pod there")];
  return names.map((name) => {
    const account = { namespace, name };
    const subject = `region: ServiceAccount/${namespace}/${name}`;
    const [bound] = bindingsTo(account, { roleBindings: facts.regionRoleBindings, clusterRoleBindings: [] });
    if (bound !== undefined) return fail(subject, `is bound by ${bound}`);
    const [granted] = grantsTo(account, {
      roles: [],
      clusterRoles: facts.regionClusterRoles,
      roleBindings: [],
      clusterRoleBindings: facts.regionClusterRoleBindings,
    });
    return granted ? fail(subject, `may ${textOf(granted)}, by ${granted.via}`) : pass(subject, "no right at all");
  });
}
