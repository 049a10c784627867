/**
 * The plane's own gate to its data. It trusts neither the tunnel nor the control plane: each request carries the end
 * user's token, verified here against the pinned keys, and names one object beneath that user's own organisation.
 */
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { ObjectStoreService } from "../../../gen/biplane/objectstore/v1/object_store_pb.js";
import { RestError } from "../../../shared/rest.ts";
import { callerOf, requireOwnOrg } from "../../shared/auth/caller.ts";
import { denied, invalid, notFound, unavailable } from "../../shared/errors.ts";
import { maxMessageBytes } from "../../shared/limits.ts";
import { KeyError, keyBeneath, objectBeneath, type Scheme, type Scope, uriOf } from "./keys.ts";
import { maxPresignSeconds, type ObjectStore } from "./store.ts";

export interface ObjectStoreDeps {
  store: ObjectStore;
  /** Of the store's URIs. */
  scheme: Scheme;
  /** The one organisation that this plane belongs to. */
  org: string;
  metadataBucket: string;
  /** Code bundles and other uploads. */
  fastRegistrationBucket: string;
  /** Longest life of a URL, and its life where none is asked for: 3600 at most. */
  presignSeconds: number;
}

const maxInputsBytes = 10 * 1024 * 1024;
/** As much as fits into one message. */
export const maxObjectBytes = maxMessageBytes - 1024;

export function objectStoreService(deps: ObjectStoreDeps): ServiceImpl<typeof ObjectStoreService> {
  const { store, scheme, metadataBucket, fastRegistrationBucket } = deps;
  const served = { scheme, buckets: [metadataBucket, fastRegistrationBucket] };
  return {
    async signUpload(request, context) {
      const scope = scopeOf(request, context, deps.org);
      const { contentMd5, filename, filenameRoot } = request;
      if (contentMd5.byteLength !== 16) {
        throw invalid({ subject: "content_md5", value: `${contentMd5.byteLength} bytes`, allowed: "16 bytes" });
      }
      if (filename === "") throw invalid({ subject: "filename", allowed: "the file's name" });
      const digest = Buffer.from(contentMd5);
      const relative = `${filenameRoot || digest.toString("hex")}/${filename}`;
      const object = named(() => ({ bucket: fastRegistrationBucket, key: keyBeneath(scope, relative) }));
      const seconds = lifeOf(request.expiresInSeconds, deps.presignSeconds);
      const options = { md5: digest.toString("base64"), keepMd5: request.addContentMd5Metadata, seconds };
      const { url, headers, expiresAt } = await reached(() => store.signPut(object, options));
      return { signedUrl: url, nativeUrl: uriOf(scheme, object), headers, expiresAtUnix: unixTime(expiresAt) };
    },

    async signDownload(request, context) {
      const scope = scopeOf(request, context, deps.org);
      const object = named(() => objectBeneath(scope, request.uri, served));
      const seconds = lifeOf(request.expiresInSeconds, deps.presignSeconds);
      const { url, expiresAt } = await reached(() => store.signGet(object, { seconds }));
      return { signedUrl: url, expiresAtUnix: unixTime(expiresAt) };
    },

    async putInputs(request, context) {
      const scope = scopeOf(request, context, deps.org);
      const size = request.content.byteLength;
      if (size > maxInputsBytes) {
        const todo = "Pass large values as flyte.io.File, Dir or DataFrame.";
        throw invalid({ subject: "the inputs' size in bytes", value: size, allowed: `up to ${maxInputsBytes}`, todo });
      }
      const key = named(() => keyBeneath(scope, `${request.folder}/inputs.pb`));
      await reached(() => store.put({ bucket: metadataBucket, key }, request.content));
      return { uri: uriOf(scheme, { bucket: metadataBucket, key: key.slice(0, -"/inputs.pb".length) }) };
    },

    async getObject(request, context) {
      const scope = scopeOf(request, context, deps.org);
      const object = named(() => objectBeneath(scope, request.uri, served));
      const content = await reached(() => store.get(object, maxObjectBytes));
      if (content === undefined) throw notFound("the object");
      if (content instanceof Uint8Array) return { content };
      const what = `the object has ${content.tooLarge} bytes; up to ${maxObjectBytes} are sent whole`;
      throw new ConnectError(`${what}. Ask for a download link.`, Code.ResourceExhausted);
    },
  };
}

function scopeOf(request: Scope, context: HandlerContext, org: string): Scope {
  const caller = callerOf(context);
  if (caller.org !== org) throw denied("this plane belongs to another organisation");
  requireOwnOrg(caller, request.org);
  return { org, project: request.project, domain: request.domain };
}

/** Above an hour is refused; above this plane's own, shorter setting is cut, since clients ask for a fixed time. */
function lifeOf(asked: bigint, longest: number): number {
  if (asked < 0n || asked > BigInt(maxPresignSeconds)) {
    const allowed = `1 to ${maxPresignSeconds}, or 0 for the default`;
    throw invalid({ subject: "expires_in_seconds", value: asked.toString(), allowed });
  }
  return asked === 0n ? longest : Math.min(Number(asked), longest);
}

/** All that is wrong with a name is one refusal: whether something lies outside the caller's place is not told. */
function named<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof KeyError) throw denied(error.message);
    throw error;
  }
}

/** The store's own trouble passes; the client is told to come again. */
async function reached<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (isPassing(error)) throw unavailable("the object store cannot be reached, try again", error);
    throw error;
  }
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof RestError) return error.passes;
  if ("$retryable" in error && error.$retryable !== undefined) return true;
  return ["TimeoutError", "ServiceUnavailable", "SlowDown", "InternalError"].includes(error.name);
}

function unixTime(milliseconds: number): bigint {
  return BigInt(Math.floor(milliseconds / 1_000));
}
