/** The security group that EKS makes with every cluster; the emulator makes none. */
import type { Cloud } from "./cloud.ts";
import { filter } from "./ec2-network.ts";
import { ifThere, need } from "./helpers.ts";

const nameOf = (cluster: string) => `eks-cluster-sg-${cluster}`;

export async function clusterSecurityGroup(cloud: Cloud, cluster: string): Promise<string | undefined> {
  const Filters = [filter("group-name", nameOf(cluster))];
  return (await (await cloud.ec2()).describeSecurityGroups({ Filters })).SecurityGroups?.[0]?.GroupId;
}

/** Made in the network of the cluster's subnets, unless it is there. */
export async function ensureClusterSecurityGroup(cloud: Cloud, cluster: string, subnetIds: string[]): Promise<void> {
  if (await clusterSecurityGroup(cloud, cluster)) return;
  const ec2 = await cloud.ec2();
  const { Subnets = [] } = await ec2.describeSubnets({ SubnetIds: subnetIds });
  await ec2.createSecurityGroup({
    GroupName: nameOf(cluster),
    Description: "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes",
    VpcId: need(Subnets[0]?.VpcId, "the network of the cluster's subnets"),
  });
}

export async function deleteClusterSecurityGroup(cloud: Cloud, cluster: string): Promise<void> {
  const GroupId = await clusterSecurityGroup(cloud, cluster);
  if (GroupId) await ifThere((await cloud.ec2()).deleteSecurityGroup({ GroupId }));
}
