/** What RBAC gives an account: every binding that reaches it, its role's rules, as single grants. */
import type { V1PolicyRule } from "@kubernetes/client-node";
import type { Facts } from "../../facts.ts";

/** One right, as small as rules can say it; `*` stays `*`. */
export interface Grant {
  /** Where it holds; undefined: in the whole cluster. */
  namespace?: string;
  /** API group, `core` for the first one; or a path that is no resource. */
  group: string;
  resource: string;
  /** One object only. */
  name?: string;
  verb: string;
  /** Binding that gives it. */
  via: string;
}

/** The group of whoever signs in, beside all others that they are of. */
export const whoeverSignsIn = "system:authenticated";

export interface Account {
  namespace: string;
  name: string;
}

export type RbacFacts = Pick<Facts, "roles" | "clusterRoles" | "roleBindings" | "clusterRoleBindings">;

interface Subject {
  kind: string;
  name: string;
  namespace?: string;
}

interface Binding {
  metadata?: { namespace?: string; name?: string };
  roleRef: { kind: string; name: string };
  subjects?: Subject[];
}

/** What Kubernetes gives everybody whom it knows: to look at paths that are no resource, and to ask about oneself. */
function isEverybodys({ group, resource, verb }: Grant): boolean {
  if (resource === "") return verb === "get";
  const asks = /^self(subject(access|rules)?reviews)$/.test(resource);
  return asks && verb === "create" && /^(authorization|authentication)\.k8s\.io$/.test(group);
}

/**
 * Grants of one service account, by its own name and by the groups of all service accounts, of its namespace's and of
 * everybody who is authenticated, beyond what everybody has. A binding to a role that does not exist gives nothing.
 */
export function grantsTo(account: Account, facts: RbacFacts): Grant[] {
  return grantsByAccount(facts)(account);
}

/** As `grantsTo`, for many accounts of one cluster. */
export function grantsByAccount(facts: RbacFacts): (account: Account) => Grant[] {
  const bindings = bindingsByAccount(facts);
  const grantsOf = grantsIn(facts);
  return (account) =>
    bindings(account)
      .flatMap(grantsOf)
      .filter((grant) => !isEverybodys(grant));
}

/** Titles of the bindings that reach an account, whatever their roles say. */
export function bindingsTo(account: Account, facts: Pick<RbacFacts, "roleBindings" | "clusterRoleBindings">): string[] {
  return bindingsByAccount(facts)(account).map(titleOf);
}

/** Grants of a group. */
export function grantsToGroup(group: string, facts: RbacFacts): Grant[] {
  return grantsToNamed({ kind: "Group", name: group }, facts);
}

/** Without the names of objects: for who asks of a kind, a right on one named object is a right on it. */
export function onAnyName(grants: readonly Grant[]): Grant[] {
  return grants.map(({ name: _, ...grant }) => grant);
}

/** Grants of bindings that name somebody, and of no other. */
export function grantsToNamed(who: { kind: "Group" | "User"; name: string }, facts: RbacFacts): Grant[] {
  return bindingsOf(facts)
    .filter(({ subjects = [] }) => subjects.some(({ kind, name }) => kind === who.kind && name === who.name))
    .flatMap(grantsIn(facts));
}

/** Grants of a person by the name that the API server knows, and as everybody who is authenticated. */
export function grantsToUser(user: string, facts: RbacFacts): Grant[] {
  return bindingsOf(facts)
    .filter(({ subjects = [] }) =>
      subjects.some(
        ({ kind, name }) => (kind === "User" && name === user) || (kind === "Group" && name === whoeverSignsIn),
      ),
    )
    .flatMap(grantsIn(facts));
}

/** Everybody who is named in a binding and is no service account, each once. */
export function namedIn(
  facts: Pick<RbacFacts, "roleBindings" | "clusterRoleBindings">,
): { kind: "User" | "Group"; name: string }[] {
  const named = bindingsOf(facts)
    .flatMap(({ subjects = [] }) => subjects)
    .flatMap(({ kind, name }) => (kind === "User" || kind === "Group" ? [{ kind, name } as const] : []));
  return [...new Map(named.map((one) => [`${one.kind}/${one.name}`, one])).values()];
}

/** Service accounts that bindings name, by kind or by their user's name, whether they are made yet or not. */
export function accountsNamedIn(facts: Pick<RbacFacts, "roleBindings" | "clusterRoleBindings">): Account[] {
  return bindingsOf(facts).flatMap(({ metadata, subjects = [] }) =>
    subjects.flatMap(({ kind, name, namespace }): Account[] => {
      const [, home, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name) ?? [];
      if (kind === "User" && home && account) return [{ namespace: home, name: account }];
      return kind === "ServiceAccount" ? [{ namespace: namespace || metadata?.namespace || "", name }] : [];
    }),
  );
}

