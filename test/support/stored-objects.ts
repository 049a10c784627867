import { gunzipSync } from "node:zlib";
import { GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { operatorClient } from "../../sandbox/cloud/index.ts";
import { environment, here } from "./local-run.ts";
import type { Written } from "./written.ts";

const { metadataBucket, fastRegistrationBucket } = environment.outputs.customer;

/** Objects of the customer's buckets that were written since, unpacked. @param start in whole seconds, as the store tells */
export async function objectsSince(start: Date): Promise<Written[]> {
  const client = new S3Client({ ...operatorClient(here, "customer"), forcePathStyle: true });
  const found: Written[] = [];
  for (const Bucket of [String(metadataBucket), String(fastRegistrationBucket)])
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket }))
      for (const { Key = "", LastModified } of Contents) {
        if (!LastModified || LastModified < start) continue;
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
        const content = Buffer.from((await Body?.transformToByteArray()) ?? []);
        const isPacked = content[0] === 0x1f && content[1] === 0x8b;
        const text = (isPacked ? gunzipSync(content) : content).toString("latin1");
        found.push({ place: `s3://${Bucket}/${Key}`, text });
      }
  return found;
}
