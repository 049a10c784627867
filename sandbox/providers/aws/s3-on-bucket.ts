/** What all settings of a bucket have alike: each is one put, so a repeated create does no harm. */
import type { S3 } from "@aws-sdk/client-s3";
import { define, properties, type ResourceType, type Seen } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { ifThere } from "./helpers.ts";

export interface BucketSetting<Inputs> {
  documents?: readonly string[];
  put(s3: S3, bucket: string, inputs: Inputs): Promise<void>;
  /** @returns undefined, or a rejection by name, when it is not set */
  get(s3: S3, bucket: string): Promise<object | undefined>;
  remove(s3: S3, bucket: string): Promise<unknown>;
}

export function onBucket<Inputs extends { bucket: string }>(
  cloud: Cloud,
  setting: BucketSetting<Inputs>,
): ResourceType {
  return define<Inputs>({
    documents: setting.documents,
    replaceOn: ["bucket"],
    async create(inputs) {
      await setting.put(await cloud.s3(), inputs.bucket, inputs);
      return inputs.bucket;
    },
    async read(id): Promise<Seen | undefined> {
      const s3 = await cloud.s3();
      const held = await ifThere(setting.get(s3, id));
      return held && { inputs: { bucket: id, ...properties(held) }, outputs: {} };
    },
    async update(id, inputs) {
      await setting.put(await cloud.s3(), id, inputs);
    },
    async delete(id) {
      await ifThere(setting.remove(await cloud.s3(), id));
    },
  });
}
