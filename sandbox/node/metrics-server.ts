/**
 * What answers the API server's metrics API, where the extended part `metrics` is built: the add-on that an EKS cluster
 * has. It listens on the node's loopback, where only the API server calls it.
 */
import { readFileSync } from "node:fs";
import type { KubernetesObject } from "@kubernetes/client-node";
import type { Sandbox } from "../context.ts";
import { ensureProcess } from "../processes.ts";
import { readyParts } from "../toolchain/index.ts";
import { applyAll, binding, role } from "./access.ts";
import { adminOf } from "./api-server.ts";
import type { Credentials } from "./credentials.ts";
import { type NodeLayout, ports, processName } from "./layout.ts";

const user = "eks:metrics-server";
const kubeSystem = "kube-system";
const rbac = "rbac.authorization.k8s.io";

/** Does not wait: it measures twice before it answers. */
export async function ensureMetricsServer(sandbox: Sandbox, node: NodeLayout, credentials: Credentials): Promise<void> {
  if (!readyParts(sandbox.paths).includes("metrics")) return;
  await applyAll(adminOf(node), metricsObjects(readFileSync(credentials.trust)));
  const kubeconfig = credentials.kubeconfig.metrics;
  await ensureProcess(sandbox.paths, {
    name: processName(node, "metrics-server"),
    command: sandbox.tools.bin("metrics-server"),
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${ports.metrics}`,
      `--tls-cert-file=${credentials.metricsServing.certificate}`,
      `--tls-private-key-file=${credentials.metricsServing.key}`,
      `--kubelet-certificate-authority=${credentials.trust}`,
      "--kubelet-preferred-address-types=InternalIP",
      "--metric-resolution=15s",
    ],
    namespace: node.name,
  });
}

/** Its rights, as its own manifests give them, and the API server's way to it. @param trust PEM of who signed its certificate */
export function metricsObjects(trust: Buffer): KubernetesObject[] {
  const reader = "extension-apiserver-authentication-reader";
  return [
    role(user, [
      { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
      { apiGroups: [""], resources: ["pods", "nodes"], verbs: ["get", "list", "watch"] },
    ]),
    binding(user, user),
    { ...binding(user, "system:auth-delegator"), metadata: { name: `${user}:delegator` } },
    {
      ...binding(user, reader),
      kind: "RoleBinding",
      metadata: { name: user, namespace: kubeSystem },
      roleRef: { apiGroup: rbac, kind: "Role", name: reader },
    } as KubernetesObject,
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "metrics-server", namespace: kubeSystem },
      // By an address of the API server's own: no pod finds it, and none is asked for it.
      spec: { type: "ExternalName", externalName: "127.0.0.1", ports: [{ port: ports.metrics }] },
    } as KubernetesObject,
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1beta1.metrics.k8s.io" },
      spec: {
        group: "metrics.k8s.io",
        version: "v1beta1",
        ...{ groupPriorityMinimum: 100, versionPriority: 100 },
        caBundle: trust.toString("base64"),
        service: { name: "metrics-server", namespace: kubeSystem, port: ports.metrics },
      },
    } as KubernetesObject,
  ];
}
