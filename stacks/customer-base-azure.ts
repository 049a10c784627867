/** A customer's subscription made ready: network, cluster and, for BYOC, the vendor's two narrow ways in. */
import type { Provider } from "@pulumi/azure-native/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { vaultName } from "../components/account/azure-names.ts";
import { AzureCluster } from "../components/cluster/azure.ts";
import { adoptAksCluster } from "../components/cluster/azure-adopt.ts";
import type { AksCluster } from "../components/cluster/contract.ts";
import { VaultKeys } from "../components/encryption/azure.ts";
import { ManagementIdentity } from "../components/management/azure.ts";
import { AzureNetwork } from "../components/network/azure.ts";
import { adoptAzureNetwork } from "../components/network/azure-adopt.ts";
import { planAzureRanges } from "../components/network/azure-plan.ts";
import type { AzureNetworkPlace } from "../components/network/contract.ts";
import { azureTags } from "../components/ownership/azure-tags.ts";
import type { Tags } from "../components/ownership/tags.ts";
import { AzureApiConnections } from "../components/private-link/azure-provider.ts";
import { AzureImageScanning } from "../components/registry/azure-scanning.ts";
import type { AzureBaseConfig } from "./config.ts";
import { createGroup, groupName, inAzure, openAzure } from "./foundation-azure.ts";
import type { AzureBaseOutputs, Pending } from "./outputs.ts";

export function customerBase(config: AzureBaseConfig): Pending<AzureBaseOutputs> {
  const { org, subscription, region, clusterName } = config;
  const protect = config.dataProtection === "on";
  const tags = azureTags({ plane: "compute", org, cluster: config.cluster, tags: config.tags });
  const cloud = openAzure(config);
  const inCloud = inAzure(cloud);
  const group = createGroup(groupName(clusterName, "base"), { region, tags, protect }, inCloud);

  const network = networkOf(config, { group, tags, cloud });
  const cluster = clusterOf(config, { group, network, tags, cloud });
  if (config.imageScanning === "defender")
    new AzureImageScanning(`${clusterName}-image-scanning`, { subscription }, inCloud);
  const management = config.management
    ? new ManagementIdentity(
        `${clusterName}-management`,
        { ...config.management, subscription, group, region, clusterId: cluster.id, tags },
        inCloud,
      )
    : undefined;
  const link = config.privateLink
    ? new AzureApiConnections(
        `${clusterName}-api`,
        { ...config.privateLink, group: config.clusterGroup ?? group, clusterName, clusterId: cluster.id },
        inCloud,
      )
    : undefined;

  return {
    clusterName,
    subscription,
    natAddresses: pulumi.all(network.natAddresses),
    ...(management ? { managementClient: management.clientId, managementPrincipal: management.principalId } : {}),
    ...(link ? { clusterId: link.clusterId } : {}),
  };
}

interface Around {
  group: pulumi.Output<string>;
  tags: Tags;
  cloud: Provider;
}

function networkOf(config: AzureBaseConfig, { group, tags, cloud }: Around): AzureNetworkPlace {
  const { subscription, region, clusterName, network } = config;
  const { existing, natAddresses, ...ranges } = network;
  if (existing) return adoptAzureNetwork(existing, subscription, { provider: cloud });
  planAzureRanges(ranges);
  return new AzureNetwork(clusterName, { group, region, ranges, natAddresses, tags }, inAzure(cloud));
}

function clusterOf(
  config: AzureBaseConfig,
  { group, network, tags, cloud }: Around & { network: AzureNetworkPlace },
): AksCluster {
  const { subscription, tenant, region, clusterName, bucketPrefix, kubernetes, clusterGroup } = config;
  if (clusterGroup) return adoptAksCluster({ clusterGroup, clusterName }, { provider: cloud });
  const place = { subscription, tenant, group, region, tags, dataProtection: config.dataProtection === "on" };
  const inCloud = inAzure(cloud);
  const keys = new VaultKeys(
    `${clusterName}-base`,
    { ...place, vault: vaultName({ subscription, prefix: bucketPrefix }, "base"), keys: ["cluster", "disks"] },
    inCloud,
  );
  const { existing: _, ...settings } = kubernetes;
  return new AzureCluster(
    clusterName,
    { ...settings, ...place, subnetId: network.subnetId, ranges: config.network, keys: keys.byName },
    inCloud,
  );
}
