/** Small objects for tests of an API server: valid under the restricted standard until a test changes one thing. */

const digest = `@sha256:${"a".repeat(64)}`;
export const serviceImage = `registry.test/biplane/services${digest}`;
export const taskImage = `registry.test/tasks/python${digest}`;

export interface PodWish {
  name: string;
  namespace: string;
  image: string;
  annotations?: Record<string, string>;
  /** Laid over the pod's specification. */
  spec?: object;
  /** Laid over its one container. */
  container?: object;
}

export function podOf({ name, namespace, image, annotations, spec, container }: PodWish) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, ...(annotations ? { annotations } : {}) },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "main",
          image,
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          ...container,
        },
      ],
      ...spec,
    },
  };
}

const rbac = "rbac.authorization.k8s.io";

export function roleOf(namespace: string, rule: object) {
  return { apiVersion: `${rbac}/v1`, kind: "Role", metadata: { name: "tried", namespace }, rules: [rule] };
}

export interface BindingWish {
  namespace: string;
  role?: { kind: "Role" | "ClusterRole"; name: string };
  subject: { kind: string; name: string; namespace?: string };
}

export function bindingOf({ namespace, role = { kind: "Role", name: "executor" }, subject }: BindingWish) {
  const apiGroup = subject.kind === "ServiceAccount" ? undefined : rbac;
  return {
    apiVersion: `${rbac}/v1`,
    kind: "RoleBinding",
    metadata: { name: "tried", namespace },
    roleRef: { apiGroup: rbac, ...role },
    subjects: [{ apiGroup, ...subject }],
  };
}

export function clusterBindingOf(role: string, subject: { kind: string; name: string; namespace?: string }) {
  const { metadata, ...rest } = bindingOf({ namespace: "", role: { kind: "ClusterRole", name: role }, subject });
  return { ...rest, kind: "ClusterRoleBinding", metadata: { name: metadata.name } };
}
