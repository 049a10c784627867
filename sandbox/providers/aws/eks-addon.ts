/** EKS add-ons: kept and read back. What they would install runs on the local node as programs of its own. */
import type { AddonArgs } from "@pulumi/aws/eks/addon.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { changeTags, fromTagMap, ifThere, need, type Plain } from "./helpers.ts";

export const addonTypes = (cloud: Cloud): Types => ({
  "aws:eks/addon:Addon": define<Plain<AddonArgs>>({
    required: ["clusterName", "addonName"],
    replaceOn: ["clusterName", "addonName"],
    sameIdentity: (olds, news) => olds.clusterName === news.clusterName && olds.addonName === news.addonName,
    async create({ clusterName, addonName, tags, resolveConflictsOnCreate: conflicts, ...inputs }) {
      const { addonVersion, serviceAccountRoleArn, configurationValues } = inputs;
      await (await cloud.eks()).createAddon({
        clusterName,
        addonName,
        addonVersion,
        serviceAccountRoleArn,
        configurationValues,
        resolveConflicts: conflicts as "OVERWRITE",
        tags,
      });
      return `${clusterName}:${addonName}`;
    },
    async read(id, _call, last) {
      const [clusterName, addonName] = id.split(":");
      const held = (await ifThere((await cloud.eks()).describeAddon({ clusterName, addonName })))?.addon;
      if (!held) return undefined;
      const { addonVersion, serviceAccountRoleArn, configurationValues, tags } = held;
      const { resolveConflictsOnCreate, resolveConflictsOnUpdate } = last;
      const said = { resolveConflictsOnCreate, resolveConflictsOnUpdate };
      const kept = { clusterName, addonName, addonVersion, serviceAccountRoleArn, configurationValues };
      return {
        inputs: properties({ ...kept, ...fromTagMap(tags), ...said }),
        outputs: properties({ arn: held.addonArn, createdAt: held.createdAt, modifiedAt: held.modifiedAt }),
      };
    },
    async update(id, inputs, _call, olds) {
      const [clusterName, addonName] = id.split(":");
      const eks = await cloud.eks();
      const { addonVersion, serviceAccountRoleArn, configurationValues, resolveConflictsOnUpdate } = inputs;
      await eks.updateAddon({
        clusterName,
        addonName,
        addonVersion,
        serviceAccountRoleArn,
        configurationValues,
        resolveConflicts: resolveConflictsOnUpdate as "OVERWRITE",
      });
      const { addon } = await eks.describeAddon({ clusterName, addonName });
      const resourceArn = need(addon?.addonArn, "the add-on's ARN");
      await changeTags(olds.tags, inputs.tags, {
        set: (tags) => eks.tagResource({ resourceArn, tags }),
        remove: (tagKeys) => eks.untagResource({ resourceArn, tagKeys }),
      });
    },
    async delete(id) {
      const [clusterName, addonName] = id.split(":");
      await ifThere((await cloud.eks()).deleteAddon({ clusterName, addonName }));
    },
    find: async ({ clusterName, addonName }) => `${clusterName}:${addonName}`,
  }),
});
