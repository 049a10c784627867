import { allPermissions } from "../../components/compute-plane/on-demand.ts";
import { notGranted, permissions } from "../../components/compute-plane/permissions.ts";
import { defineClusterCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { type Account, expand, grantsByAccount, type RbacFacts, textOf } from "../reason/rbac/grants.ts";
import { ownNamespaces, type PlaneTarget, projectNamespaces, projectsOnDemand } from "../target.ts";

/** Appendix D narrowed: what stands in the one table, and nothing else; both ways, through every kind of binding. */
export const permissionsMatchTable = defineClusterCheck({
  id: "RBAC-04",
  title: "The plane's accounts hold exactly the permissions of the table: none more, none less",
  severity: "high",
  claims: [],
  supersedes: { "k8s-dp-permissions-match-appendix-d": "docs/decisions/0009-narrower-than-the-appendices.md" },
  documented: ["C03"],
  fix: "Run `pulumi up` on the customer stack, and remove roles and bindings that it did not make.",
  needs: ["serviceAccounts", "roles", "clusterRoles", "roleBindings", "clusterRoleBindings"],
  evaluate: (facts, target) => [...judgeAccounts(facts, target), ...judgeNotGranted(facts, target)],
  sabotages: [
    {
      name: "the first tabled role gains a verb",
      apply(facts) {
        const role = facts.roles.find(({ metadata }) => metadata?.name === permissions[0]?.role);
        const rule = role?.rules?.[0];
        if (!rule) return false;
        rule.verbs = [...rule.verbs, "deletecollection"];
        return undefined;
      },
    },
    {
      name: "the last tabled role's last rule is gone",
      apply(facts) {
        const role = facts.roles.findLast(({ metadata }) => metadata?.name === permissions.at(-1)?.role);
        if (!role?.rules?.length) return false;
        role.rules = role.rules.slice(0, -1);
        return undefined;
      },
    },
    {
      name: "a verb becomes *, which holds all that the table names",
      apply(facts) {
        const role = facts.roles.find(({ metadata }) => metadata?.name === permissions[0]?.role);
        const rule = role?.rules?.at(-1);
        if (!rule) return false;
        rule.verbs = ["*"];
        return undefined;
      },
    },
    {
      name: "task pods may read Secrets of another namespace, through a group",
      apply(facts, target) {
        facts.clusterRoles.push({
          metadata: { name: "reader" },
          rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }],
        });
        facts.roleBindings.push({
          metadata: { name: "readers", namespace: "kube-system" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "reader" },
          subjects: [{ kind: "Group", name: `system:serviceaccounts:${projectNamespaces(target)[0]}` }],
        });
      },
    },
    {
      name: "the executor's binding in the last project is gone",
      apply(facts, target) {
        const last = projectNamespaces(target).at(-1);
        facts.roleBindings = facts.roleBindings.filter(({ metadata }) => metadata?.namespace !== last);
      },
    },
    {
      name: "a documented role that is not granted, and gives nothing yet, is bound to an account of ours",
      apply(facts, target) {
        facts.clusterRoleBindings.push({
          metadata: { name: "more" },
          roleRef: {
            apiGroup: "rbac.authorization.k8s.io",
            kind: "ClusterRole",
            name: Object.keys(notGranted).at(-1) ?? "",
          },
          subjects: [{ kind: "ServiceAccount", name: "default", namespace: projectNamespaces(target).at(-1) ?? "" }],
        });
      },
    },
  ],
});

/** Each account of our namespaces against its rows, also those that have none. */
export function judgeAccounts(facts: RbacFacts & Pick<Facts, "serviceAccounts">, target: PlaneTarget): Finding[] {
  const homes = new Set(ownNamespaces(target));
  const present = facts.serviceAccounts
    .map(({ metadata }) => ({ namespace: metadata?.namespace ?? "", name: metadata?.name ?? "" }))
    .filter(({ namespace }) => homes.has(namespace));
  const tabled = allPermissions(projectsOnDemand(target), target).map(({ account }) => ({
    namespace: target.namespace,
    name: account,
  }));
  const absent = tabled.filter((account) => !present.some((one) => isSame(one, account)));
  const grantsOf = grantsByAccount(facts);
  return [...present, ...absent].map((account) => {
    const subject = `ServiceAccount/${account.namespace}/${account.name}`;
    const granted = grantsOf(account);
    const held = new Set(granted.map(textOf));
    const wanted = new Set(tableOf(account, target).map(textOf));
    const beyond = granted.find((grant) => !wanted.has(textOf(grant)));
    if (beyond) return fail(subject, `may ${textOf(beyond)}, by ${beyond.via}`);
    const lacking = [...wanted].find((text) => !held.has(text));
    if (lacking !== undefined) return fail(subject, `may not ${lacking}`);
    return pass(subject, held.size > 0 ? `${held.size} rights, as in the table` : "no right at all");
  });
}

/** A cluster may hold a role of such a name that is none of ours: what counts is whom it is bound to. */
function judgeNotGranted({ roleBindings, clusterRoleBindings }: RbacFacts, target: PlaneTarget): Finding[] {
  const homes = new Set(ownNamespaces(target));
  const ours = [...clusterRoleBindings, ...roleBindings].filter(({ subjects = [] }) =>
    subjects.some(({ kind, namespace = "" }) => kind === "ServiceAccount" && homes.has(namespace)),
  );
  return Object.entries(notGranted).map(([documented, reason]) => {
    const found = ours.find(({ roleRef }) => roleRef.name === documented);
    const subject = `documented role ${documented}`;
    return found ? fail(subject, `is bound to an account of ours by ${found.metadata?.name}`) : pass(subject, reason);
  });
}

/** The table's rights of one account. */
function tableOf(account: Account, target: PlaneTarget) {
  if (account.namespace !== target.namespace) return [];
  return allPermissions(projectsOnDemand(target), target)
    .filter((permission) => permission.account === account.name)
    .flatMap(({ where, rules, role }) => {
      if (where === "cluster") return expand(rules, undefined, role);
      const places = where === "platform" ? [target.namespace] : projectNamespaces(target);
      return places.flatMap((place) => expand(rules, place, role));
    });
}

function isSame(a: Account, b: Account): boolean {
  return a.namespace === b.namespace && a.name === b.name;
}
