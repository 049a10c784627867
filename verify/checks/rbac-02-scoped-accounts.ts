import type { V1PolicyRule } from "@kubernetes/client-node";
import { defineClusterCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { describeRule } from "../reason/kubernetes.ts";
import { accountsNamedIn, type Grant, grantsByAccount, type RbacFacts, textOf } from "../reason/rbac/grants.ts";
import { inOwnNamespaces, ownNamespaces, type PlaneTarget, projectNamespaces } from "../target.ts";

const lists = ["serviceAccounts", "roles", "clusterRoles", "roleBindings", "clusterRoleBindings"] as const;
type ScopeFacts = RbacFacts & Pick<Facts, "serviceAccounts">;

/** Roles of our namespaces, bound or not, and what our accounts hold by a role of any other place. */
export const platformRolesScoped = defineClusterCheck({
  id: "RBAC-02",
  title: "No role of our namespaces and no right of our accounts uses a wildcard, and none reads secrets but by name",
  severity: "high",
  claims: ["k8s-platform-accounts-scoped"],
  documented: ["C03"],
  fix: "Name the groups, resources and verbs that the component uses; give secrets by resourceNames.",
  needs: lists,
  evaluate: (facts, target) => [
    // Every cluster has bindings and every plane makes some: a list without one was not told whole.
    ...lists.filter((name) => facts[name].length === 0).map((name) => fail(name, "the cluster told of none at all")),
    ...judgeRoles(facts, target),
    ...judgeAccounts(facts, target),
  ],
  sabotages: [
    {
      name: "the last role gains a rule on every secret",
      apply(facts, target) {
        const role = facts.roles.findLast(inOwnNamespaces(target));
        if (!role) return false;
        role.rules = [...(role.rules ?? []), secretsRule("get")];
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
    {
      name: "one subresource of everything",
      apply(facts, target) {
        const role = facts.roles.find(inOwnNamespaces(target));
        if (!role) return false;
        role.rules = [{ apiGroups: ["apps"], resources: ["*/scale"], verbs: ["patch"] }, ...(role.rules ?? [])];
        return undefined;
      },
    },
    {
      name: "the first account holds a cluster-wide role on secrets in the last project",
      apply(facts, target) {
        const account = facts.serviceAccounts.find(inOwnNamespaces(target))?.metadata;
        if (!account?.name) return false;
        const namespace = projectNamespaces(target).at(-1) ?? "";
        bind(
          facts,
          "list",
          { kind: "ServiceAccount", name: account.name, namespace: account.namespace ?? "" },
          namespace,
        );
        return undefined;
      },
    },
    {
      name: "an account that is not made yet waits for a role on secrets, by its user's name",
      apply(facts, { namespace }) {
        bind(facts, "get", { kind: "User", name: `system:serviceaccount:${namespace}:later` }, "kube-system");
      },
    },
    {
      name: "all accounts of the last project watch every secret of the cluster, by their group",
      apply(facts, target) {
        bind(facts, "watch", { kind: "Group", name: `system:serviceaccounts:${projectNamespaces(target).at(-1)}` });
      },
    },
    {
      name: "all service accounts delete secrets of another namespace",
      apply(facts) {
        bind(facts, "delete", { kind: "Group", name: "system:serviceaccounts" }, "kube-system");
      },
    },
    {
      name: "whoever signs in reads every secret of the cluster",
      apply(facts) {
        bind(facts, "get", { kind: "Group", name: "system:authenticated" });
      },
    },
  ],
});

function judgeRoles({ roles }: Pick<Facts, "roles">, target: PlaneTarget): Finding[] {
  return roles.filter(inOwnNamespaces(target)).map(({ metadata, rules }) => {
    const subject = `Role/${metadata?.namespace}/${metadata?.name}`;
    const wide = (rules ?? []).find((rule) =>
      [...(rule.apiGroups ?? []), ...(rule.resources ?? []), ...rule.verbs].some(isWild),
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
}

/** Each account of our namespaces, and each that a binding names there before it is made. */
function judgeAccounts(facts: ScopeFacts, target: PlaneTarget): Finding[] {
  const homes = ownNamespaces(target);
  const made = facts.serviceAccounts.map(({ metadata = {} }) => ({
    namespace: metadata.namespace ?? "",
    name: metadata.name ?? "",
  }));
  const all = [...made, ...accountsNamedIn(facts)].map((one) => [`${one.namespace}/${one.name}`, one] as const);
  const ours = [...new Map(all).values()].filter(({ namespace }) => homes.includes(namespace));
  const grantsOf = grantsByAccount(facts);
  return [
    ...homes
      .filter((home) => !ours.some(({ namespace }) => namespace === home))
      .map((home) => fail(`Namespace/${home}`, "no service account was seen, and Kubernetes makes one in each")),
    ...ours.map((account): Finding => {
      const subject = `ServiceAccount/${account.namespace}/${account.name}`;
      const granted = grantsOf(account);
      const wide = granted.find(({ group, resource, verb }) => [group, resource, verb].some(isWild));
      if (wide) return fail(subject, `wildcard: may ${textOf(wide)}, by ${wide.via}`);
      const secrets = granted.find(readsEverySecret);
      if (secrets) return fail(subject, `every secret: may ${textOf(secrets)}, by ${secrets.via}`);
      return pass(subject, `${granted.length} rights by bindings of any kind, no wildcard and no secret but by name`);
    }),
  ];
}

function readsEverySecret({ resource, name, verb }: Grant): boolean {
  return resource === "secrets" && name === undefined && verb !== "create";
}

/** `*` alone, and `*` before a subresource, which is that of everything; a path's `*` too. */
function isWild(word: string): boolean {
  return word.includes("*");
}

function secretsRule(verb: string): V1PolicyRule {
  return { apiGroups: [""], resources: ["secrets"], verbs: [verb] };
}

/** By a role of the cluster's, which is none of our namespaces'. @param namespace undefined: in the whole cluster */
function bind(
  facts: RbacFacts,
  verb: string,
  subject: { kind: string; name: string; namespace?: string },
  namespace?: string,
): undefined {
  const metadata = { name: "secret-holder" };
  facts.clusterRoles.push({ metadata, rules: [secretsRule(verb)] });
  const binding = {
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: metadata.name },
    subjects: [subject],
  };
  if (namespace === undefined) facts.clusterRoleBindings.push({ metadata, ...binding });
  else facts.roleBindings.push({ metadata: { ...metadata, namespace }, ...binding });
}