type PolicyRule = Pick<V1PolicyRule, "apiGroups" | "nonResourceURLs" | "resourceNames" | "resources" | "verbs">;

/** The rules of a table as grants in one namespace, or in the whole cluster. */
export function expand(rules: readonly PolicyRule[], namespace: string | undefined, via: string): Grant[] {
  return rules.flatMap((rule) => {
    const where = namespace === undefined ? {} : { namespace };
    const paths = (rule.nonResourceURLs ?? []).map((path) => ({ group: path, resource: "" }));
    const resources = (rule.apiGroups ?? []).flatMap((group) =>
      (rule.resources ?? []).map((resource) => ({ group: group || "core", resource })),
    );
    const names = rule.resourceNames?.length ? rule.resourceNames.map((name) => ({ name })) : [{}];
    return [...paths, ...resources].flatMap((what) =>
      names.flatMap((named) => rule.verbs.map((verb) => ({ ...where, ...what, ...named, verb, via }))),
    );
  });
}

/** The same right has the same text, whatever gives it. */
export function textOf({ namespace, group, resource, name, verb }: Grant): string {
  const object = name === undefined ? "" : ` "${name}"`;
  const what = resource === "" ? group : `${group}/${resource}`;
  return `${verb} ${what}${object} ${namespace === undefined ? "everywhere" : `in ${namespace}`}`;
}

/** Does one of the grants allow it? `*` as the API server takes it. */
export function allows(grants: readonly Grant[], asked: Omit<Grant, "via">): Grant | undefined {
  const covers = (given: string, wanted: string) => given === "*" || given === wanted;
  return grants.find(
    (grant) =>
      (grant.namespace === undefined || grant.namespace === asked.namespace) &&
      covers(grant.group, asked.group) &&
      (covers(grant.resource, asked.resource) || grant.resource === asked.resource.replace(/^[^/]+(?=\/)/, "*")) &&
      covers(grant.verb, asked.verb) &&
      (grant.name === undefined || grant.name === asked.name),
  );
}

function bindingsOf({
  roleBindings,
  clusterRoleBindings,
}: Pick<RbacFacts, "roleBindings" | "clusterRoleBindings">): Binding[] {
  return [...clusterRoleBindings, ...roleBindings];
}

/** Each binding that reaches an account, once, in the order of `bindingsOf`. */
function bindingsByAccount(
  facts: Pick<RbacFacts, "roleBindings" | "clusterRoleBindings">,
): (account: Account) => Binding[] {
  const bindings = bindingsOf(facts);
  const naming = new Map<string, Set<number>>();
  for (const [at, { metadata, subjects = [] }] of bindings.entries()) {
    for (const subject of subjects) {
      const name = nameOf(subject, metadata?.namespace);
      naming.set(name, (naming.get(name) ?? new Set()).add(at));
    }
  }
  return (account) => {
    const found = new Set(namesOf(account).flatMap((name) => [...(naming.get(name) ?? [])]));
    return bindings.filter((_, at) => found.has(at));
  };
}

/** An account that is named without its namespace is one of the binding's. */
function nameOf({ kind, name, namespace }: Subject, home: string | undefined): string {
  return kind === "ServiceAccount" ? `${kind} ${namespace || home} ${name}` : `${kind} ${name}`;
}

/** Everything that a subject may call an account by. */
function namesOf({ namespace, name }: Account): string[] {
  return [
    `ServiceAccount ${namespace} ${name}`,
    `User system:serviceaccount:${namespace}:${name}`,
    "Group system:serviceaccounts",
    `Group system:serviceaccounts:${namespace}`,
    `Group ${whoeverSignsIn}`,
  ];
}

/** What a binding gives; of two roles of one name the first, as a cluster holds no second. */
function grantsIn({ roles, clusterRoles }: RbacFacts): (binding: Binding) => Grant[] {
  const rolesIn = Map.groupBy(roles, ({ metadata }) => metadata?.namespace);
  return ({ metadata, roleRef }) => {
    const namespace = metadata?.namespace;
    const known = roleRef.kind === "Role" ? (rolesIn.get(namespace) ?? []) : clusterRoles;
    const role = known.find((one) => one.metadata?.name === roleRef.name);
    return expand(role?.rules ?? [], namespace, titleOf({ metadata }));
  };
}

function titleOf({ metadata }: Pick<Binding, "metadata">): string {
  const kind = metadata?.namespace === undefined ? "ClusterRoleBinding" : "RoleBinding";
  return [kind, metadata?.namespace, metadata?.name].filter(Boolean).join("/");
}
