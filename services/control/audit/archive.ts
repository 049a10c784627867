/** The bucket that audit records are kept in. Its role may add objects, and neither read, replace nor remove one. */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { PutObjectCommand, S3Client, type S3ClientConfig, S3ServiceException } from "@aws-sdk/client-s3";
import { pathStyle } from "../../shared/s3.ts";
import type { Put } from "./exports.ts";

const pack = promisify(gzip);

/** The database ends a transaction that is idle for 30 s, and this one is while the object is on its way. */
const patienceMs = 15_000;

export function bucketArchive(Bucket: string, credentials: NonNullable<S3ClientConfig["credentials"]>): Put {
  const s3 = new S3Client({ ...pathStyle(), credentials });
  return async (Key, lines) => {
    const Body = await pack(lines);
    // A lock's retention asks for a digest of each object.
    const ChecksumSHA256 = createHash("sha256").update(Body).digest("base64");
    const object = { Bucket, Key, Body, ChecksumSHA256, ContentType: "application/gzip" };
    try {
      await s3.send(new PutObjectCommand({ ...object, IfNoneMatch: "*" }), {
        abortSignal: AbortSignal.timeout(patienceMs),
      });
    } catch (error) {
      // It is there already. Its name holds the digest of its lines: nothing else can be under it.
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412) return;
      throw error;
    }
  };
}
