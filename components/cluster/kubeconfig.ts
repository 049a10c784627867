import * as pulumi from "@pulumi/pulumi";
import { renderExecKubeconfig } from "./exec-kubeconfig.ts";

/** What is read from an EKS cluster. */
export interface ClusterAccess {
  name: string;
  region: string;
  endpoint: string;
  /** Base64 of the cluster's CA bundle, as EKS answers it. */
  certificateAuthorityData: string;
}

/**
 * A kubeconfig without a credential in it: each client asks `aws eks get-token`, so that access is the caller's own and
 * ends with it. JSON, which is YAML too. Profile and endpoint come from the caller's environment.
 */
export function renderKubeconfig({ name, region, endpoint, certificateAuthorityData }: ClusterAccess): string {
  const args = ["eks", "get-token", "--cluster-name", name, "--region", region, "--output", "json"];
  return renderExecKubeconfig({
    name,
    cluster: { server: endpoint, "certificate-authority-data": certificateAuthorityData },
    exec: { command: "aws", args },
  });
}

export function kubeconfigOf(
  access: {
    [Part in keyof ClusterAccess]: pulumi.Input<ClusterAccess[Part]>;
  },
): pulumi.Output<string> {
  return pulumi.output(access).apply(renderKubeconfig);
}

export function portOf(endpoint: pulumi.Output<string>): pulumi.Output<number> {
  return endpoint.apply((url) => Number(new URL(url).port || 443));
}

/** As the API's certificate names it. */
export function hostOf(endpoint: pulumi.Output<string>): pulumi.Output<string> {
  return endpoint.apply((url) => new URL(url).hostname);
}
