import {
  type GetManagedClusterResult,
  getManagedClusterOutput,
} from "@pulumi/azure-native/containerservice/getManagedCluster.js";
import { listManagedClusterUserCredentialsOutput } from "@pulumi/azure-native/containerservice/listManagedClusterUserCredentials.js";
import type * as pulumi from "@pulumi/pulumi";
import type { ApiLink } from "./adopt-checks.ts";
import { checkAdoptedAks, checkAksLink, type FoundAksCluster } from "./azure-adopt-checks.ts";
import { aksKubeconfigOf, authorityIn, portIn } from "./azure-kubeconfig.ts";
import { hostOf } from "./azure-plan.ts";
import type { AksCluster } from "./contract.ts";
import { minorOf } from "./version.ts";

export interface AdoptedAksArgs {
  /** Resource group that it is in. */
  clusterGroup: string;
  /** It stays its owner's: it is looked up, and never changed or deleted. */
  clusterName: string;
  /** How whoever deploys reaches an API that is private. @default inside */
  link?: ApiLink;
  /** With link `private-link`: the endpoint's address in the network of whoever deploys. */
  apiAddress?: string;
}

/**
 * An existing AKS cluster, in the place of one made here: what `aksAdoptionChecks` lists is looked at in the preview,
 * and the first thing that does not hold is refused. Proved by the same claims as `AzureCluster`.
 */
export function adoptAksCluster(
  { clusterGroup, clusterName: name, link = "inside", apiAddress }: AdoptedAksArgs,
  opts: pulumi.InvokeOptions,
): AksCluster {
  const names = { resourceGroupName: clusterGroup, resourceName: name };
  const held = getManagedClusterOutput(names, opts);
  const checked = held.apply((cluster) => {
    const found = foundIn(name, cluster);
    checkAdoptedAks(found);
    checkAksLink(found, link);
    return { found, cluster };
  });
  const host = checked.apply(({ cluster }) => hostOf([cluster.privateFQDN, cluster.fqdn]));
  const { kubeconfigs } = listManagedClusterUserCredentialsOutput(names, opts);
  const apiPort = kubeconfigs.apply(portIn);
  const linked = link === "private-link" && apiAddress !== undefined;
  return {
    clusterName: name,
    version: checked.apply(({ found }) => found.version),
    kubeconfig: aksKubeconfigOf({
      ...{ name, host, certificateAuthorityData: kubeconfigs.apply(authorityIn) },
      // The endpoint's own port is the link's.
      ...(linked ? { address: apiAddress } : { port: apiPort }),
    }),
    apiHost: host,
    apiPort,
    id: checked.apply(({ cluster }) => cluster.id),
    issuer: checked.apply(({ found }) => found.issuer ?? ""),
    nodePrincipal: checked.apply(({ cluster }) => cluster.identityProfile?.kubeletidentity?.objectId ?? ""),
    nodeSubnetId: checked.apply(({ cluster }) => cluster.agentPoolProfiles?.[0]?.vnetSubnetID ?? ""),
  };
}

/** What AKS answers, as the checks read it. */
function foundIn(name: string, cluster: GetManagedClusterResult): FoundAksCluster {
  const { apiServerAccessProfile: api, securityProfile: security, agentPoolProfiles: pools = [] } = cluster;
  const envelope = security?.azureKeyVaultKms;
  return {
    name,
    version: minorOf(cluster.currentKubernetesVersion),
    issuer: cluster.oidcIssuerProfile?.issuerURL,
    workloadIdentity: security?.workloadIdentity?.enabled ?? false,
    entra: cluster.aadProfile?.managed ?? false,
    localAccounts: !(cluster.disableLocalAccounts ?? false),
    secretsKey: envelope?.enabled ? envelope.keyId : undefined,
    diskEncryptionSet: cluster.diskEncryptionSetID,
    privateApi: api?.enablePrivateCluster ?? false,
    authorizedRanges: api?.authorizedIPRanges,
    networkPolicy: cluster.networkProfile?.networkPolicy ?? "none",
    publicNodes: pools.some(({ enableNodePublicIP }) => enableNodePublicIP === true),
    runCommand: !(api?.disableRunCommand ?? false),
  };
}
