/** Roles, bindings, Services and namespaces of a cluster. */
import * as aws from "@pulumi/aws";
import * as kubernetes from "@pulumi/kubernetes";
import type { Pair } from "./programs.ts";

const role = (verb: string) =>
  new kubernetes.rbac.v1.Role("reader", { rules: [{ apiGroups: [""], resources: ["pods"], verbs: [verb] }] });

const bound = (name: string) =>
  new kubernetes.rbac.v1.ClusterRoleBinding("binding", {
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
    subjects: [{ kind: "ServiceAccount", name: "executor", namespace: "union" }],
  });

function openPort(forwardedTo: number): void {
  new aws.lb.TargetGroup("gateway", { port: forwardedTo, protocol: "TCP", vpcId: "vpc-1" });
  const spec = { type: "NodePort", ports: [{ port: 443, nodePort: 30443 }] };
  new kubernetes.core.v1.Service("gateway", { metadata: { namespace: "one" }, spec });
}

function namespace(level: string): void {
  const labels = { "pod-security.kubernetes.io/enforce": level };
  new kubernetes.core.v1.Namespace("one", { metadata: { name: "one", labels } });
  const metadata = { namespace: "one" };
  new kubernetes.core.v1.ResourceQuota("one", { metadata, spec: { hard: { pods: "10" } } });
  new kubernetes.core.v1.LimitRange("one", { metadata, spec: { limits: [{ type: "Container" }] } });
  const denyAll = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };
  new kubernetes.networking.v1.NetworkPolicy("one", { metadata, spec: denyAll });
}

export const accessPrograms: Record<string, Pair> = {
  "rights-named": { bad: () => role("*"), good: () => role("get") },
  "nobody-is-admin": { bad: () => bound("cluster-admin"), good: () => bound("union-executor") },
  "nothing-listens-outside": { bad: () => openPort(30444), good: () => openPort(30443) },
  "namespace-is-whole": { bad: () => namespace("baseline"), good: () => namespace("restricted") },
};
