import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { CloudKeyReference } from "../encryption/gcp.ts";
import type { GoogleNetworkPlace } from "../network/contract.ts";
import type { Labels } from "../ownership/labels.ts";
import type { GkeCluster } from "./contract.ts";
import { gkeKubeconfigOf } from "./gcp-kubeconfig.ts";
import { createNodeAccount, createPool, nodeConfig } from "./gcp-nodes.ts";
import {
  checkGkeAccess,
  checkGkeVersion,
  defaultGkeVersion,
  defaultNodePools,
  type GkeAccess,
  gkeAccessRoles,
  type NodePoolSpec,
  planGkeEndpoint,
  planNodeEncryption,
  planNodePools,
} from "./gcp-plan.ts";
import { minorOf } from "./version.ts";

export interface GoogleClusterArgs {
  project: string;
  region: string;
  zones: string[];
  network: Omit<GoogleNetworkPlace, "natAddresses">;
  /** The control plane's own /28. */
  masterCidr: string;
  /** Seals Kubernetes Secrets and the nodes' disks. */
  key: CloudKeyReference;
  /** Kubernetes minor version. @default 1.34 */
  version?: string;
  /** How early GKE's patches come. @default REGULAR */
  channel?: "RAPID" | "REGULAR" | "STABLE";
  /** Kinds of nodes, by name. @default one kind, 1 to 5 nodes a zone */
  nodePools?: Record<string, NodePoolSpec>;
  /** Encrypts what pods say to pods of other nodes. @default true */
  nodeEncryption?: boolean;
  /** Networks that may reach the API over the internet. @default none: the API is private */
  publicApi?: string[];
  /** Who may use the Kubernetes API beside whoever may by the project's IAM already. @default nobody */
  access?: GkeAccess[];
  /** On: the cluster cannot be destroyed. */
  dataProtection: boolean;
  labels: Labels;
}

/** Everything that GKE can write of itself and of what runs on it; audit logs are Google's own and always on. */
const logged = ["SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER", "WORKLOADS"];

/**
 * A regional GKE cluster with its nodes: private nodes and API, Dataplane V2, Workload Identity, shielded nodes, a
 * release channel, Secrets under the customer's key, encryption between nodes, no client certificate and no legacy
 * authorization. GKE scales its pools itself, so there is no autoscaler of ours.
 * Proved by byoc-k8s-api-never-public, enc-at-rest-secrets-backend, k8s-network-policies-isolate-pods,
 * k8s-workload-identity-per-pod, iam-user-no-platform-access and, where apps are served, enc-in-transit-everywhere.
 */
export class GoogleCluster extends pulumi.ComponentResource implements GkeCluster {
  readonly clusterName: string;
  readonly version: pulumi.Output<string>;
  readonly kubeconfig: pulumi.Output<string>;
  readonly apiHost: pulumi.Output<string>;
  readonly apiPort: pulumi.Output<number>;
  readonly workloadPool: pulumi.Output<string>;
  /** E-mail of the nodes' account. */
  readonly nodeAccount: pulumi.Output<string>;

  constructor(name: string, args: GoogleClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:cluster:GoogleCluster", name, {}, opts);
    const { project, region, zones, labels, key } = args;
    const pools = planNodePools(args.nodePools ?? defaultNodePools);
    this.clusterName = physicalName("gke-cluster", name);
    this.nodeAccount = createNodeAccount(name, project, this.clusterName, this);
    const nodes = { serviceAccount: this.nodeAccount, bootDiskKmsKey: key.name, labels };
    const encryption = planNodeEncryption(
      args.nodeEncryption ?? true,
      args.nodePools ?? defaultNodePools,
      zones.length,
    );
    const cluster = createCluster(name, args, nodes, encryption, this);
    const place = { ...nodes, project, region, zones, cluster: cluster.name };
    const made = pools.map((pool) => createPool(name, pool, place, this));
    const ready = [...made, ...admit(name, args, this)].map(({ id }) => id);

    this.version = cluster.masterVersion.apply(minorOf);
    this.workloadPool = pulumi.output(`${project}.svc.id.goog`);
    this.kubeconfig = gkeKubeconfigOf({
      name: pulumi.all([cluster.name, pulumi.all(ready)]).apply(([known]) => known),
      endpoint: cluster.endpoint,
      // A preview knows of it only what the program gave.
      certificateAuthorityData: cluster.masterAuth.apply(({ clusterCaCertificate }) => clusterCaCertificate ?? ""),
    });
    this.apiHost = cluster.endpoint;
    this.apiPort = pulumi.output(443);
    this.registerOutputs({ clusterName: this.clusterName });
  }
}

function createCluster(
  name: string,
  args: GoogleClusterArgs,
  nodes: Parameters<typeof nodeConfig>[0],
  inTransitEncryptionConfig: string,
  parent: pulumi.Resource,
): gcp.container.Cluster {
  const { project, region, network, key, dataProtection } = args;
  const { enablePrivateEndpoint, cidrBlocks } = planGkeEndpoint(args.publicApi);
  return new gcp.container.Cluster(
    name,
    {
      ...{ project, location: region, nodeLocations: args.zones, name: physicalName("gke-cluster", name) },
      ...{ network: network.networkId, subnetwork: network.subnetworkId, networkingMode: "VPC_NATIVE" },
      ipAllocationPolicy: {
        clusterSecondaryRangeName: network.podsRange,
        servicesSecondaryRangeName: network.servicesRange,
      },
      ...{ datapathProvider: "ADVANCED_DATAPATH", inTransitEncryptionConfig },
      enableIntranodeVisibility: true,
      privateClusterConfig: {
        enablePrivateNodes: true,
        enablePrivateEndpoint,
        masterIpv4CidrBlock: args.masterCidr,
        masterGlobalAccessConfig: { enabled: false },
      },
      masterAuthorizedNetworksConfig: { cidrBlocks, gcpPublicCidrsAccessEnabled: false },
      minMasterVersion: checkGkeVersion(args.version ?? defaultGkeVersion),
      releaseChannel: { channel: args.channel ?? "REGULAR" },
      workloadIdentityConfig: { workloadPool: `${project}.svc.id.goog` },
      databaseEncryption: { state: "ENCRYPTED", keyName: key.name },
      enableShieldedNodes: true,
      enableLegacyAbac: false,
      masterAuth: { clientCertificateConfig: { issueClientCertificate: false } },
      loggingConfig: { enableComponents: logged },
      monitoringConfig: { enableComponents: ["SYSTEM_COMPONENTS"], managedPrometheus: { enabled: false } },
      // Nothing here is reached from outside by HTTP: the controller that would make balancers stays away.
      addonsConfig: { httpLoadBalancing: { disabled: true } },
      securityPostureConfig: { mode: "BASIC", vulnerabilityMode: "VULNERABILITY_DISABLED" },
      // A cluster is born with a pool; ours come after it, and until it is gone it is as they are.
      removeDefaultNodePool: true,
      initialNodeCount: 1,
      nodeConfig: nodeConfig(nodes),
      deletionProtection: dataProtection,
      resourceLabels: args.labels,
    },
    // The channel moves on by itself, and the first pool is gone.
    { parent, protect: dataProtection, ignoreChanges: ["nodeConfig", "initialNodeCount"] },
  );
}

function admit(name: string, { project, access = [] }: GoogleClusterArgs, parent: pulumi.Resource) {
  return checkGkeAccess(access).map(
    (entry) =>
      new gcp.projects.IAMMember(
        `${name}-${entry.name}`,
        { project, role: gkeAccessRoles[entry.access], member: entry.member },
        { parent },
      ),
  );
}
