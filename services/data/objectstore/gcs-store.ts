/**
 * The object store in Cloud Storage, by its REST API. URLs are signed by IAM itself (`signBlob`) in the name of this
 * plane's own service account, so that there is no key to keep and none to lose.
 */
import { type Google, type GoogleCall, GoogleError } from "../../../shared/google.ts";
import { readUpTo } from "./bounded-read.ts";
import type { ObjectName } from "./keys.ts";
import { md5Metadata, type ObjectReader, type ObjectStore, type SignedUrl } from "./store.ts";
import { planV4 } from "./v4.ts";

export function gcsReader(google: Google): ObjectReader {
  return {
    async get(object, maxBytes) {
      const answer = await unlessMissing(google, { api: "storage", path: pathOf(object), query: { alt: "media" } });
      return answer && readUpTo(answer, maxBytes);
    },
    async has(object) {
      const answer = await unlessMissing(google, { api: "storage", path: pathOf(object), query: { fields: "size" } });
      await answer?.body?.cancel();
      return answer !== undefined;
    },
  };
}

/** @param account email of the service account that signs: the one this process runs as, which may sign for itself */
export function gcsObjectStore(google: Google, account: string, now: () => number = Date.now): ObjectStore {
  async function sign({ bucket, key }: ObjectName, method: string, headers: Record<string, string>, seconds: number) {
    // To the second, as the URL has it; never later than what is told.
    const at = Math.floor(now() / 1_000) * 1_000;
    const origin = google.originOf("storage");
    const plan = planV4({ method, origin, path: `/${bucket}/${key}`, headers, account, at, seconds });
    return { url: plan.url(await signature(google, account, plan.textToSign)), expiresAt: at + seconds * 1_000 };
  }

  return {
    ...gcsReader(google),
    async signPut(object, { md5, keepMd5, seconds }): Promise<SignedUrl> {
      const headers: Record<string, string> = keepMd5 ? { [`x-goog-meta-${md5Metadata}`]: md5 } : {};
      return { ...(await sign(object, "PUT", { ...headers, "content-md5": md5 }, seconds)), headers };
    },
    async signGet(object, { seconds }): Promise<SignedUrl> {
      return { ...(await sign(object, "GET", {}, seconds)), headers: {} };
    },
    async put({ bucket, key }, content) {
      const answer = await google.call({
        api: "storage",
        method: "POST",
        path: `/upload/storage/v1/b/${encodeURIComponent(bucket)}/o`,
        query: { uploadType: "media", name: key, fields: "name" },
        content,
        // The same object again.
        repeatable: true,
      });
      await answer.body?.cancel();
    },
  };
}

async function signature(google: Google, account: string, text: string): Promise<Uint8Array> {
  const answer = await google.call({
    api: "iamcredentials",
    method: "POST",
    path: `/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:signBlob`,
    json: { payload: Buffer.from(text).toString("base64") },
    repeatable: true,
  });
  const said: unknown = await answer.json();
  const blob = typeof said === "object" && said !== null && "signedBlob" in said ? said.signedBlob : undefined;
  if (typeof blob !== "string" || blob === "") throw new Error("signBlob answered without a signature");
  return Buffer.from(blob, "base64");
}

/** A bucket that is not there and an object that is not there are one answer, as S3's. */
async function unlessMissing(google: Google, call: GoogleCall): Promise<Response | undefined> {
  try {
    return await google.call(call);
  } catch (error) {
    if (error instanceof GoogleError && error.status === 404) return undefined;
    throw error;
  }
}

function pathOf({ bucket, key }: ObjectName): string {
  return `/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(key)}`;
}
