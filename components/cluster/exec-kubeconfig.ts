export interface ExecKubeconfigArgs {
  name: string;
  /** As a kubeconfig has it: server, authority, and the name in the certificate where it is another. */
  cluster: Record<string, string>;
  /** The program that each client asks for its token, with what a kubeconfig says of it beside. */
  exec: { command: string; args?: string[]; installHint?: string; provideClusterInfo?: boolean };
}

/** A kubeconfig without a credential in it: access is the caller's own, and ends with it. JSON, which is YAML too. */
export function renderExecKubeconfig({ name, cluster, exec }: ExecKubeconfigArgs): string {
  const asked = { apiVersion: "client.authentication.k8s.io/v1beta1", ...exec, interactiveMode: "Never" };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster }],
    users: [{ name, user: { exec: asked } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}
