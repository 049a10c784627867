/** The object store under this plane's own identity: signs, writes, reads. What may be asked for is decided elsewhere. */
import type { ObjectName } from "./keys.ts";

export interface SignedUrl {
  url: string;
  /** Headers that must be sent with it, exactly so. */
  headers: Record<string, string>;
  /** Milliseconds since 1970; earlier than asked for when the signing session ends before. */
  expiresAt: number;
}

export interface ObjectReader {
  /** @returns undefined when there is no such object, its size alone when that is above `maxBytes`. */
  get(object: ObjectName, maxBytes: number): Promise<Uint8Array | { tooLarge: number } | undefined>;
  has(object: ObjectName): Promise<boolean>;
}

export interface ObjectStore extends ObjectReader {
  signPut(object: ObjectName, options: { md5: string; keepMd5: boolean; seconds: number }): Promise<SignedUrl>;
  signGet(object: ObjectName, options: { seconds: number }): Promise<SignedUrl>;
  put(object: ObjectName, content: Uint8Array): Promise<void>;
}

/** Where the client keeps its own digest, to find a bundle that it has uploaded before. */
export const md5Metadata = "flytecontentmd5";

/** The documented longest life of a presigned URL. */
export const maxPresignSeconds = 3_600;
