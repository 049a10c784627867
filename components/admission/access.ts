/** Who may be given what: roles, bindings, cloud roles, long-lived tokens, and the namespaces' own standard. */
import type { Input } from "@pulumi/pulumi";
import { all } from "@pulumi/pulumi";
import { syncAccount, syncClusterRole } from "../compute-plane/on-demand.ts";
import { type Cloud, identityAnnotations } from "../identity/contract.ts";
import { storeName, storeNamespace } from "../metrics-store/contract.ts";
import { join, list, map, text } from "./cel.ts";
import { ownNamespaces, type Place, restrictedNamespaces } from "./place.ts";
import type { Policy } from "./policy.ts";

const rbac = "rbac.authorization.k8s.io";
const standard = "pod-security.kubernetes.io/enforce";

/** Verbs by which an account makes itself more than it is. */
const escalating = ["escalate", "bind", "impersonate"];

/** A Role of ours names what it grants: no wildcard, no Secret read but by name, nothing by which it could grow. */
export function planRoles(place: Place): Policy {
  const wild = ["apiGroups", "resources", "verbs"].map((field) => `"*" in rule.?${field}.orValue([])`).join(" || ");
  const grows = `rule.?verbs.orValue([]).exists(verb, verb in ${list(escalating)})`;
  const named = "size(rule.?resourceNames.orValue([])) != 0";
  // Who makes one knows what is in it; RBAC has no names for what is not there yet.
  const onlyMakes = `rule.?verbs.orValue([]).all(verb, verb == "create")`;
  const secrets = `"secrets" in rule.?resources.orValue([]) && !(${named} || ${onlyMakes})`;
  const rules = (fault: string) => `object.?rules.orValue([]).all(rule, !(${fault}))`;
  const told = (fault: string, allowed: string) =>
    join(`"role " + object.metadata.name`, text(` ${fault}; allowed: ${allowed}.`));
  return {
    name: "roles",
    claims: ["k8s-platform-accounts-scoped", "k8s-rbac-service-accounts", "lp-service-accounts-minimal"],
    guards: [{ group: rbac, resources: ["roles"], operations: ["CREATE", "UPDATE"] }],
    namespaces: ownNamespaces(place),
    validations: [
      { expression: rules(wild), told: told("has a rule with *", "groups, resources and verbs by name") },
      {
        expression: rules(secrets),
        told: told("reaches every Secret", "Secrets by resourceNames, and making new ones"),
      },
      {
        expression: rules(grows),
        told: told(`may make itself more (${escalating.join(", ")})`, "none of these verbs"),
      },
    ],
  };
}

/** Whom a binding may name, beside the accounts of its own and of the platform's namespace. */
export interface BoundGroups {
  /** The customer's own people, in every namespace. */
  operators: string[];
  /** The vendor's managers, in the platform's namespace and in those of what serves apps. */
  managers?: { kind: "Group" | "User"; name: string };
}

export function planBindings(place: Place, { operators, managers }: BoundGroups): Policy {
  const serving = place.serving ?? [];
  const isManaged =
    serving.length === 0
      ? `request.namespace == ${text(place.namespace)}`
      : `request.namespace in ${list([place.namespace, ...serving])}`;
  const home = `subject.?namespace.orValue("") in [request.namespace, ${text(place.namespace)}]`;
  const named = (kind: "Group" | "User") => list(managers?.kind === kind ? [managers.name] : []);
  const known = `subject.name in ${list(operators)} || (${isManaged} && subject.name in ${named("Group")})`;
  const user =
    managers?.kind === "User" ? ` || (subject.kind == "User" && ${isManaged} && subject.name in ${named("User")})` : "";
  const stranger = `!((subject.kind == "ServiceAccount" && ${home}) || (subject.kind == "Group" && (${known}))${user})`;
  const binding = `"binding " + object.metadata.name`;
  return {
    name: "bindings",
    claims: ["ns-rbac-bindings", "human-no-infra-access-self-managed", "tenant-no-foreign-workloads"],
    guards: [{ group: rbac, resources: ["rolebindings"], operations: ["CREATE", "UPDATE"] }],
    namespaces: [...ownNamespaces(place), ...serving],
    variables: [{ name: "strangers", expression: `object.?subjects.orValue([]).filter(subject, ${stranger})` }],
    validations: [
      {
        expression: `object.roleRef.kind == "Role" || object.roleRef.name == "view"`,
        told: join(
          binding,
          `" gives the cluster role " + object.roleRef.name`,
          text("; allowed: a Role of the namespace, or the cluster role view, which reads no Secrets."),
        ),
      },
      {
        expression: "size(variables.strangers) == 0",
        told: join(
          binding,
          `" names " + variables.strangers[0].kind + " " + variables.strangers[0].name`,
          text("; allowed: accounts of this and of the platform's namespace"),
          text(", and the groups that the stack names (operatorGroups)."),
        ),
      },
    ],
  };
}

