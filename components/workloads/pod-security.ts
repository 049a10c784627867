/** The Pod Security standard of each namespace of ours: restricted, but for the exceptions that stand here. */

/** The Kubernetes version whose reading of the standard is meant; raised with the clusters. */
const version = "v1.34";

export interface PodSecurityException {
  level: "privileged";
  /** Why the restricted standard cannot hold there. */
  reason: string;
}

/**
 * Made only with the services that need them. Both directions count: a namespace of ours below restricted that is not
 * here is a fault, and so is one that is here and runs anything else.
 */
export const podSecurityExceptions: Record<string, PodSecurityException> = {
  "union-build": {
    level: "privileged",
    reason:
      "rootless BuildKit forks into a user namespace: seccomp Unconfined, SETUID and SETGID, privilege escalation",
  },
  "union-logs": { level: "privileged", reason: "the log shipper reads the nodes' log files: a hostPath volume" },
};

/**
 * Labels by which the API server enforces, audits and warns.
 * @param exception a name of the list: asked for, never found by chance
 */
export function podSecurityLabels(exception?: string): Record<string, string> {
  const listed = exception === undefined ? undefined : podSecurityExceptions[exception];
  if (exception !== undefined && !listed) throw new Error(`${exception} is not among the Pod Security exceptions`);
  const level = listed?.level ?? "restricted";
  return Object.fromEntries(
    ["enforce", "audit", "warn"].flatMap((mode) => [
      [`pod-security.kubernetes.io/${mode}`, level],
      [`pod-security.kubernetes.io/${mode}-version`, version],
    ]),
  );
}
