import type * as pulumi from "@pulumi/pulumi";

/** The identity provider that pods' tokens come from, as AWS knows it. */
export interface WorkloadIssuer {
  /** ARN of the account's OIDC provider. */
  providerArn: pulumi.Output<string>;
  /** The issuer's URL without the scheme, as trust policies name it. */
  issuer: pulumi.Output<string>;
}

/** A cluster as everything that runs on it sees it, of whichever cloud, made here or adopted. */
export interface KubernetesCluster {
  readonly clusterName: string;
  /** Kubernetes minor version, such as 1.34. */
  readonly version: pulumi.Output<string>;
  readonly kubeconfig: pulumi.Output<string>;
  /** Host name of the Kubernetes API, the one in its certificate: what a private link to it leads from. */
  readonly apiHost: pulumi.Output<string>;
  /** TCP port of the Kubernetes API, which network policies must let its users reach. */
  readonly apiPort: pulumi.Output<number>;
}

/** A GKE cluster as the rest of its project sees it. */
export interface GkeCluster extends KubernetesCluster {
  /** Pods' identities are of it: `<project>.svc.id.goog`. */
  readonly workloadPool: pulumi.Output<string>;
}

/** An AKS cluster as the rest of its subscription sees it. */
export interface AksCluster extends KubernetesCluster {
  /** ARM id. */
  readonly id: pulumi.Output<string>;
  /** URL that pods' tokens are issued by, as federated credentials name it. */
  readonly issuer: pulumi.Output<string>;
  /** Object id of the identity by which nodes pull images. */
  readonly nodePrincipal: pulumi.Output<string>;
  /** ARM id of the subnet that nodes are in. */
  readonly nodeSubnetId: pulumi.Output<string>;
}

/** An EKS cluster as the rest of its AWS account sees it. */
export interface EksCluster extends KubernetesCluster {
  readonly nodeSecurityGroupId: pulumi.Output<string>;
  readonly workloadIssuer: WorkloadIssuer;
}