/**
 * No account of ours, and nobody at large, gets rights in the whole cluster, but the sync and the metrics store each its
 * own role. That stands here also where neither is made: policies are read anew about once a second, and the binding that
 * comes with the first one would still be judged by the old words.
 */
export function planClusterBindings(place: Place): Policy {
  const homes = ownNamespaces(place);
  const ours = `subject.kind == "ServiceAccount" && subject.?namespace.orValue("") in ${list(homes)}`;
  const groups = list(homes.map((namespace) => `system:serviceaccounts:${namespace}`));
  const crowd = list(["system:serviceaccounts", "system:authenticated", "system:unauthenticated"]);
  const everybody = `object.roleRef.name == "cluster-admin" && subject.name in ${crowd}`;
  const reached = `(${ours}) || (subject.kind == "Group" && (subject.name in ${groups} || (${everybody})))`;
  return {
    name: "cluster-bindings",
    claims: ["verify-clusterrolebindings", "k8s-platform-accounts-scoped"],
    guards: [{ group: rbac, resources: ["clusterrolebindings"], operations: ["CREATE", "UPDATE"] }],
    variables: [
      {
        name: "reached",
        expression: `object.?subjects.orValue([]).filter(subject, ${besideOwn(place, reached)})`,
      },
    ],
    validations: [
      {
        expression: "size(variables.reached) == 0",
        told: join(
          `"binding " + object.metadata.name`,
          `" gives " + variables.reached[0].kind + " " + variables.reached[0].name`,
          text(" a role in the whole cluster; allowed: a RoleBinding in the namespace where it is needed."),
        ),
      },
    ],
  };
}

function besideOwn({ namespace }: Place, reached: string): string {
  const is = (role: string, home: string, account: string) =>
    `(object.roleRef.kind == "ClusterRole" && object.roleRef.name == ${text(role)} && ` +
    `subject.kind == "ServiceAccount" && subject.?namespace.orValue("") == ${text(home)} && ` +
    `subject.name == ${text(account)})`;
  const isSync = is(syncClusterRole(namespace), namespace, syncAccount);
  return `(${reached}) && !(${isSync} || ${is(storeName, storeNamespace, storeName)})`;
}

/** @param roles what each account that is anybody in the cloud is there: `<namespace>/<account>` → ARN or e-mail */
export function planAccounts(place: Place, roles: Record<string, Input<string>>, cloud: Cloud): Policy {
  const given = all(roles).apply((known) => map(known));
  return {
    name: "accounts",
    claims: ["iam-sa-role-arn-annotation", "iam-account-role-map-appendix-e", "iam-user-sa-annotation"],
    guards: [{ resources: ["serviceaccounts"], operations: ["CREATE", "UPDATE"] }],
    namespaces: ownNamespaces(place),
    variables: [
      { name: "given", expression: given },
      { name: "account", expression: `request.namespace + "/" + object.metadata.name` },
      { name: "role", expression: `object.metadata.?annotations[?${text(identityAnnotations[cloud])}].orValue("")` },
    ],
    validations: [
      {
        expression:
          `variables.role == "" || ` +
          "(variables.account in variables.given && variables.given[variables.account] == variables.role)",
        told: join(
          `"account " + variables.account + " names cloud role " + variables.role`,
          `"; allowed: " + (variables.account in variables.given ? variables.given[variables.account] : "none")`,
          text(". Roles are given by the customer stack."),
        ),
      },
    ],
  };
}

/** A token that is kept in a Secret never ends; those that the kubelet asks for do. */
export function planTokens(place: Place): Policy {
  return {
    name: "tokens",
    claims: ["k8s-task-accounts-minimal", "iam-no-static-credentials"],
    guards: [{ resources: ["secrets"], operations: ["CREATE", "UPDATE"] }],
    namespaces: ownNamespaces(place),
    validations: [
      {
        expression: `object.?type.orValue("") != "kubernetes.io/service-account-token"`,
        told: join(
          `"secret " + object.metadata.name`,
          text(" would hold an account's token for ever; allowed: tokens that the kubelet projects and renews."),
        ),
      },
    ],
  };
}

/** The label that makes a namespace restricted stays, whoever may write namespaces. */
export function planNamespaces(place: Place): Policy {
  return {
    name: "namespaces",
    claims: ["k8s-pod-security-non-root", "verify-pod-security-context"],
    guards: [{ resources: ["namespaces"], operations: ["CREATE", "UPDATE"] }],
    namespaces: [...restrictedNamespaces(place), ...(place.beside ?? [])],
    variables: [{ name: "level", expression: `object.metadata.?labels[?${text(standard)}].orValue("none")` }],
    validations: [
      {
        // One that goes is let go, whatever its labels.
        expression: `variables.level == "restricted" || has(object.metadata.deletionTimestamp)`,
        told: join(
          `"namespace " + object.metadata.name + " has the Pod Security level " + variables.level`,
          text("; allowed: restricted. What needs more has a namespace of its own."),
        ),
      },
    ],
  };
}
