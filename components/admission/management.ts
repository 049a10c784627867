/**
 * BYOC: what the vendor's managers may do in a customer's cluster, as one table. RBAC grants exactly this; the admission
 * policy lets nothing else of theirs pass, so that a right given elsewhere by mistake changes nothing.
 */
import { refusal } from "../../shared/errors.ts";
import type { PlainRule } from "../workloads/service-spec.ts";
import { join, list, text } from "./cel.ts";
import { servingHomes, servingRights, servingValidations, servingVariables } from "./management-serving.ts";
import type { Policy } from "./policy.ts";

/** Each level holds those before it. */
export const managementLevels = ["read-only", "no-delete", "full"] as const;
export type ManagementLevel = (typeof managementLevels)[number];

/**
 * The vendor's managers as the cluster's authentication names them: a group that an access entry gives (EKS), or one
 * user, a service account's e-mail (GKE, where groups are those of somebody's Workspace) or an identity's object id (AKS).
 */
export type Managers =
  | {
      /** Without `:` at its end and never one of Kubernetes' own. */
      group: string;
    }
  | { user: string };

export type Management = Managers & { level: ManagementLevel };

/** As RBAC's subjects and CEL name them. */
export function managersOf(managers: Managers): { kind: "Group" | "User"; name: string; isCaller: string } {
  if ("user" in managers) {
    const name = managers.user;
    return { kind: "User", name, isCaller: `request.userInfo.username == ${text(name)}` };
  }
  const name = managers.group;
  const isCaller = `request.userInfo.?groups.orValue([]).exists(group, group == ${text(name)})`;
  return { kind: "Group", name, isCaller };
}

export interface ManagementRight {
  from: ManagementLevel;
  /** `platform`: in the namespace of the platform's services only; the last two: in those of what serves apps. */
  where: "cluster" | "platform" | keyof typeof servingHomes;
  /** What it is for. */
  purpose: string;
  rules: PlainRule[];
}

const read = ["get", "list", "watch"];

/**
 * Secrets, ConfigMaps, TaskActions and logs of task pods are in none of them: data and what leads to it. Workloads are
 * not created nor changed: whoever writes a pod's specification acts as its service account.
 */
const managementRights: ManagementRight[] = [
  {
    from: "read-only",
    where: "cluster",
    purpose: "see nodes, workloads and their health",
    rules: [
      { apiGroups: [""], resources: ["nodes", "pods", "services", "endpoints", "namespaces", "events"], verbs: read },
      {
        apiGroups: [""],
        resources: ["resourcequotas", "limitranges", "serviceaccounts", "persistentvolumes", "persistentvolumeclaims"],
        verbs: read,
      },
      { apiGroups: ["apps"], resources: ["deployments", "replicasets", "daemonsets", "statefulsets"], verbs: read },
      { apiGroups: ["batch"], resources: ["jobs", "cronjobs"], verbs: read },
      { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"], verbs: read },
      { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: read },
      { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: read },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
      { apiGroups: ["storage.k8s.io"], resources: ["storageclasses", "volumeattachments", "csinodes"], verbs: read },
      { apiGroups: ["scheduling.k8s.io"], resources: ["priorityclasses"], verbs: read },
      { apiGroups: ["metrics.k8s.io"], resources: ["nodes", "pods"], verbs: ["get", "list"] },
    ],
  },
  {
    from: "read-only",
    where: "cluster",
    purpose: "see the walls: policies, roles and definitions",
    rules: [
      { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: read },
      {
        apiGroups: ["rbac.authorization.k8s.io"],
        resources: ["roles", "rolebindings", "clusterroles", "clusterrolebindings"],
        verbs: read,
      },
      {
        apiGroups: ["admissionregistration.k8s.io"],
        resources: [
          "validatingadmissionpolicies",
          "validatingadmissionpolicybindings",
          "validatingwebhookconfigurations",
          "mutatingwebhookconfigurations",
        ],
        verbs: read,
      },
      { apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs: read },
      { apiGroups: ["apiregistration.k8s.io"], resources: ["apiservices"], verbs: read },
    ],
  },
  {
    from: "read-only",
    where: "platform",
    purpose: "read the platform's own logs",
    rules: [{ apiGroups: [""], resources: ["pods/log"], verbs: ["get"] }],
  },
  {
    from: "no-delete",
    where: "cluster",
    purpose: "cordon and drain nodes",
    rules: [
      { apiGroups: [""], resources: ["nodes"], verbs: ["patch"] },
      { apiGroups: [""], resources: ["pods/eviction"], verbs: ["create"] },
    ],
  },
  {
    from: "no-delete",
    where: "platform",
    purpose: "restart and scale the platform's services",
    rules: [
      { apiGroups: ["apps"], resources: ["deployments"], verbs: ["patch"] },
      { apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["get", "patch", "update"] },
    ],
  },
  {
    from: "full",
    where: "cluster",
    purpose: "remove nodes that are gone",
    rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["delete"] }],
  },
  {
    from: "full",
    where: "platform",
    purpose: "remove stuck pods",
    rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["delete"] }],
  },
];

/** What else there is to manage. */
export interface Served {
  /** @default false */
  servesApps?: boolean;
}

export function rightsOf(level: ManagementLevel, { servesApps = false }: Served = {}): ManagementRight[] {
  const reached = managementLevels.indexOf(level);
  const all = [...managementRights, ...(servesApps ? servingRights : [])];
  return all.filter(({ from }) => managementLevels.indexOf(from) <= reached);
}

