import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import { NarrowRole } from "../identity/narrow-role.ts";
import type { Tags } from "../ownership/tags.ts";
import { ClusterAccess } from "./access.ts";
import { type AccessEntry, planAccess } from "./access-plan.ts";
import { type AddonArgs, createDiskAddon, createDnsAddon, createNetworkAddons } from "./addons.ts";
import type { EksCluster, WorkloadIssuer } from "./contract.ts";
import { createControlPlane } from "./control-plane.ts";
import { planEndpoint } from "./endpoint.ts";
import { issuerOf, trustPodTokens } from "./issuer.ts";
import { hostOf, kubeconfigOf, portOf } from "./kubeconfig.ts";
import { defaultNodeGroups, type NodeGroupSpec, type NodeSubnet, planNodeGroups } from "./node-plan.ts";
import { Nodes } from "./nodes.ts";
import { NodePatching } from "./patching.ts";
import { checkRelease, checkVersion, defaultVersion } from "./versions.ts";

export type { WorkloadIssuer } from "./contract.ts";

export interface ClusterArgs {
  region: string;
  account: pulumi.Input<string>;
  /** Subnets of EKS's own interfaces, where the API answers; in at least two zones. */
  subnetIds: pulumi.Input<string>[];
  /** Private subnets of the nodes, one a zone. */
  nodeSubnets: NodeSubnet[];
  /** Who may use the Kubernetes API; whoever creates the cluster is let in by this list only. */
  access: AccessEntry[];
  /** Kubernetes minor version. @default 1.34 */
  version?: string;
  /** Release of the node images. @default the newest when a group is made */
  release?: string;
  /** Kinds of nodes, by name. @default one kind, 1 to 5 nodes a zone */
  nodeGroups?: Record<string, NodeGroupSpec>;
  /** Networks that may reach the API over the internet. @default none: the API is private */
  publicApi?: string[];
  /** What changes the number of nodes; the role is made here, the workload is `NodeAutoscaler`. @default cluster-autoscaler */
  autoscaling?: "cluster-autoscaler" | "off";
  /**
   * Lets the nodes take the newest release of their image every week, by themselves; nothing where `release` names one.
   * @default off: whoever runs the plane patches it
   */
  patching?: "weekly" | "off";
  /** Makes disks for claims, as the metrics store's. @default false */
  diskDriver?: boolean;
  /** Lets Session Manager open a shell on the nodes. @default false */
  ssm?: boolean;
  /** Days that control-plane logs are kept. @default 365 */
  logRetentionDays?: number;
  /** On: the cluster, whose etcd holds Secrets, its key and its logs cannot be destroyed. */
  dataProtection: boolean;
  tags: Tags;
}

/**
 * An EKS cluster with its nodes: its API on the private network, Secrets, node volumes and logs under their own key,
 * every control-plane log kept, access by a list, add-ons by pinned versions, and an identity provider for pods.
 * Proved by byoc-k8s-api-never-public, n-k8s-api-resolves-private, enc-at-rest-secrets-backend,
 * byoc-cluster-actions-logged, n-human-audit-k8s-cloudtrail, n-sg-no-inbound-rules and iam-user-no-platform-access.
 */
export class Cluster extends pulumi.ComponentResource implements EksCluster {
  readonly clusterName: string;
  readonly version: pulumi.Output<string>;
  readonly kubeconfig: pulumi.Output<string>;
  readonly apiHost: pulumi.Output<string>;
  readonly apiPort: pulumi.Output<number>;
  readonly nodeSecurityGroupId: pulumi.Output<string>;
  readonly workloadIssuer: WorkloadIssuer;
  readonly nodeRoleArn: pulumi.Output<string>;
  /** Of the autoscaler's service account; undefined where it is off. */
  readonly autoscalerRoleArn?: pulumi.Output<string>;

  constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:cluster:Cluster", name, {}, opts);
    const { region, account, tags } = args;
    const plan = planCluster(args);
    this.clusterName = physicalName("cluster", name);
    const place = { region, account, clusterName: this.clusterName, tags };

    const { cluster, keyArn } = createControlPlane(name, { ...args, ...place, ...plan }, this);
    this.workloadIssuer = trustPodTokens(name, issuerOf(name, cluster), tags, this);
    const { access: entries } = plan;
    const access = new ClusterAccess(name, { clusterName: cluster.name, entries, tags }, { parent: this });
    const addons = { ...place, version: plan.version, issuer: this.workloadIssuer };
    const network = createNetworkAddons(name, { ...addons, cluster: cluster.name }, this);
    const nodes = new Nodes(
      `${name}-nodes`,
      { ...args, ...place, version: after(cluster.version, network), groups: plan.nodeGroups, keyArn },
      { parent: this },
    );
    if (args.patching === "weekly" && args.release === undefined) {
      new NodePatching(`${name}-patching`, { ...place, groups: nodes.groups }, { parent: this });
    }
    const withNodes = { ...addons, cluster: after(cluster.name, nodes.ready) };
    createDnsAddon(name, withNodes, this);
    if (args.diskDriver) createDiskAddon(name, withNodes, this);
    if (args.autoscaling !== "off") this.autoscalerRoleArn = createAutoscalerRole(name, addons, this);

    this.version = cluster.version;
    this.kubeconfig = kubeconfigOf({
      name: after(cluster.name, access.ready),
      region,
      endpoint: cluster.endpoint,
      certificateAuthorityData: cluster.certificateAuthority.data,
    });
    this.apiHost = hostOf(cluster.endpoint);
    this.apiPort = portOf(cluster.endpoint);
    this.nodeSecurityGroupId = cluster.vpcConfig.clusterSecurityGroupId;
    this.nodeRoleArn = nodes.roleArn;
    this.registerOutputs({ clusterName: this.clusterName });
  }
}

/** Everything about a cluster that can be decided, and refused, before anything is made. */
export function planCluster(args: Omit<ClusterArgs, "account" | "tags">) {
  const version = checkVersion(args.version ?? defaultVersion);
  if (args.release !== undefined) checkRelease(args.release, version);
  return {
    version,
    access: planAccess(args.access),
    endpoint: planEndpoint(args.publicApi),
    nodeGroups: planNodeGroups(args.nodeGroups ?? defaultNodeGroups, args.nodeSubnets),
  };
}

function createAutoscalerRole(
  name: string,
  {
    clusterName,
    region,
    account,
    issuer,
    tags,
  }: Pick<AddonArgs, "clusterName" | "region" | "account" | "issuer" | "tags">,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const args = { kind: "node-autoscaler" as const, cluster: clusterName, region, account, issuer, tags };
  return new NarrowRole(`${name}-node-autoscaler`, args, { parent }).arn;
}

/** The value, once what it waits for is there: a component's `dependsOn` does not reach what it makes. */
function after<Value>(value: pulumi.Output<Value>, ready: pulumi.Output<unknown>): pulumi.Output<Value> {
  return pulumi.all([value, ready]).apply(([known]) => known as Value);
}
