/** What a cluster manager of the vendor could still do: judged from the table of rights, for people who decide. */
import { type ManagementLevel, rightsOf, type Served, writesOf } from "./management.ts";

/** One thing that a manager might want to do to come nearer to data. */
interface Power {
  power: string;
  /** Any of these is enough; the verb is RBAC's, or `connect`. */
  by: { group: string; resource: string; verbs: string[] }[];
  /** What stays possible although the right is there. @default all of it */
  narrowed?: string;
  /** The same where apps are served; all of it, where nothing else is. @default nothing more */
  served?: string;
}

const core = (resource: string, ...verbs: string[]) => ({ group: "", resource, verbs });
const apps = (resource: string, ...verbs: string[]) => ({ group: "apps", resource, verbs });
const rbac = (resource: string, ...verbs: string[]) => ({ group: "rbac.authorization.k8s.io", resource, verbs });
const admission = (resource: string, ...verbs: string[]) => ({
  group: "admissionregistration.k8s.io",
  resource,
  verbs,
});
const change = ["create", "update", "patch"];

export const powers: Power[] = [
  { power: "read Secrets", by: [core("secrets", "get", "list", "watch")] },
  {
    power: "read ConfigMaps",
    by: [core("configmaps", "get", "list", "watch")],
    served: "Knative's settings that they change, by name",
  },
  {
    power: "change ConfigMaps",
    by: [core("configmaps", ...change)],
    served: "how every app is scaled, its defaults, and the release of the proxy beside it",
  },
  {
    power: "read TaskActions, which name inputs and outputs",
    by: [{ group: "flyte.org", resource: "taskactions", verbs: ["get", "list", "watch"] }],
  },
  {
    power: "open a session in a container",
    by: ["exec", "attach", "portforward", "proxy"].map((way) => core(`pods/${way}`, "create", "get")),
  },
  { power: "put a debugging container into a pod", by: [core("pods/ephemeralcontainers", "update", "patch")] },
  {
    power: "reach pods through the API server or a kubelet",
    by: [core("services/proxy", "create", "get"), core("nodes/proxy", "create", "get")],
  },
  { power: "mint a token of an account", by: [core("serviceaccounts/token", "create")] },
  {
    power: "act as somebody else",
    by: [core("users", "impersonate"), core("groups", "impersonate"), core("serviceaccounts", "impersonate")],
  },
  {
    power: "run a container of their own",
    by: [
      core("pods", "create"),
      { group: "batch", resource: "jobs", verbs: change },
      apps("daemonsets", ...change),
      apps("statefulsets", ...change),
    ],
  },
  {
    power: "change Deployments",
    by: [apps("deployments", ...change)],
    narrowed: "restart the platform's services and change their number, down to none; never what they run",
    served:
      "other releases of Knative and Kourier, from the repositories that they come from: who writes there what these are runs code that every app's requests pass",
  },
  {
    power: "grant rights",
    by: [
      rbac("roles", ...change),
      rbac("rolebindings", ...change),
      rbac("clusterroles", ...change),
      rbac("clusterrolebindings", ...change),
    ],
  },
  {
    power: "take admission policies away",
    by: [
      admission("validatingadmissionpolicies", ...change, "delete"),
      admission("validatingadmissionpolicybindings", ...change, "delete"),
    ],
  },
  {
    power: "open the network",
    by: [{ group: "networking.k8s.io", resource: "networkpolicies", verbs: [...change, "delete"] }],
  },
  { power: "change namespaces", by: [core("namespaces", ...change, "delete")] },
  {
    power: "read pods' specifications",
    by: [core("pods", "get", "list", "watch")],
    narrowed:
      "see images, arguments and plain environment variables of task pods, as the control plane does; no value of a Secret",
  },
  { power: "read logs of task pods", by: [] },
  {
    power: "read the platform's logs",
    by: [core("pods/log", "get")],
    narrowed: "in the platform's namespace only; the services log no data",
  },
  {
    power: "change nodes",
    by: [core("nodes", "patch", "update", "delete")],
    narrowed: "cordon, label and taint nodes, and so choose where pods run",
  },
  {
    power: "stop pods",
    by: [core("pods/eviction", "create"), core("pods", "delete")],
    narrowed: "end running tasks, which are tried again; evictions heed disruption budgets, deletions do not",
  },
];

export interface Residual {
  level: ManagementLevel;
  /** Left open by both, in words. */
  open: string[];
  closed: { power: string; by: ("RBAC" | "admission")[] }[];
  /** What neither RBAC nor admission can decide. */
  beyond: string[];
}

/** Whoever holds these stands above everything that is inside the cluster. */
const beyond = [
  "who may change the cluster's access entries (eks:*AccessEntry, eks:AssociateAccessPolicy) becomes cluster-admin: the management role's permissions boundary must deny it",
  "admission policies cannot guard themselves: Kubernetes exempts them, so RBAC alone keeps managers from them",
  "admission is not asked about reads: RBAC alone keeps managers from Secrets",
  "who runs the customer stack is cluster-admin and sets all of this: where that is the vendor, none of it binds that identity",
  "who may change node groups or their launch templates runs code on nodes: the management role's boundary must deny it or leave it open knowingly",
];

/** Pure: the same level gives the same words. */
export function residualOf(level: ManagementLevel, where: Served = {}): Residual {
  const granted = rightsOf(level, where).flatMap(({ rules }) => rules);
  const writes = writesOf(level, where);
  const residual: Residual = { level, open: [], closed: [], beyond };
  for (const { power, by, narrowed, served } of powers) {
    const allowed = by.some(({ group, resource, verbs }) =>
      granted.some(
        (rule) =>
          rule.apiGroups.includes(group) &&
          rule.resources.includes(resource) &&
          verbs.some((verb) => rule.verbs.includes(verb)),
      ),
    );
    const left = [narrowed, where.servesApps ? served : undefined].filter((part) => part !== undefined).join("; ");
    if (allowed) residual.open.push(left ? `${power}: ${left}` : power);
    else
      residual.closed.push({
        power,
        by: by.some((way) => refusedAtAdmission(way, writes)) ? ["RBAC", "admission"] : ["RBAC"],
      });
  }
  return residual;
}

/** Kubernetes lets no policy judge admission's own objects, and asks none about reads or impersonation. */
function refusedAtAdmission({ group, resource, verbs }: Power["by"][number], writes: string[]): boolean {
  if (group === "admissionregistration.k8s.io") return false;
  const session = /\/(exec|attach|portforward|proxy)$/.test(resource);
  const operations = verbs.flatMap((verb) => {
    if (session) return ["CONNECT"];
    return { create: ["CREATE"], update: ["UPDATE"], patch: ["UPDATE"], delete: ["DELETE"] }[verb] ?? [];
  });
  return (
    operations.length > 0 && operations.every((operation) => !writes.includes(`${group}/${resource}:${operation}`))
  );
}

/** @returns lines to print */
export function describeResidual({ level, open, closed, beyond }: Residual): string[] {
  return [
    `A cluster manager of the vendor (level ${level}) can still:`,
    ...open.map((line) => `  - ${line}`),
    "and cannot:",
    ...closed.map(({ power, by }) => `  - ${power} (${by.join(" and ")})`),
    "Beyond what a cluster can decide about itself:",
    ...beyond.map((line) => `  - ${line}`),
  ];
}
