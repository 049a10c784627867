/** The object store in S3, under this plane's own role. */
import {
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import type { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import { pathStyle } from "../../shared/s3.ts";
import { type S3Presigner, s3Presigner } from "./s3-presigner.ts";
import { md5Metadata, type ObjectReader, type ObjectStore } from "./store.ts";

/** Answers the session's present credentials, or new ones when `forceRefresh` is set. */
export type Credentials = ReturnType<typeof fromNodeProviderChain>;

/** A session this much shorter than the asked time is not renewed for its sake. */
const toleranceMs = 60_000;

/** For those who only read. */
export function s3Reader(s3: S3Client): ObjectReader {
  return {
    get({ bucket, key }, maxBytes) {
      return unlessMissing(async () => {
        const { Body, ContentLength } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        const size = ContentLength ?? 0;
        if (size <= maxBytes) return await Body?.transformToByteArray();
        // Left unread, it would hold the connection.
        if (Body && "destroy" in Body) Body.destroy();
        return { tooLarge: size };
      });
    },
    async has({ bucket, key }) {
      const head = () => s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return (await unlessMissing(head)) !== undefined;
    },
  };
}

export function s3ObjectStore(credentials: Credentials): ObjectStore {
  const s3 = new S3Client({ ...pathStyle(), credentials });
  let signer: { identity: Awaited<ReturnType<Credentials>>; presigner: S3Presigner } | undefined;

  /** A URL dies with the session that signed it, so a session that ends too soon is replaced first. */
  async function signing(seconds: number): Promise<{ presigner: S3Presigner; expiresAt: number }> {
    const wanted = Date.now() + seconds * 1_000;
    let identity = await credentials();
    if (identity.expiration && identity.expiration.getTime() < wanted - toleranceMs) {
      identity = await credentials({ forceRefresh: true });
    }
    if (signer?.identity !== identity) signer = { identity, presigner: s3Presigner(identity) };
    return { presigner: signer.presigner, expiresAt: Math.min(wanted, identity.expiration?.getTime() ?? wanted) };
  }

  return {
    ...s3Reader(s3),
    async signPut(object, { md5, keepMd5, seconds }) {
      const { presigner, expiresAt } = await signing(seconds);
      const headers: Record<string, string> = keepMd5 ? { [`x-amz-meta-${md5Metadata}`]: md5 } : {};
      const url = await presigner("PUT", object, { seconds, headers: { ...headers, "content-md5": md5 } });
      return { url, headers, expiresAt };
    },
    async signGet(object, { seconds }) {
      const { presigner, expiresAt } = await signing(seconds);
      return { url: await presigner("GET", object, { seconds, headers: {} }), headers: {}, expiresAt };
    },
    async put({ bucket, key }, content) {
      await s3.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: content, ContentLength: content.byteLength }),
      );
    },
  };
}

async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
    throw error;
  }
}
