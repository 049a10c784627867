import * as pulumi from "@pulumi/pulumi";
import { renderExecKubeconfig } from "./exec-kubeconfig.ts";

/** What is read from a GKE cluster. */
export interface GkeClusterAccess {
  name: string;
  /** Address at which this machine reaches the API. */
  endpoint: string;
  /** Base64 of the cluster's CA bundle, as GKE answers it. */
  certificateAuthorityData: string;
}

/** A name that every API server's certificate bears, for where it is reached at an address that it does not know. */
const ownName = "kubernetes.default.svc";

/**
 * A kubeconfig without a credential in it: each client asks `gke-gcloud-auth-plugin`, so that access is the caller's own
 * and ends with it. JSON, which is YAML too.
 * @param throughLink the address is that of a Private Service Connect endpoint
 */
export function renderGkeKubeconfig(
  { name, endpoint, certificateAuthorityData }: GkeClusterAccess,
  throughLink = false,
): string {
  const cluster = {
    server: `https://${endpoint}`,
    "certificate-authority-data": certificateAuthorityData,
    ...(throughLink ? { "tls-server-name": ownName } : {}),
  };
  const exec = {
    command: "gke-gcloud-auth-plugin",
    installHint: "gcloud components install gke-gcloud-auth-plugin",
    provideClusterInfo: true,
  };
  return renderExecKubeconfig({ name, cluster, exec });
}

export function gkeKubeconfigOf(
  access: { [Part in keyof GkeClusterAccess]: pulumi.Input<GkeClusterAccess[Part]> },
  throughLink = false,
): pulumi.Output<string> {
  return pulumi.output(access).apply((known) => renderGkeKubeconfig(known, throughLink));
}
