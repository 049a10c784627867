/** Rights and ways inside a cluster. */
import { podSecurityExceptions } from "../../components/workloads/pod-security.ts";
import { objectOf, objectsOf, textOf, textsOf } from "../inputs.ts";
import type { Inputs, Rule, Seen, StackRule } from "../rule.ts";

const bindings = [
  "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
  "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
] as const;

export const rightsNamed: Rule = {
  name: "rights-named",
  controls: ["k8s-rbac-service-accounts", "k8s-platform-accounts-scoped"],
  says: "A role names its groups, resources and verbs; none is '*'.",
  types: ["kubernetes:rbac.authorization.k8s.io/v1:Role", "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"],
  judge: ({ rules }) =>
    objectsOf(rules).flatMap((rule) =>
      ["apiGroups", "resources", "verbs", "nonResourceURLs"]
        .filter((part) => textsOf(rule[part]).includes("*"))
        .map((part) => `${part} has '*'`),
    ),
};

const everybody = new Set([
  "system:anonymous",
  "system:unauthenticated",
  "system:authenticated",
  "system:serviceaccounts",
]);

export const nobodyIsAdmin: Rule = {
  name: "nobody-is-admin",
  controls: ["k8s-rbac-service-accounts", "verify-clusterrolebindings"],
  says: "Nothing is bound to cluster-admin, and no role to everybody.",
  types: [...bindings],
  judge: ({ roleRef, subjects }) => {
    const role = textOf(objectOf(roleRef).name);
    return [
      ...(["cluster-admin", "admin", "edit"].includes(role) ? [`bound to ${role}`] : []),
      ...objectsOf(subjects)
        .map(({ name }) => textOf(name))
        .filter((name) => everybody.has(name))
        .map((name) => `bound to everybody (${name})`),
    ];
  },
};

export const nothingListensOutside: StackRule = {
  name: "nothing-listens-outside",
  controls: ["net-no-inbound-firewall-rules", "tunnel-service-initiates"],
  says: "No Service asks the cloud for a balancer or stands for another host; a node's port is open only where this stack's own balancer forwards to it.",
  judge(resources) {
    const forwarded = new Set(
      resources
        .filter(({ type }) => type === "aws:lb/targetGroup:TargetGroup")
        .map(({ inputs }) => Number(inputs.port)),
    );
    return resources
      .filter(({ type }) => type === "kubernetes:core/v1:Service")
      .flatMap((resource) => openings(objectOf(resource.inputs.spec), forwarded).map((words) => ({ resource, words })));
  },
};

function openings({ type, externalIPs, ports }: Inputs, forwarded: ReadonlySet<number>): string[] {
  return [
    ...(type === "LoadBalancer" || type === "ExternalName" ? [`type ${type}`] : []),
    ...(type === "NodePort"
      ? objectsOf(ports)
          .map(({ nodePort }) => Number(nodePort))
          .filter((port) => !forwarded.has(port))
          .map((port) => `node port ${port} is open, and no balancer of this stack forwards to it`)
      : []),
    ...(textsOf(externalIPs).length > 0 ? ["externalIPs are set"] : []),
  ];
}

const level = "pod-security.kubernetes.io/enforce";
const companions: Record<string, string> = {
  "kubernetes:core/v1:ResourceQuota": "a ResourceQuota",
  "kubernetes:core/v1:LimitRange": "a LimitRange",
  "kubernetes:networking.k8s.io/v1:NetworkPolicy": "a NetworkPolicy that denies both ways by default",
};

export const namespaceIsWhole: StackRule = {
  name: "namespace-is-whole",
  controls: ["ns-resource-quota", "ns-network-policies", "k8s-pod-security-non-root"],
  says: "A namespace enforces 'restricted', or the level of its exception, and holds a quota, limits and a policy that denies both ways.",
  judge(resources) {
    const inside = (namespace: string, type: string) =>
      resources.filter((other) => other.type === type && namespaceOf(other) === namespace);
    return resources
      .filter(({ type }) => type === "kubernetes:core/v1:Namespace")
      .flatMap((resource) => {
        const metadata = objectOf(resource.inputs.metadata);
        const enforced = objectOf(metadata.labels)[level];
        const name = textOf(metadata.name);
        return [
          ...(enforced === "restricted" || enforced === podSecurityExceptions[name]?.level
            ? []
            : [{ resource, words: `${level} is ${textOf(enforced) || "not set"}` }]),
          ...Object.entries(companions)
            .filter(([type]) => !inside(name, type).some(isCompanion))
            .map(([, words]) => ({ resource, words: `it lacks ${words}` })),
        ];
      });
  },
};

function namespaceOf({ inputs }: Seen): string {
  return textOf(objectOf(inputs.metadata).namespace);
}

/** Of policies only the one for all pods counts, with nothing allowed by it. */
function isCompanion({ type, inputs }: Seen): boolean {
  if (!type.endsWith(":NetworkPolicy")) return true;
  const { podSelector, policyTypes, ingress, egress } = objectOf(inputs.spec);
  const all = Object.keys(objectOf(podSelector)).length === 0;
  const both = ["Ingress", "Egress"].every((way) => textsOf(policyTypes).includes(way));
  return all && both && objectsOf(ingress).length === 0 && objectsOf(egress).length === 0;
}
