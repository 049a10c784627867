/** ECR. The registry that the nodes pull from is another, and its images are pinned by digest. */
import type { LifecyclePolicyArgs } from "@pulumi/aws/ecr/lifecyclePolicy.js";
import type { RepositoryArgs } from "@pulumi/aws/ecr/repository.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { changeTags, fromTags, ifThere, need, type Plain, toTags } from "./helpers.ts";

export const ecrTypes = (cloud: Cloud): Types => ({
  "aws:ecr/repository:Repository": define<Plain<RepositoryArgs>>({
    named: { property: "name", max: 256 },
    defaults: { imageTagMutability: "MUTABLE" },
    replaceOn: ["name", "encryptionConfigurations"],
    async create(inputs) {
      const [encryption] = inputs.encryptionConfigurations ?? [];
      const { repository } = await (await cloud.ecr()).createRepository({
        repositoryName: inputs.name,
        imageTagMutability: inputs.imageTagMutability as "IMMUTABLE",
        imageScanningConfiguration: inputs.imageScanningConfiguration,
        encryptionConfiguration: encryption && {
          encryptionType: encryption.encryptionType as "AES256",
          kmsKey: encryption.kmsKey,
        },
        tags: toTags(inputs.tags),
      });
      return need(repository?.repositoryName, "the repository's name");
    },
    async read(id) {
      const ecr = await cloud.ecr();
      const held = (await ifThere(ecr.describeRepositories({ repositoryNames: [id] })))?.repositories?.[0];
      if (!held) return undefined;
      const { encryptionType, kmsKey } = held.encryptionConfiguration ?? {};
      const inputs = {
        name: id,
        imageTagMutability: held.imageTagMutability,
        imageScanningConfiguration: held.imageScanningConfiguration,
        encryptionConfigurations: [{ encryptionType, kmsKey }],
        ...fromTags((await ecr.listTagsForResource({ resourceArn: held.repositoryArn })).tags),
      };
      const outputs = {
        arn: held.repositoryArn,
        repositoryUrl: held.repositoryUri,
        registryId: held.registryId,
      };
      return { inputs: properties(inputs), outputs: properties(outputs) };
    },
    async update(id, inputs, _call, olds) {
      const ecr = await cloud.ecr();
      const imageTagMutability = inputs.imageTagMutability as "IMMUTABLE";
      await ecr.putImageTagMutability({ repositoryName: id, imageTagMutability });
      const imageScanningConfiguration = inputs.imageScanningConfiguration ?? { scanOnPush: false };
      await ecr.putImageScanningConfiguration({ repositoryName: id, imageScanningConfiguration });
      const resourceArn = `arn:aws:ecr:${cloud.region}:${cloud.account}:repository/${id}`;
      await changeTags(olds.tags, inputs.tags, {
        set: (tags) => ecr.tagResource({ resourceArn, tags: toTags(tags) }),
        remove: (tagKeys) => ecr.untagResource({ resourceArn, tagKeys }),
      });
    },
    async delete(id, _call, { forceDelete }) {
      await ifThere((await cloud.ecr()).deleteRepository({ repositoryName: id, force: forceDelete === true }));
    },
    find: async ({ name }) => name,
  }),

  "aws:ecr/lifecyclePolicy:LifecyclePolicy": define<Plain<LifecyclePolicyArgs>>({
    documents: ["policy"],
    replaceOn: ["repository"],
    async create({ repository: repositoryName, policy }) {
      await (await cloud.ecr()).putLifecyclePolicy({ repositoryName, lifecyclePolicyText: String(policy) });
      return repositoryName;
    },
    async read(id) {
      const held = await ifThere((await cloud.ecr()).getLifecyclePolicy({ repositoryName: id }));
      if (!held) return undefined;
      const inputs = { repository: id, policy: held.lifecyclePolicyText };
      return { inputs: properties(inputs), outputs: properties({ registryId: held.registryId }) };
    },
    async update(id, { policy }) {
      await (await cloud.ecr()).putLifecyclePolicy({ repositoryName: id, lifecyclePolicyText: String(policy) });
    },
    async delete(id) {
      await ifThere((await cloud.ecr()).deleteLifecyclePolicy({ repositoryName: id }));
    },
  }),
});