/** The same by where they hold; undefined: in the whole cluster. */
export function rightsByPlace<Name>(
  level: ManagementLevel,
  homes: { platform: Name } & Partial<Record<keyof typeof servingHomes, Name>>,
): { where: ManagementRight["where"]; namespace: Name | undefined; rules: PlainRule[] }[] {
  const rights = rightsOf(level, { servesApps: homes.serving !== undefined });
  const places = Map.groupBy(rights, ({ where }) => where);
  return [...places].map(([where, own]) => ({
    where,
    namespace: where === "cluster" ? undefined : homes[where],
    rules: own.flatMap(({ rules }) => rules),
  }));
}

/** Whoever of the vendor manages what serves apps: nobody, where the customer lets them look only. */
export const servingManagers = (management: Management): string | undefined =>
  management.level === "read-only" ? undefined : managersOf(management).name;

/** By the words of `ManagementRight.where`. */
export const homesOf = ({ namespace, servesApps = false }: { namespace: string } & Served) => ({
  platform: namespace,
  ...(servesApps ? servingHomes : {}),
});

/** @throws UserError for a group that others are in as well, and for a user that is no account or identity of a cloud's */
export function checkManagement(managers: Management): void {
  if ("user" in managers) {
    checkManager(managers.user);
    return;
  }
  const { group } = managers;
  if (/^[a-z0-9][a-z0-9:._-]*[a-z0-9]$/.test(group) && !/^(system|eks):/.test(group)) return;
  throw refusal({
    subject: "management.group",
    value: group,
    allowed: "a group of the vendor's own, such as biplane:managers; those of system: and eks: have other members",
  });
}

function checkManager(user: string): void {
  if (/^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z0-9.:-]+\.iam\.gserviceaccount\.com$/.test(user)) return;
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(user)) return;
  throw refusal({
    subject: "management.user",
    value: user,
    allowed: "the e-mail of one service account, <name>@<project>.iam.gserviceaccount.com, or one identity's object id",
  });
}

const operations: Record<string, string> = { create: "CREATE", update: "UPDATE", patch: "UPDATE", delete: "DELETE" };

/** Questions about oneself, which change nothing. */
const harmless = [
  "authorization.k8s.io/selfsubjectaccessreviews:CREATE",
  "authorization.k8s.io/selfsubjectrulesreviews:CREATE",
  "authentication.k8s.io/selfsubjectreviews:CREATE",
];

/** Writes among the rules, as `<group>/<resource>:<operation>`. */
function writesAmong(rules: readonly PlainRule[]): string[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) => (operations[verb] ? `${group}/${resource}:${operations[verb]}` : [])),
      ),
    ),
  );
}

/** Writes that the level allows somewhere. */
export function writesOf(level: ManagementLevel, served: Served = {}): string[] {
  const granted = rightsOf(level, served).flatMap(({ rules }) => rules);
  return [...new Set([...writesAmong(granted), ...harmless])].sort();
}

/** CEL of what RBAC grants, where it does and of which objects: reads never come to admission. */
function permitted(level: ManagementLevel, where: { namespace: string } & Served): string {
  const ways = rightsByPlace(level, homesOf(where)).flatMap(({ namespace, rules }) => {
    const byNames = Map.groupBy(rules, ({ resourceNames = [] }) => list(resourceNames));
    return [...byNames].map(([names, own]) => {
      const asked = [...writesAmong(own), ...(namespace === undefined ? harmless : [])];
      return [
        ...(namespace === undefined ? [] : [`variables.where == ${text(namespace)}`]),
        ...(names === list([]) ? [] : [`request.name in ${names}`]),
        `variables.asked in ${list([...new Set(asked)].sort())}`,
      ].join(" && ");
    });
  });
  return ways.map((way) => `(${way})`).join(" || ");
}

/** Holds in the whole cluster: a pod in kube-system would be a way to everything. */
export function planManagement(management: Management, where: { namespace: string } & Served): Policy {
  const { level } = management;
  const { servesApps = false } = where;
  const { name, isCaller } = managersOf(management);
  const asked =
    `request.resource.group + "/" + request.resource.resource + ` +
    `(request.?subResource.orValue("") == "" ? "" : "/" + request.subResource) + ":" + request.operation`;
  const who = `request.userInfo.username + " of " + ${text(name)}`;
  const template = (object: string) => `${object}.spec.template`;
  const elsewhere = servesApps ? " || variables.releases" : "";
  return {
    name: "management",
    claims: [
      "model-byoc-separated-from-data",
      "human-no-data-store-access",
      "human-byoc-k8s-management",
      "n-human-operator-can-i",
      ...(servesApps ? ["apps-byoc-lifecycle"] : []),
    ],
    guards: [{ group: "*", resources: ["*/*"], operations: ["CREATE", "UPDATE", "DELETE", "CONNECT"] }],
    conditions: [
      {
        name: "by-a-manager",
        expression: isCaller,
      },
    ],
    variables: [
      { name: "asked", expression: asked },
      { name: "where", expression: `request.?namespace.orValue("")` },
      ...(servesApps ? servingVariables : []),
    ],
    validations: [
      {
        expression: permitted(level, where),
        told: join(
          who,
          `" asks for " + variables.asked`,
          text(
            `; allowed at level ${level}: what the customer granted to managers. Data, Secrets, sessions and workloads are not among it.`,
          ),
        ),
      },
      {
        expression:
          `variables.asked != "apps/deployments:UPDATE"${elsewhere} || (${template("object")}.spec == ${template("oldObject")}.spec && ` +
          `${template("object")}.metadata.?labels == ${template("oldObject")}.metadata.?labels)`,
        told: join(
          who,
          `" changes what deployment " + request.name + " runs"`,
          text("; allowed: restart and scale. What runs is changed by the customer stack."),
        ),
      },
      ...(servesApps ? servingValidations(who) : []),
    ],
  };
}
