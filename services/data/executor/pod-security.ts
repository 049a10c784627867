/** What Pod Security "restricted" asks of a pod, laid over whatever the task's author wrote. */
import type { V1Container, V1PodSecurityContext, V1PodSpec, V1SecurityContext } from "@kubernetes/client-node";

/** Non-root user of task pods, the one that the task image is made for. */
export const taskUser = 65532;

/**
 * Defaults first, then the author's wishes, then what nobody may change. What is still forbidden after that (host
 * paths, root, a privileged container) is left for the API server's admission to refuse, so that there is one judge.
 */
export function restrict(spec: V1PodSpec): V1PodSpec {
  return {
    ...spec,
    // The namespace's own account carries the cloud role; no other may be chosen, and its token is never mounted.
    serviceAccountName: "default",
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    restartPolicy: "Never",
    securityContext: restrictPod(spec.securityContext),
    containers: spec.containers.map(restrictContainer),
    ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(restrictContainer) }),
  };
}

function restrictPod(wished: V1PodSecurityContext | undefined): V1PodSecurityContext {
  return {
    runAsUser: taskUser,
    runAsGroup: taskUser,
    fsGroup: taskUser,
    ...wished,
    runAsNonRoot: true,
    seccompProfile: { type: "RuntimeDefault" },
  };
}

export function restrictContainer(container: V1Container): V1Container {
  const wished: V1SecurityContext = container.securityContext ?? {};
  return {
    ...container,
    securityContext: {
      readOnlyRootFilesystem: true,
      ...wished,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    },
  };
}
