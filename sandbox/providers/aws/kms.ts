/** KMS. */
import { paginateListKeys } from "@aws-sdk/client-kms";
import type { AliasArgs } from "@pulumi/aws/kms/alias.js";
import type { KeyArgs } from "@pulumi/aws/kms/key.js";
import { mark } from "../machine/journal.ts";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { changeTags, finish, fromTags, ifThere, need, type Plain, regionOf, type Tags } from "./helpers.ts";

export const kmsTypes = (cloud: Cloud): Types => ({
  "aws:kms/key:Key": define<Plain<KeyArgs>>({
    documents: ["policy"],
    replaceOn: ["region", "keyUsage", "customerMasterKeySpec", "multiRegion"],
    async create(inputs) {
      const kms = await cloud.kms(inputs.region);
      const { KeyMetadata } = await kms.createKey({
        Description: inputs.description,
        Policy: inputs.policy,
        KeyUsage: inputs.keyUsage as "ENCRYPT_DECRYPT" | undefined,
        Tags: keyTags(inputs.tags ?? {}),
      });
      const id = need(KeyMetadata?.KeyId, "the key's id");
      return finish(id, async () => {
        if (inputs.enableKeyRotation) await kms.enableKeyRotation({ KeyId: id });
      });
    },
    async read(id, _call, last) {
      const kms = await cloud.kms(regionOf(last));
      const key = (await ifThere(kms.describeKey({ KeyId: id })))?.KeyMetadata;
      if (!key || key.KeyState === "PendingDeletion") return undefined;
      const rotation = await kms.getKeyRotationStatus({ KeyId: id });
      const tags = (await kms.listResourceTags({ KeyId: id })).Tags ?? [];
      const inputs = {
        description: key.Description,
        policy: (await kms.getKeyPolicy({ KeyId: id, PolicyName: "default" })).Policy,
        enableKeyRotation: rotation.KeyRotationEnabled,
        ...fromTags(tags.map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue }))),
      };
      return { inputs: properties(inputs), outputs: properties({ arn: key.Arn, keyId: id }) };
    },
    async update(id, inputs, _call, olds) {
      const kms = await cloud.kms(inputs.region);
      if (inputs.description !== olds.description)
        await kms.updateKeyDescription({ KeyId: id, Description: inputs.description ?? "" });
      if (inputs.policy) await kms.putKeyPolicy({ KeyId: id, PolicyName: "default", Policy: inputs.policy });
      await (inputs.enableKeyRotation ? kms.enableKeyRotation({ KeyId: id }) : kms.disableKeyRotation({ KeyId: id }));
      await changeTags(olds.tags, inputs.tags, {
        set: (tags) => kms.tagResource({ KeyId: id, Tags: keyTags(tags) }),
        remove: (TagKeys) => kms.untagResource({ KeyId: id, TagKeys }),
      });
    },
    async delete(id, _call, last) {
      const { deletionWindowInDays: days } = last;
      const PendingWindowInDays = typeof days === "number" ? days : undefined;
      await ifThere((await cloud.kms(regionOf(last))).scheduleKeyDeletion({ KeyId: id, PendingWindowInDays }));
    },
    // A key has no name: only the mark of the create that made it tells it from others.
    async find({ region, tags = {} }) {
      const wanted = tags[mark];
      if (wanted === undefined) return undefined;
      const kms = await cloud.kms(region);
      for await (const { Keys = [] } of paginateListKeys({ client: kms }, {})) {
        for (const { KeyId } of Keys) {
          const held = (await kms.listResourceTags({ KeyId })).Tags ?? [];
          if (held.some(({ TagKey, TagValue }) => TagKey === mark && TagValue === wanted)) return KeyId;
        }
      }
      return undefined;
    },
  }),

  "aws:kms/alias:Alias": define<Plain<AliasArgs>>({
    required: ["name", "targetKeyId"],
    replaceOn: ["region", "name"],
    async create({ name, region, targetKeyId }) {
      const AliasName = need(name, "the alias's name");
      await (await cloud.kms(region)).createAlias({ AliasName, TargetKeyId: targetKeyId });
      return AliasName;
    },
    async read(id, _call, last) {
      const { Aliases = [] } = await (await cloud.kms(regionOf(last))).listAliases({ Limit: 100 });
      const alias = Aliases.find(({ AliasName }) => AliasName === id);
      if (!alias) return undefined;
      return {
        inputs: properties({ name: id, targetKeyId: alias.TargetKeyId }),
        outputs: properties({ arn: alias.AliasArn }),
      };
    },
    async update(id, { region, targetKeyId }) {
      await (await cloud.kms(region)).updateAlias({ AliasName: id, TargetKeyId: targetKeyId });
    },
    async delete(id, _call, last) {
      await ifThere((await cloud.kms(regionOf(last))).deleteAlias({ AliasName: id }));
    },
    find: async ({ name }) => name,
  }),
});

function keyTags(tags: Tags): { TagKey: string; TagValue: string }[] {
  return Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
}
