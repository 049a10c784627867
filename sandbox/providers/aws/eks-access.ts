/** EKS: who may use a cluster's Kubernetes API. Kept and read back; the local node lets its operator in by itself. */
import type { AccessEntryArgs } from "@pulumi/aws/eks/accessEntry.js";
import type { AccessPolicyAssociationArgs } from "@pulumi/aws/eks/accessPolicyAssociation.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { changeTags, fromTagMap, ifThere, type Plain } from "./helpers.ts";

/** A separator that the official provider uses too: an ARN has colons. */
const parts = (id: string, separator: string) => {
  const at = id.indexOf(separator);
  return [id.slice(0, at), id.slice(at + 1)] as const;
};

export const accessTypes = (cloud: Cloud): Types => ({
  "aws:eks/accessEntry:AccessEntry": define<Plain<AccessEntryArgs>>({
    required: ["clusterName", "principalArn"],
    defaults: { type: "STANDARD" },
    replaceOn: ["clusterName", "principalArn", "type"],
    sameIdentity: (olds, news) => olds.clusterName === news.clusterName && olds.principalArn === news.principalArn,
    async create({ clusterName, principalArn, kubernetesGroups, userName: username, type, tags }) {
      await (await cloud.eks()).createAccessEntry({
        clusterName,
        principalArn,
        kubernetesGroups,
        username,
        type,
        tags,
      });
      return `${clusterName}:${principalArn}`;
    },
    async read(id) {
      const [clusterName, principalArn] = parts(id, ":");
      const found = await ifThere((await cloud.eks()).describeAccessEntry({ clusterName, principalArn }));
      if (!found?.accessEntry) return undefined;
      const { kubernetesGroups, type, tags, accessEntryArn, username } = found.accessEntry;
      const inputs = { clusterName, principalArn, kubernetesGroups, type, ...fromTagMap(tags) };
      return { inputs: properties(inputs), outputs: properties({ accessEntryArn, userName: username }) };
    },
    async update(id, { kubernetesGroups = [], userName: username, tags: news }, _call, { tags: olds }) {
      const [clusterName, principalArn] = parts(id, ":");
      const eks = await cloud.eks();
      const { accessEntry } = await eks.updateAccessEntry({ clusterName, principalArn, kubernetesGroups, username });
      const resourceArn = accessEntry?.accessEntryArn;
      await changeTags(olds, news, {
        set: (tags) => eks.tagResource({ resourceArn, tags }),
        remove: (tagKeys) => eks.untagResource({ resourceArn, tagKeys }),
      });
    },
    async delete(id) {
      const [clusterName, principalArn] = parts(id, ":");
      await ifThere((await cloud.eks()).deleteAccessEntry({ clusterName, principalArn }));
    },
    find: async ({ clusterName, principalArn }) => `${clusterName}:${principalArn}`,
  }),

  "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": define<Plain<AccessPolicyAssociationArgs>>({
    required: ["clusterName", "principalArn", "policyArn", "accessScope"],
    sameIdentity: (olds, news) => olds.principalArn === news.principalArn && olds.policyArn === news.policyArn,
    async create({ clusterName, principalArn, policyArn, accessScope }) {
      const scope = { ...accessScope, type: accessScope.type as "cluster" };
      await (await cloud.eks()).associateAccessPolicy({ clusterName, principalArn, policyArn, accessScope: scope });
      return [clusterName, principalArn, policyArn].join("#");
    },
    async read(id) {
      const [clusterName = "", principalArn = "", policyArn = ""] = id.split("#");
      const entry = { clusterName, principalArn };
      const found = await ifThere((await cloud.eks()).listAssociatedAccessPolicies(entry));
      const held = found?.associatedAccessPolicies?.find((policy) => policy.policyArn === policyArn);
      if (!held) return undefined;
      const { type, namespaces = [] } = held.accessScope ?? {};
      const accessScope = { type, ...(namespaces.length > 0 ? { namespaces } : {}) };
      return { inputs: properties({ ...entry, policyArn, accessScope }), outputs: {} };
    },
    async delete(id) {
      const [clusterName, principalArn, policyArn] = id.split("#");
      await ifThere((await cloud.eks()).disassociateAccessPolicy({ clusterName, principalArn, policyArn }));
    },
  }),
});
