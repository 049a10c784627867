import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import type { ApiLink } from "./adopt-checks.ts";
import type { GkeCluster } from "./contract.ts";
import { checkAdoptedGke, checkGkeLink, type FoundGkeCluster } from "./gcp-adopt-checks.ts";
import { gkeKubeconfigOf } from "./gcp-kubeconfig.ts";
import { portOf } from "./kubeconfig.ts";
import { minorOf } from "./version.ts";

export interface AdoptedGkeArgs {
  project: string;
  region: string;
  /** It stays its owner's: it is looked up, and never changed or deleted. */
  clusterName: string;
  /** How whoever deploys reaches an API that is private. @default inside */
  link?: ApiLink;
  /** With link `private-link`: the endpoint's address in the network of whoever deploys. */
  apiAddress?: string;
}

/**
 * An existing GKE cluster, in the place of one made here: what `gkeAdoptionChecks` lists is looked at in the preview,
 * and the first thing that does not hold is refused. Proved by the same claims as `GoogleCluster`.
 */
export function adoptGkeCluster(
  { project, region: location, clusterName: name, link = "inside", apiAddress }: AdoptedGkeArgs,
  opts: pulumi.InvokeOptions,
): GkeCluster {
  const held = gcp.container.getClusterOutput({ name, location, project }, opts);
  const checked = held.apply((cluster) => {
    const found = foundIn(name, cluster);
    checkAdoptedGke(found);
    checkGkeLink(found, link);
    return found;
  });
  const endpoint = pulumi.all([held, checked]).apply(([cluster]) => cluster.endpoint);
  const throughLink = link === "private-link";
  return {
    clusterName: name,
    version: checked.version,
    kubeconfig: gkeKubeconfigOf(
      {
        name,
        endpoint: endpoint.apply((own) => (throughLink && apiAddress ? apiAddress : own)),
        certificateAuthorityData: held.masterAuths.apply(([auth]) => auth?.clusterCaCertificate ?? ""),
      },
      throughLink,
    ),
    apiHost: endpoint,
    apiPort: portOf(endpoint.apply((address) => `https://${address}`)),
    workloadPool: checked.apply(({ workloadPool }) => workloadPool ?? ""),
  };
}

/** What GKE answers, as the checks read it. */
function foundIn(name: string, cluster: gcp.container.GetClusterResult): FoundGkeCluster {
  const [closed] = cluster.privateClusterConfigs;
  const [authorized] = cluster.masterAuthorizedNetworksConfigs;
  const [encryption] = cluster.databaseEncryptions;
  return {
    name,
    version: minorOf(cluster.masterVersion),
    workloadPool: cluster.workloadIdentityConfigs[0]?.workloadPool,
    secretsKey: encryption?.state === "ENCRYPTED" ? encryption.keyName : undefined,
    privateNodes: closed?.enablePrivateNodes ?? false,
    privateEndpoint: closed?.enablePrivateEndpoint ?? false,
    authorizedNetworks: authorized?.cidrBlocks.map(({ cidrBlock }) => cidrBlock),
    datapath: cluster.datapathProvider,
    shieldedNodes: cluster.enableShieldedNodes,
    legacyAuthorization: cluster.enableLegacyAbac,
    metadataModes: cluster.nodePools.map(
      ({ nodeConfigs }) => nodeConfigs[0]?.workloadMetadataConfigs[0]?.mode ?? "none",
    ),
    logged: cluster.loggingConfigs[0]?.enableComponents ?? [],
  };
}
