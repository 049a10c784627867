import type { RbacV1Subject, V1ClusterRole, V1Pod, V1PodSpec, V1PolicyRule } from "@kubernetes/client-node";
import { defineRegionCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { describeRule } from "../reason/kubernetes.ts";
import { servicePods } from "../reason/region.ts";

/** What every authenticated account may do in any cluster: ask who it is, and what the server serves. */
const everybodysGroups = ["system:authenticated", "system:unauthenticated", "system:serviceaccounts"];
const selfReviews = ["selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews"];

/** The one service that has a role in the cloud (docs/decisions/0023), and whom the token for it is for. */
const exporter = "audit";
const cloudAudience = "sts.amazonaws.com";

/**
 * Appendix C lists a ClusterRole for each service of the control plane, some over every Secret. Ours have none at all:
 * the stricter statement is what passes.
 */
export const noKubernetesRights = defineRegionCheck({
  id: "CP-09",
  title: "No service of the control plane has any right in Kubernetes, or a token to ask for one",
  severity: "high",
  claims: [],
  supersedes: { "cp-k8s-roles-match-appendix-c": "docs/decisions/0011-no-kubernetes-rights-for-services.md" },
  documented: ["C03"],
  fix: "Delete the binding, and set automountServiceAccountToken to false.",
  needs: ["regionPods", "regionClusterRoles", "regionRoleBindings", "regionClusterRoleBindings"],
  evaluate({ regionPods, regionClusterRoles, regionRoleBindings, regionClusterRoleBindings }, { namespace }) {
    const bindings = [
      ...regionClusterRoleBindings.map((binding) => ({ kind: "ClusterRoleBinding", ...binding })),
      ...regionRoleBindings.map((binding) => ({ kind: "RoleBinding", ...binding })),
    ];
    return [
      ...bindings.map(({ kind, metadata, roleRef, subjects = [] }): Finding => {
        const subject = [kind, metadata?.namespace, metadata?.name].filter(Boolean).join("/");
        const own = subjects.find((one) => isOwn(one, namespace, metadata?.namespace));
        if (own) return fail(subject, `gives ${roleRef.kind} ${roleRef.name} to ${own.kind} ${own.name}`);
        if (!subjects.some(({ kind, name }) => kind === "Group" && everybodysGroups.includes(name)))
          return pass(subject, "nobody of ours");
        const excess = rulesOf(roleRef, regionClusterRoles).find((rule) => !isHarmless(rule));
        return excess
          ? fail(subject, `lets every account ${describeRule(excess)}`)
          : pass(subject, "what every account may do");
      }),
      ...servicePods(regionPods, namespace).map(({ metadata, spec }): Finding => {
        const subject = `Pod/${namespace}/${metadata?.name}`;
        const tokens = tokensOf(spec);
        const forCloud = tokens.every(({ audience }) => audience === cloudAudience);
        const mayHave = forCloud && spec?.serviceAccountName === exporter ? 1 : 0;
        if (spec?.automountServiceAccountToken !== false || tokens.length > mayHave)
          return fail(subject, "mounts a token");
        if (tokens.length > 0) return pass(subject, `its one token is for ${cloudAudience}, which the API refuses`);
        return pass(subject, "mounts no token of its account");
      }),
    ];
  },
  sabotages: [
    {
      name: "one service's account reads every Secret",
      apply: (facts, { namespace }) =>
        bind(facts.regionClusterRoleBindings, { kind: "ServiceAccount", namespace, name: "dataproxy" }),
    },
    {
      name: "the accounts of the namespace are bound as a group",
      apply: (facts, { namespace }) =>
        bind(facts.regionRoleBindings, { kind: "Group", name: `system:serviceaccounts:${namespace}` }),
    },
    {
      name: "an account is bound by its user name",
      apply: (facts, { namespace }) =>
        bind(facts.regionClusterRoleBindings, { kind: "User", name: `system:serviceaccount:${namespace}:runs` }),
    },
    {
      name: "a role that every account has gains a wildcard",
      apply({ regionClusterRoles, regionClusterRoleBindings }) {
        const everybodys = regionClusterRoleBindings.find(({ subjects = [] }) =>
          subjects.some(({ kind, name }) => kind === "Group" && everybodysGroups.includes(name)),
        );
        const role = regionClusterRoles.find(({ metadata }) => metadata?.name === everybodys?.roleRef.name);
        if (!role) return false;
        role.rules = [...(role.rules ?? []), { apiGroups: ["*"], resources: ["*"], verbs: ["get"] }];
        return undefined;
      },
    },
    {
      name: "the last pod mounts a token",
      apply({ regionPods }, { namespace }) {
        const spec = servicePods(regionPods, namespace).at(-1)?.spec;
        if (!spec) return false;
        spec.automountServiceAccountToken = true;
        return undefined;
      },
    },
    {
      name: "the first pod projects one for another audience",
      apply({ regionPods }, { namespace }) {
        servicePods(regionPods, namespace)
          .at(0)
          ?.spec?.volumes?.push({ name: "t", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } });
      },
    },
    {
      name: "another pod than the export's has a token for the cloud",
      apply: ({ regionPods }, { namespace }) =>
        project(servicePods(regionPods, namespace).findLast(isOther)?.spec, cloudAudience),
    },
    {
      name: "the export has a token for Kubernetes besides",
      apply: ({ regionPods }, { namespace }) =>
        project(servicePods(regionPods, namespace).find((pod) => !isOther(pod))?.spec, undefined),
    },
  ],
});

function tokensOf(spec: V1PodSpec | undefined) {
  const sources = (spec?.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  return sources.flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []);
}

const isOther = ({ spec }: V1Pod) => spec?.serviceAccountName !== exporter;

function project(spec: V1PodSpec | undefined, audience: string | undefined): undefined | false {
  if (!spec?.volumes) return false;
  const serviceAccountToken = { path: "t", ...(audience ? { audience } : {}) };
  spec.volumes.push({ name: "t", projected: { sources: [{ serviceAccountToken }] } });
  return undefined;
}

function bind(bindings: object[], subject: RbacV1Subject): undefined {
  bindings.push({
    metadata: { name: "sabotage", namespace: "default" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [subject],
  });
}

/** An account of a RoleBinding without a namespace is one of the binding's own. */
function isOwn({ kind, name, namespace: of }: RbacV1Subject, namespace: string, home: string | undefined): boolean {
  if (kind === "ServiceAccount") return (of ?? home) === namespace;
  if (kind === "Group") return name === `system:serviceaccounts:${namespace}`;
  return name.startsWith(`system:serviceaccount:${namespace}:`);
}

/** A namespace's own Role is not looked up: given to everybody, it is more than anybody needs. */
function rulesOf({ kind, name }: { kind: string; name: string }, roles: V1ClusterRole[]): V1PolicyRule[] {
  const found = kind === "ClusterRole" ? roles.find(({ metadata }) => metadata?.name === name) : undefined;
  return found ? (found.rules ?? []) : [{ apiGroups: ["*"], resources: [`${kind} ${name}`], verbs: ["*"] }];
}

function isHarmless({ nonResourceURLs, resources = [], verbs }: V1PolicyRule): boolean {
  if (resources.length > 0) return resources.every((one) => selfReviews.includes(one)) && verbs.join() === "create";
  return (nonResourceURLs ?? []).length > 0 && verbs.join() === "get" && !nonResourceURLs?.includes("*");
}
