/** Managed node groups: configuration only. The local node is a real one, and stands for all of them. */
import type { EKS, Nodegroup, Taint } from "@aws-sdk/client-eks";
import type { NodeGroupArgs } from "@pulumi/aws/eks/nodeGroup.js";
import { define, properties, type Types } from "../machine/resource.ts";
import { sameValue, type Value } from "../machine/values.ts";
import type { Cloud } from "./cloud.ts";
import { changeTags, fromTagMap, ifThere, need, type Plain } from "./helpers.ts";

type Args = Plain<NodeGroupArgs>;

const keyOf = (id: string) => {
  const [clusterName, nodegroupName] = id.split(":");
  return { clusterName, nodegroupName };
};

export const nodeGroupTypes = (cloud: Cloud): Types => ({
  "aws:eks/nodeGroup:NodeGroup": define<Args>({
    named: { property: "nodeGroupName", max: 63 },
    required: ["clusterName", "nodeRoleArn", "subnetIds", "scalingConfig"],
    replaceOn: [
      ...["nodeGroupName", "clusterName", "nodeRoleArn", "subnetIds", "instanceTypes", "amiType", "capacityType"],
      ...["diskSize", "remoteAccess", "launchTemplate.id", "launchTemplate.name"],
    ],
    async create(inputs) {
      const { clusterName, nodeGroupName: nodegroupName } = inputs;
      await (await cloud.eks()).createNodegroup({
        clusterName,
        nodegroupName,
        nodeRole: inputs.nodeRoleArn,
        subnets: inputs.subnetIds,
        instanceTypes: inputs.instanceTypes,
        amiType: inputs.amiType as "AL2023_x86_64_STANDARD",
        capacityType: inputs.capacityType as "ON_DEMAND",
        diskSize: inputs.diskSize,
        version: inputs.version,
        releaseVersion: inputs.releaseVersion,
        launchTemplate: inputs.launchTemplate,
        scalingConfig: inputs.scalingConfig,
        updateConfig: updateOf(inputs),
        nodeRepairConfig: repairOf(inputs),
        labels: inputs.labels,
        taints: inputs.taints as Taint[],
        tags: inputs.tags,
      });
      return `${clusterName}:${nodegroupName}`;
    },
    async read(id) {
      const held = (await ifThere((await cloud.eks()).describeNodegroup(keyOf(id))))?.nodegroup;
      if (!held) return undefined;
      const groups = held.resources?.autoScalingGroups?.map(({ name }) => ({ name }));
      const outputs = { arn: held.nodegroupArn, status: held.status, resources: [{ autoscalingGroups: groups }] };
      return { inputs: properties(inputsOf(held)), outputs: properties(outputs) };
    },
    update: async (id, inputs, _call, olds) => change(await cloud.eks(), id, inputs, olds),
    async delete(id) {
      await ifThere((await cloud.eks()).deleteNodegroup(keyOf(id)));
    },
    find: async ({ clusterName, nodeGroupName }) => `${clusterName}:${nodeGroupName}`,
  }),
});

function inputsOf(held: Nodegroup) {
  const { id, version } = held.launchTemplate ?? {};
  return {
    clusterName: held.clusterName,
    nodeGroupName: held.nodegroupName,
    nodeRoleArn: held.nodeRole,
    subnetIds: held.subnets,
    instanceTypes: held.instanceTypes,
    amiType: held.amiType,
    capacityType: held.capacityType,
    version: held.version,
    releaseVersion: held.releaseVersion,
    ...(id ? { launchTemplate: { id, version } } : { diskSize: held.diskSize }),
    scalingConfig: held.scalingConfig,
    updateConfig: held.updateConfig,
    ...(held.nodeRepairConfig ? { nodeRepairConfig: held.nodeRepairConfig } : {}),
    labels: held.labels,
    taints: held.taints,
    ...fromTagMap(held.tags),
  };
}

async function change(eks: EKS, id: string, inputs: Args, olds: Args): Promise<void> {
  const key = keyOf(id);
  const differs = (...names: (keyof Args)[]) =>
    names.some((name) => !sameValue(inputs[name] as Value | undefined, olds[name] as Value | undefined));
  if (differs("version", "releaseVersion", "launchTemplate")) {
    const { version, releaseVersion, launchTemplate, forceUpdateVersion: force } = inputs;
    await eks.updateNodegroupVersion({ ...key, version, releaseVersion, launchTemplate, force });
  }
  if (differs("scalingConfig", "updateConfig", "nodeRepairConfig", "labels", "taints")) {
    const { labels = {}, taints = [], scalingConfig } = inputs;
    const goneTaints = (olds.taints ?? []).filter((old) => !taints.some((taint) => taint.key === old.key));
    await eks.updateNodegroupConfig({
      ...key,
      scalingConfig,
      updateConfig: updateOf(inputs),
      nodeRepairConfig: repairOf(inputs),
      labels: {
        addOrUpdateLabels: labels,
        removeLabels: Object.keys(olds.labels ?? {}).filter((name) => labels[name] === undefined),
      },
      taints: { addOrUpdateTaints: taints as Taint[], removeTaints: goneTaints as Taint[] },
    });
  }
  const held = (await eks.describeNodegroup(key)).nodegroup;
  const resourceArn = need(held?.nodegroupArn, "the node group's ARN");
  await changeTags(olds.tags, inputs.tags, {
    set: (tags) => eks.tagResource({ resourceArn, tags }),
    remove: (tagKeys) => eks.untagResource({ resourceArn, tagKeys }),
  });
}

function updateOf({ updateConfig }: Args) {
  const { maxUnavailable, maxUnavailablePercentage } = updateConfig ?? {};
  return updateConfig && { maxUnavailable, maxUnavailablePercentage };
}

function repairOf({ nodeRepairConfig }: Args) {
  return nodeRepairConfig && { enabled: nodeRepairConfig.enabled };
}
