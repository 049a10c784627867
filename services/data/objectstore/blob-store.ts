/**
 * The object store in Azure's Blob Storage, by its REST API: containers of one storage account, whose own keys sign nothing.
 * A digest cannot be a part of what is signed: it is Blob Storage that holds the content against the one that is sent.
 */
import { type Azure, type AzureCall, AzureError } from "../../../shared/azure.ts";
import { escapedPath } from "../../../shared/rfc3986.ts";
import { readUpTo } from "./bounded-read.ts";
import { delegationKeys } from "./delegation-keys.ts";
import type { ObjectName } from "./keys.ts";
import { signedBlobUrl, storageVersion } from "./sas.ts";
import { md5Metadata, type ObjectReader, type ObjectStore } from "./store.ts";

/** The only kind of blob there is here; without it no upload is taken. */
const whole = { "x-ms-blob-type": "BlockBlob" };

export function blobReader(azure: Azure, account: string): ObjectReader {
  return {
    async get(object, maxBytes) {
      const answer = await unlessMissing(azure, callOf(account, object, "GET"));
      return answer && readUpTo(answer, maxBytes);
    },
    has: async (object) => (await unlessMissing(azure, callOf(account, object, "HEAD"))) !== undefined,
  };
}

/** @param account storage account that the containers are in */
export function blobObjectStore(azure: Azure, account: string, now: () => number = Date.now): ObjectStore {
  const key = delegationKeys(azure, account, now);

  async function sign({ bucket: container, key: blob }: ObjectName, permission: "r" | "w", seconds: number) {
    // To the second, as the URL has it; never later than what is told.
    const expiresAt = Math.floor(now() / 1_000) * 1_000 + seconds * 1_000;
    const origin = azure.originOf("blob", account);
    return {
      url: signedBlobUrl({ origin, account, container, blob, permission, expiresAt, key: await key() }),
      expiresAt,
    };
  }

  return {
    ...blobReader(azure, account),
    async signPut(object, { md5, keepMd5, seconds }) {
      const headers = { ...whole, ...(keepMd5 ? { [`x-ms-meta-${md5Metadata}`]: md5 } : {}) };
      return { ...(await sign(object, "w", seconds)), headers };
    },
    async signGet(object, { seconds }) {
      return { ...(await sign(object, "r", seconds)), headers: {} };
    },
    async put(object, content) {
      const call = callOf(account, object, "PUT");
      // The same object again.
      const answer = await azure.call({ ...call, headers: { ...call.headers, ...whole }, content, repeatable: true });
      await answer.body?.cancel();
    },
  };
}

function callOf(account: string, { bucket, key }: ObjectName, method: "GET" | "HEAD" | "PUT") {
  const path = `/${bucket}/${escapedPath(key)}`;
  return { api: "blob", of: account, method, path, headers: { "x-ms-version": storageVersion } } as const;
}

/** A container that is not there and an object that is not there are one answer, as S3's. */
async function unlessMissing(azure: Azure, call: AzureCall): Promise<Response | undefined> {
  try {
    return await azure.call(call);
  } catch (error) {
    if (error instanceof AzureError && error.status === 404) return undefined;
    throw error;
  }
}
