/** A customer's project made ready: network, cluster and, for BYOC, the vendor's two narrow ways in. */
import type * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { enableServices } from "../components/account/gcp-services.ts";
import { GoogleTransportPolicies } from "../components/account/gcp-transport.ts";
import type { GkeCluster } from "../components/cluster/contract.ts";
import { GoogleCluster } from "../components/cluster/gcp.ts";
import { adoptGkeCluster } from "../components/cluster/gcp-adopt.ts";
import { CloudKeys } from "../components/encryption/gcp.ts";
import { ManagementAccount } from "../components/management/gcp.ts";
import type { GoogleNetworkPlace } from "../components/network/contract.ts";
import { GoogleNetwork } from "../components/network/gcp.ts";
import { adoptGoogleNetwork } from "../components/network/gcp-adopt.ts";
import { planRanges } from "../components/network/gcp-plan.ts";
import { type Labels, ownershipLabels } from "../components/ownership/labels.ts";
import { GoogleApiService } from "../components/private-link/gcp-provider.ts";
import type { GoogleBaseConfig } from "./config.ts";
import { numberOf, openGoogle } from "./foundation-gcp.ts";
import type { GoogleBaseOutputs, Pending } from "./outputs.ts";

export function customerBase(config: GoogleBaseConfig): Pending<GoogleBaseOutputs> {
  const { org, project, region, clusterName } = config;
  const labels = ownershipLabels({ plane: "compute", org, cluster: clusterName, tags: config.tags });
  const cloud = openGoogle(config);
  const inCloud = { providers: [cloud] };
  const ready = enableServices(clusterName, project, { provider: cloud });

  if (config.transportPolicies === "base")
    new GoogleTransportPolicies(`${clusterName}-transport`, { project: ready }, inCloud);

  const network = networkOf(config, ready, cloud);
  const management = config.management
    ? new ManagementAccount(`${clusterName}-management`, { ...config.management, project, clusterName }, inCloud)
    : undefined;
  const cluster = clusterOf(config, { network, labels, ready, cloud });
  const link = config.privateLink
    ? new GoogleApiService(
        `${clusterName}-api`,
        {
          ...config.privateLink,
          ...{ project, region, networkId: network.networkId, subnetworkId: network.subnetworkId },
          zone: config.kubernetes.zones[0] ?? `${region}-a`,
          apiHost: cluster.apiHost,
        },
        inCloud,
      )
    : undefined;

  return {
    clusterName,
    project,
    natAddresses: pulumi.all(network.natAddresses),
    ...(management ? { managementAccount: management.email, managementProvider: management.provider } : {}),
    ...(link ? { serviceAttachment: link.serviceAttachment } : {}),
  };
}

function networkOf(
  { project, region, clusterName, network, privateLink }: GoogleBaseConfig,
  ready: pulumi.Output<string>,
  cloud: gcp.Provider,
): GoogleNetworkPlace {
  const { existing, natAddresses, ...ranges } = network;
  if (existing) return adoptGoogleNetwork(existing, { project, region }, { provider: cloud });
  planRanges(
    ranges,
    privateLink && {
      "biplane:privateLink.proxyCidr": privateLink.proxyCidr,
      "biplane:privateLink.linkCidr": privateLink.linkCidr,
    },
  );
  return new GoogleNetwork(clusterName, { project: ready, region, ranges, natAddresses }, { providers: [cloud] });
}

interface Around {
  network: GoogleNetworkPlace;
  labels: Labels;
  ready: pulumi.Output<string>;
  cloud: gcp.Provider;
}

function clusterOf(config: GoogleBaseConfig, { network, labels, ready, cloud }: Around): GkeCluster {
  const { project, region, clusterName, kubernetes } = config;
  if (kubernetes.existing) return adoptGkeCluster({ project, region, clusterName }, { provider: cloud });
  const dataProtection = config.dataProtection === "on";
  const inCloud = { providers: [cloud] };
  const keys = new CloudKeys(
    `${clusterName}-base`,
    {
      ...{ project: ready, number: numberOf(project, cloud), region, dataProtection, labels },
      keys: { cluster: ["container", "compute"] },
    },
    inCloud,
  );
  const { existing: _, ...settings } = kubernetes;
  return new GoogleCluster(
    clusterName,
    {
      ...settings,
      ...{ project, region, network, dataProtection, labels },
      masterCidr: config.network.master,
      key: keys.byName.cluster,
    },
    inCloud,
  );
}
