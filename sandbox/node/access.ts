/** Objects that a node's own components need in its API server, applied server-side so that repeating is free. */
import { readFileSync } from "node:fs";
import { type KubeConfig, type KubernetesObject, KubernetesObjectApi, PatchStrategy } from "@kubernetes/client-node";
import type { Credentials } from "./credentials.ts";
import { ports } from "./layout.ts";

const rbac = "rbac.authorization.k8s.io";

export async function applyAccess(kubeconfig: KubeConfig, credentials: Credentials): Promise<void> {
  await applyAll(kubeconfig, [
    ...componentAccess(),
    role("eks:hooks", [{ apiGroups: [""], resources: ["serviceaccounts"], verbs: ["get"] }]),
    binding("eks:hooks", "eks:hooks"),
    podWebhook({
      name: "biplane-sandbox",
      url: `https://127.0.0.1:${ports.hooks}/mutate`,
      trust: readFileSync(credentials.trust),
      namespaces: { operator: "NotIn", values: ["kube-system"] },
    }),
  ]);
}

/** What any cluster of these programs needs. */
export function componentAccess(): KubernetesObject[] {
  return [
    // The API server asks the kubelet for logs and exec in its own name.
    binding("eks:kubelet-client", "system:kubelet-api-admin"),
    role("eks:dns", [
      { apiGroups: [""], resources: ["services", "namespaces"], verbs: ["list", "watch"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    ]),
    binding("eks:dns", "eks:dns"),
  ];
}

export async function applyAll(kubeconfig: KubeConfig, objects: KubernetesObject[]): Promise<void> {
  const api = KubernetesObjectApi.makeApiClient(kubeconfig);
  await Promise.all(
    objects.map((object) =>
      api.patch(object, undefined, undefined, "biplane-sandbox", true, PatchStrategy.ServerSideApply),
    ),
  );
}

export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

export function role(name: string, rules: Rule[]): KubernetesObject & { rules: Rule[] } {
  return { apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata: { name }, rules };
}

/** Binds the user of that name. */
export function binding(name: string, clusterRole: string) {
  return {
    apiVersion: `${rbac}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: clusterRole },
    subjects: [{ apiGroup: rbac, kind: "User", name }],
  };
}

export interface PodWebhook {
  name: string;
  url: string;
  /** PEM of the authority that signs its certificate. */
  trust: Buffer;
  /** Whose pods it is asked about. */
  namespaces: { operator: "In" | "NotIn"; values: string[] };
}

export function podWebhook({ name, url, trust, namespaces }: PodWebhook) {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name },
    webhooks: [
      {
        name: "pods.sandbox.biplane.dev",
        clientConfig: { url, caBundle: trust.toString("base64") },
        rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
        namespaceSelector: { matchExpressions: [{ key: "kubernetes.io/metadata.name", ...namespaces }] },
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        failurePolicy: "Fail",
        timeoutSeconds: 10,
      },
    ],
  };
}
