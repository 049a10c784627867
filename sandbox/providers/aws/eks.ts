/** EKS: the emulator keeps the cluster's configuration; endpoint, authority and issuer are those of the local node. */
import type { ClusterArgs } from "@pulumi/aws/eks/cluster.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { clusterSecurityGroup, deleteClusterSecurityGroup, ensureClusterSecurityGroup } from "./eks-security-group.ts";
import { changeTags, finish, fromTagMap, ifThere, need, type Plain } from "./helpers.ts";

export const eksTypes = (cloud: Cloud): Types => ({
  "aws:eks/cluster:Cluster": define<Plain<ClusterArgs>>({
    named: { property: "name", max: 100 },
    required: ["roleArn", "vpcConfig"],
    replaceOn: ["name", "roleArn", "vpcConfig.subnetIds", "vpcConfig.securityGroupIds", "encryptionConfig"],
    async create(inputs) {
      const name = need(inputs.name, "the cluster's name");
      const { encryptionConfig: encryption, vpcConfig: vpc } = inputs;
      await (await cloud.eks()).createCluster({
        name,
        roleArn: inputs.roleArn,
        version: inputs.version,
        resourcesVpcConfig: {
          subnetIds: vpc.subnetIds,
          securityGroupIds: vpc.securityGroupIds,
          endpointPrivateAccess: vpc.endpointPrivateAccess,
          endpointPublicAccess: vpc.endpointPublicAccess,
        },
        encryptionConfig: encryption && [
          { resources: encryption.resources, provider: { keyArn: encryption.provider.keyArn } },
        ],
        logging: loggingOf(inputs),
        tags: inputs.tags,
      });
      return finish(name, () => ensureClusterSecurityGroup(cloud, name, vpc.subnetIds));
    },
    async read(id, _call, last) {
      const held = (await ifThere((await cloud.eks()).describeCluster({ name: id })))?.cluster;
      if (!held) return undefined;
      const facts = await cloud.backing.node(id);
      const given = held.resourcesVpcConfig;
      const vpcConfig = {
        subnetIds: given?.subnetIds,
        endpointPrivateAccess: given?.endpointPrivateAccess,
        endpointPublicAccess: given?.endpointPublicAccess,
      };
      const inputs = { name: id, roleArn: held.roleArn, version: held.version, ...fromTagMap(held.tags), vpcConfig };
      return {
        inputs: properties(inputs),
        outputs: properties({
          arn: held.arn,
          endpoint: facts.endpoint,
          certificateAuthority: { data: facts.certificateAuthorityData },
          identities: [{ oidcs: [{ issuer: facts.issuer }] }],
          platformVersion: held.platformVersion,
          status: held.status,
          // What the emulator does not keep is what it was told.
          vpcConfig: {
            ...(last.vpcConfig as object | undefined),
            ...vpcConfig,
            vpcId: given?.vpcId,
            clusterSecurityGroupId: await clusterSecurityGroup(cloud, id),
          },
        }),
      };
    },
    async update(id, inputs, _call, olds) {
      const eks = await cloud.eks();
      const arn = need((await eks.describeCluster({ name: id })).cluster?.arn, "the cluster's ARN");
      const { endpointPrivateAccess, endpointPublicAccess } = inputs.vpcConfig;
      const resourcesVpcConfig = { endpointPrivateAccess, endpointPublicAccess };
      await eks.updateClusterConfig({ name: id, resourcesVpcConfig, logging: loggingOf(inputs) });
      if (inputs.version !== olds.version) await eks.updateClusterVersion({ name: id, version: inputs.version });
      await changeTags(olds.tags, inputs.tags, {
        set: (tags) => eks.tagResource({ resourceArn: arn, tags }),
        remove: (tagKeys) => eks.untagResource({ resourceArn: arn, tagKeys }),
      });
    },
    async delete(id) {
      await ifThere((await cloud.eks()).deleteCluster({ name: id }));
      await deleteClusterSecurityGroup(cloud, id);
    },
    find: async ({ name }) => name,
  }),
});

function loggingOf({ enabledClusterLogTypes: types = [] }: Plain<ClusterArgs>) {
  return { clusterLogging: [{ enabled: types.length > 0, types: types as ("api" | "audit" | "authenticator")[] }] };
}
