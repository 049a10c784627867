import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import { EncryptionKey } from "../encryption/aws.ts";
import type { Tags } from "../ownership/tags.ts";
import { renderKubeconfig } from "./kubeconfig.ts";

export interface ClusterArgs {
  region: string;
  account: pulumi.Input<string>;
  /** Private subnets in at least two zones. */
  subnetIds: pulumi.Input<string>[];
  /** Kubernetes minor version. @default 1.34 */
  version?: string;
  /** On: the cluster, whose etcd holds Secrets, and its key cannot be destroyed. */
  dataProtection: boolean;
  tags: Tags;
}

/** The identity provider that pods' tokens come from. */
export interface WorkloadIssuer {
  /** ARN of the account's OIDC provider. */
  providerArn: pulumi.Output<string>;
  /** The issuer's URL without the scheme, as trust policies name it. */
  issuer: pulumi.Output<string>;
}

const logTypes = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

/**
 * An EKS cluster: its API on the private network only, Secrets under their own key, every control-plane log kept, and
 * an identity provider for pods.
 */
export class Cluster extends pulumi.ComponentResource {
  readonly clusterName: string;
  readonly kubeconfig: pulumi.Output<string>;
  /** TCP port of the Kubernetes API, which network policies must let its users reach. */
  readonly apiPort: pulumi.Output<number>;
  readonly nodeSecurityGroupId: pulumi.Output<string>;
  readonly workloadIssuer: WorkloadIssuer;

  constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:cluster:Cluster", name, {}, opts);
    const { region, dataProtection, tags } = args;
    this.clusterName = physicalName("cluster", name);

    const role = createServiceRole(name, tags, this);
    const key = createKey(name, args, role.arn, this);
    const cluster = new aws.eks.Cluster(
      name,
      {
        name: this.clusterName,
        roleArn: role.arn,
        version: args.version ?? "1.34",
        deletionProtection: dataProtection,
        vpcConfig: { subnetIds: args.subnetIds, endpointPrivateAccess: true, endpointPublicAccess: false },
        encryptionConfig: { resources: ["secrets"], provider: { keyArn: key.arn } },
        enabledClusterLogTypes: logTypes,
        accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: true },
        tags: { ...tags, Name: name },
      },
      { parent: this, protect: dataProtection, dependsOn: [role.grant] },
    );
    this.workloadIssuer = trustPodTokens(name, cluster, tags, this);

    this.kubeconfig = renderFrom(cluster, region);
    this.apiPort = cluster.endpoint.apply((endpoint) => Number(new URL(endpoint).port || 443));
    this.nodeSecurityGroupId = cluster.vpcConfig.clusterSecurityGroupId;
    this.registerOutputs({ clusterName: this.clusterName });
  }
}

function renderFrom(cluster: aws.eks.Cluster, region: string): pulumi.Output<string> {
  return pulumi
    .all([cluster.name, cluster.endpoint, cluster.certificateAuthority.data])
    .apply(([name, endpoint, certificateAuthorityData]) =>
      renderKubeconfig({ name, region, endpoint, certificateAuthorityData }),
    );
}

/** The role that EKS itself takes, with AWS's own policy for it and nothing else. */
function createServiceRole(name: string, tags: Tags, parent: pulumi.Resource) {
  const role = new aws.iam.Role(
    `${name}-service`,
    {
      name: physicalName("role", name, "cluster"),
      description: "EKS control plane of this cluster",
      assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: "eks.amazonaws.com" }, Action: "sts:AssumeRole" }],
      }),
      tags,
    },
    { parent },
  );
  const grant = new aws.iam.RolePolicyAttachment(
    `${name}-service`,
    { role: role.name, policyArn: "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy" },
    { parent },
  );
  return { arn: role.arn, grant };
}

function createKey(name: string, args: ClusterArgs, roleArn: pulumi.Input<string>, parent: pulumi.Resource) {
  const { account, dataProtection, tags } = args;
  return new EncryptionKey(
    `${name}-secrets`,
    { description: "Kubernetes Secrets of this cluster", account, roles: [roleArn], dataProtection, tags },
    { parent },
  );
}

/** IAM verifies the issuer by its public certificate, so no thumbprint is pinned that would age. */
function trustPodTokens(name: string, cluster: aws.eks.Cluster, tags: Tags, parent: pulumi.Resource): WorkloadIssuer {
  const url = cluster.identities.apply((identities) => {
    const issuer = identities[0]?.oidcs?.[0]?.issuer;
    if (!issuer) throw new Error(`cluster ${name} answers no OIDC issuer`);
    return issuer;
  });
  const provider = new aws.iam.OpenIdConnectProvider(
    `${name}-pods`,
    { url, clientIdLists: ["sts.amazonaws.com"], tags },
    { parent },
  );
  return { providerArn: provider.arn, issuer: url.apply((issuer) => issuer.replace(/^https:\/\//, "")) };
}
