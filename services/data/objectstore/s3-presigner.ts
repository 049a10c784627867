/**
 * Presigned URLs of S3, by the SDK's signer alone: what it does around each of its own commands costs ten times the
 * signature. Where a bucket's objects are to be found is the SDK's to say, and asked once for each.
 */
import { GetObjectCommand, S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { getSignedUrl, S3RequestPresigner } from "@aws-sdk/s3-request-presigner";
import { escaped, escapedPath } from "../../../shared/rfc3986.ts";
import { pathStyle } from "../../shared/s3.ts";
import type { ObjectName } from "./keys.ts";

export interface PresignOptions {
  seconds: number;
  /** Signed with the URL: whoever uses it must send exactly these. Names in lower case. */
  headers: Record<string, string>;
}

export type S3Presigner = (method: "GET" | "PUT", object: ObjectName, options: PresignOptions) => Promise<string>;

/** @param identity of one session, which the URLs die with. */
export function s3Presigner(identity: S3ClientConfig["credentials"] & {}): S3Presigner {
  const client = new S3Client({ ...pathStyle(), credentials: identity });
  const signer = new S3RequestPresigner({ ...client.config });
  const places = new Map<string, Promise<URL>>();

  /** Of an object whose key is empty. */
  function placeOf(bucket: string): Promise<URL> {
    const known = places.get(bucket) ?? learnPlace(client, bucket);
    places.set(bucket, known);
    known.catch(() => places.delete(bucket));
    return known;
  }

  return async (method, { bucket, key }, { seconds, headers }) => {
    const place = await placeOf(bucket);
    const names = Object.keys(headers);
    const path = place.pathname + escapedPath(key);
    const { protocol, hostname } = place;
    const { query = {} } = await signer.presign(
      { method, protocol, hostname, path, query: {}, headers: { ...headers, host: place.host } },
      // Signed as headers: in the query they would bind nobody to send them.
      { expiresIn: seconds, unhoistableHeaders: new Set(names), signableHeaders: new Set(["host", ...names]) },
    );
    const search = Object.entries(query).map(([name, value]) => `${escaped(name)}=${escaped(String(value))}`);
    return `${place.origin}${path}?${search.join("&")}`;
  };
}

async function learnPlace(client: S3Client, bucket: string): Promise<URL> {
  const probe = "key";
  const place = new URL(await getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: probe })));
  place.search = "";
  place.pathname = place.pathname.slice(0, -probe.length);
  return place;
}
