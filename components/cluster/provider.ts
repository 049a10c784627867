import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/**
 * The way into a cluster's Kubernetes API. Secrets and ConfigMaps are changed in place: pods carry a checksum of theirs
 * and are rolled over by it, whereas a replacement would leave a moment without the object.
 */
export function createClusterProvider(name: string, kubeconfig: pulumi.Input<string>): kubernetes.Provider {
  return new kubernetes.Provider(name, { kubeconfig, enableSecretMutable: true, enableConfigMapMutable: true });
}
