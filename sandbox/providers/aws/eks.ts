/** EKS: the account keeps the cluster's configuration; endpoint, authority and issuer are those of the local node. */
import type { Cluster, EKS, LogType } from "@aws-sdk/client-eks";
import type { ClusterArgs } from "@pulumi/aws/eks/cluster.js";
import { define, properties, type Types } from "../machine/resource.ts";
import { sameValue, type Value } from "../machine/values.ts";
import type { Cloud, NodeFacts } from "./cloud.ts";
import { clusterSecurityGroup, deleteClusterSecurityGroup, ensureClusterSecurityGroup } from "./eks-security-group.ts";
import { changeTags, finish, fromTagMap, ifThere, need, type Plain } from "./helpers.ts";

type Args = Plain<ClusterArgs>;

const logTypes = ["api", "audit", "authenticator", "controllerManager", "scheduler"] as const;

export const clusterTypes = (cloud: Cloud): Types => ({
  "aws:eks/cluster:Cluster": define<Args>({
    named: { property: "name", max: 100 },
    required: ["roleArn", "vpcConfig"],
    replaceOn: [
      "name",
      "roleArn",
      "vpcConfig.subnetIds",
      "vpcConfig.securityGroupIds",
      "encryptionConfig",
      "bootstrapSelfManagedAddons",
      "accessConfig.bootstrapClusterCreatorAdminPermissions",
    ],
    async create(inputs) {
      const name = need(inputs.name, "the cluster's name");
      const { encryptionConfig: encryption, vpcConfig: vpc, accessConfig: access } = inputs;
      await (await cloud.eks()).createCluster({
        name,
        roleArn: inputs.roleArn,
        version: inputs.version,
        resourcesVpcConfig: { ...endpointOf(inputs), subnetIds: vpc.subnetIds, securityGroupIds: vpc.securityGroupIds },
        encryptionConfig: encryption && [encryption],
        accessConfig: access && { ...access, authenticationMode: access.authenticationMode as "API" },
        bootstrapSelfManagedAddons: inputs.bootstrapSelfManagedAddons,
        deletionProtection: inputs.deletionProtection,
        logging: loggingOf(inputs),
        tags: inputs.tags,
      });
      return finish(name, () => ensureClusterSecurityGroup(cloud, name, vpc.subnetIds));
    },
    async read(id, _call, last) {
      const held = (await ifThere((await cloud.eks()).describeCluster({ name: id })))?.cluster;
      if (!held) return undefined;
      const facts = await cloud.backing.node(id);
      const inputs = inputsOf(held);
      const vpcConfig = {
        ...(last.vpcConfig as object | undefined),
        ...inputs.vpcConfig,
        vpcId: held.resourcesVpcConfig?.vpcId,
        clusterSecurityGroupId: await clusterSecurityGroup(cloud, id),
      };
      return { inputs: properties(inputs), outputs: properties({ ...outputsOf(held, facts), vpcConfig }) };
    },
    async update(id, inputs, _call, olds) {
      const eks = await cloud.eks();
      const arn = need((await eks.describeCluster({ name: id })).cluster?.arn, "the cluster's ARN");
      for (const change of changesOf(inputs, olds)) await eks.updateClusterConfig({ name: id, ...change });
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

type Change = Omit<Parameters<EKS["updateClusterConfig"]>[0], "name">;

/** EKS takes one kind of change at a time. */
function* changesOf(inputs: Args, olds: Args): Generator<Change> {
  const differs = (value: object, old: object) => !sameValue(value as Value, old as Value);
  if (differs(endpointOf(inputs), endpointOf(olds))) yield { resourcesVpcConfig: endpointOf(inputs) };
  if (differs(loggingOf(inputs), loggingOf(olds))) yield { logging: loggingOf(inputs) };
  const mode = inputs.accessConfig?.authenticationMode;
  if (mode && mode !== olds.accessConfig?.authenticationMode) {
    yield { accessConfig: { authenticationMode: mode as "API" } };
  }
  if (inputs.deletionProtection !== olds.deletionProtection) {
    yield { deletionProtection: inputs.deletionProtection === true };
  }
}

function endpointOf({ vpcConfig }: Args) {
  const { endpointPrivateAccess, endpointPublicAccess, publicAccessCidrs } = vpcConfig;
  return { endpointPrivateAccess, endpointPublicAccess, ...(publicAccessCidrs ? { publicAccessCidrs } : {}) };
}

/** Both halves, as EKS wants and answers them: what is on and what is off. */
function loggingOf({ enabledClusterLogTypes: on = [] }: Args) {
  const off = logTypes.filter((type) => !on.includes(type));
  const clusterLogging = [
    { enabled: true, types: on as LogType[] },
    { enabled: false, types: off },
  ].filter(({ types }) => types.length > 0);
  return { clusterLogging };
}

/** In the shape of the type's inputs. */
export function inputsOf(held: Cluster) {
  const { subnetIds, securityGroupIds = [], ...rest } = held.resourcesVpcConfig ?? {};
  const { endpointPrivateAccess, endpointPublicAccess, publicAccessCidrs = [] } = rest;
  const [encryption] = held.encryptionConfig ?? [];
  return {
    name: held.name,
    roleArn: held.roleArn,
    version: held.version,
    vpcConfig: {
      subnetIds,
      endpointPrivateAccess,
      endpointPublicAccess,
      ...(securityGroupIds.length > 0 ? { securityGroupIds } : {}),
      ...(endpointPublicAccess ? { publicAccessCidrs } : {}),
    },
    ...(encryption ? { encryptionConfig: encryption } : {}),
    enabledClusterLogTypes: held.logging?.clusterLogging?.flatMap(({ enabled, types = [] }) => (enabled ? types : [])),
    accessConfig: held.accessConfig,
    deletionProtection: held.deletionProtection,
    ...fromTagMap(held.tags),
  };
}

/** What only the account and the local node know. */
export function outputsOf(held: Cluster, facts: NodeFacts) {
  return {
    arn: held.arn,
    endpoint: facts.endpoint,
    certificateAuthority: { data: facts.certificateAuthorityData },
    identities: [{ oidcs: [{ issuer: facts.issuer }] }],
    platformVersion: held.platformVersion,
    status: held.status,
  };
}
