/** A customer's account made ready: network, cluster and, for BYOC, the vendor's two narrow ways in. */
import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { bucketNames } from "../components/buckets/names.ts";
import type { AccessEntry } from "../components/cluster/access-plan.ts";
import { adoptCluster } from "../components/cluster/adopt.ts";
import { Cluster } from "../components/cluster/aws.ts";
import type { EksCluster } from "../components/cluster/contract.ts";
import { createManagement } from "../components/management/aws.ts";
import { adoptNetwork } from "../components/network/adopt.ts";
import { Network } from "../components/network/aws.ts";
import type { VpcPlace } from "../components/network/contract.ts";
import { planNetwork } from "../components/network/plan.ts";
import { ownershipTags } from "../components/ownership/tags.ts";
import { ClusterApiService } from "../components/private-link/provider.ts";
import { physicalName } from "../shared/names.ts";
import { type CustomerBaseConfig, zonesOf } from "./config.ts";
import { accountOf, createFlowLogsKey, nodeSubnets, openCloud, type Place } from "./foundation.ts";
import type { CustomerBaseOutputs, Pending } from "./outputs.ts";

/** What the vendor's access entry says in Kubernetes; RBAC and admission give the group its few rights. */
export const managersGroup = "biplane:managers";

export function customerBase(config: CustomerBaseConfig): Pending<CustomerBaseOutputs> {
  const { org, region, clusterName, bucketPrefix, repository } = config;
  const dataProtection = config.dataProtection === "on";
  const tags = ownershipTags({ plane: "compute", org, cluster: clusterName, tags: config.tags });

  const cloud = openCloud(config);
  const inCloud = { providers: [cloud] };
  const account = accountOf(cloud);
  const place = { region, account, dataProtection, tags };

  const network = networkOf(config, place, cloud);
  const management = config.management
    ? createManagement(
        clusterName,
        {
          model: "byoc",
          region,
          account,
          cluster: clusterName,
          buckets: bucketNames(bucketPrefix),
          repository,
          nodeRoleName: physicalName("role", clusterName, "node"),
          trust: config.management,
          level: config.management.level,
          tags,
        },
        inCloud,
      )
    : undefined;
  const access = [
    ...config.kubernetes.access,
    ...(management
      ? [{ name: "management", principalArn: management.arn, access: "groups" as const, groups: [managersGroup] }]
      : []),
  ];
  const cluster = clusterOf(config, { ...place, access, network }, inCloud);
  const link = config.privateLink
    ? new ClusterApiService(
        clusterName,
        {
          ...config.privateLink,
          vpcId: network.vpcId,
          subnetIds: network.privateSubnetIds,
          clusterCidrs: config.privateLink.clusterCidrs ?? clusterCidrs(config),
          clusterSecurityGroupId: cluster.nodeSecurityGroupId,
          tags,
        },
        inCloud,
      )
    : undefined;

  return {
    clusterName,
    natAddresses: pulumi.all(network.natAddresses),
    ...(management ? { managementRoleArn: management.arn } : {}),
    ...(link ? { privateLinkService: link.serviceName, apiHost: cluster.apiHost } : {}),
  };
}

const clusterCidrs = (config: CustomerBaseConfig) =>
  planNetwork(config.network.cidr, zonesOf(config)).zones.map(({ cluster }) => cluster);

function networkOf(config: CustomerBaseConfig, place: Place, cloud: aws.Provider): VpcPlace {
  const { existing, cidr, natGateways } = config.network;
  if (existing) return adoptNetwork(existing, { provider: cloud });
  const { clusterName } = config;
  const inCloud = { providers: [cloud] };
  const plan = planNetwork(cidr, zonesOf(config));
  const flowLogs = { keyArn: createFlowLogsKey(clusterName, place, inCloud).arn };
  return new Network(clusterName, { ...place, plan, natGateways, flowLogs }, inCloud);
}

interface ClusterPlace extends Place {
  access: AccessEntry[];
  network: VpcPlace;
}

function clusterOf(
  config: CustomerBaseConfig,
  { network, ...place }: ClusterPlace,
  opts: pulumi.ComponentResourceOptions,
): EksCluster {
  const { clusterName, kubernetes } = config;
  if (kubernetes.existing) return adoptCluster(clusterName, { ...place, clusterName }, opts);
  const zones = zonesOf(config);
  return new Cluster(
    clusterName,
    {
      ...kubernetes,
      ...place,
      subnetIds: network.clusterSubnetIds,
      nodeSubnets: nodeSubnets(zones, network),
      autoscaling: kubernetes.autoscaler ? "cluster-autoscaler" : "off",
    },
    opts,
  );
}
