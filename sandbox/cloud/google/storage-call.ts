/** What a request to Cloud Storage asks for, by its JSON API or its XML API, decided from its head alone. */
import { splitTarget } from "../front/exchange.ts";
import type { Asked } from "./rights.ts";

/** Of an object, or of the objects of a bucket. */
export interface StorageCall {
  api: "json" | "xml";
  bucket: string;
  /** As it is called, not as it is escaped; of a list none. */
  object?: string;
  does: "get" | "list" | "put" | "delete" | "begin parts" | "put part" | "complete parts" | "abort parts";
  listPrefix?: string;
}

/** What else this origin serves: no bucket is called so. */
const otherApi = /^\/(?:v\d\w*|compute|storage|upload)(?:\/|$)/;

/** @returns undefined for what is no call on objects, or one that no client of ours makes */
export function storageCallOf(method: string, target: string): StorageCall | undefined {
  const { path, query } = splitTarget(target);
  const upload = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/.exec(path);
  if (upload) {
    const object = query.get("name") ?? undefined;
    const isWhole = method === "POST" && query.get("uploadType") === "media" && object;
    return isWhole ? { api: "json", bucket: decoded(upload[1]), object, does: "put" } : undefined;
  }
  const json = /^\/storage\/v1\/b\/([^/]+)\/o(?:\/([^/]+))?$/.exec(path);
  if (json) return plainCall("json", method, decoded(json[1]), json[2] && decoded(json[2]), query);
  if (otherApi.test(path)) return undefined;
  const [, first, rest] = /^\/([^/]+)(?:\/(.*))?$/.exec(path) ?? [];
  // The client's object store escapes whatever is no letter and no digit.
  const [bucket, object] = [decoded(first), rest ? decoded(rest) : undefined];
  if (!/^[a-z0-9][a-z0-9._-]{1,220}$/.test(bucket)) return undefined;
  const parts = object === undefined ? undefined : partsCall(method, query);
  if (parts) return { api: "xml", bucket, object, does: parts };
  if (method === "PUT") return object === undefined ? undefined : { api: "xml", bucket, object, does: "put" };
  return plainCall("xml", method, bucket, object, query);
}

function plainCall(
  api: StorageCall["api"],
  method: string,
  bucket: string,
  object: string | undefined,
  query: URLSearchParams,
): StorageCall | undefined {
  const reads = method === "GET" || method === "HEAD";
  if (object === undefined) {
    return method === "GET" ? { api, bucket, does: "list", listPrefix: query.get("prefix") ?? "" } : undefined;
  }
  if (reads) return { api, bucket, object, does: "get" };
  return method === "DELETE" ? { api, bucket, object, does: "delete" } : undefined;
}

function partsCall(method: string, query: URLSearchParams): StorageCall["does"] | undefined {
  if (method === "POST" && query.has("uploads")) return "begin parts";
  if (!query.has("uploadId")) return undefined;
  if (method === "PUT" && query.has("partNumber")) return "put part";
  if (method === "POST") return "complete parts";
  return method === "DELETE" ? "abort parts" : undefined;
}

const permission: Record<StorageCall["does"], string> = {
  get: "get",
  list: "list",
  put: "create",
  delete: "delete",
  "begin parts": "create",
  "put part": "create",
  "complete parts": "create",
  "abort parts": "delete",
};

/** What IAM is asked. Source: "IAM permissions for XML requests" and "for JSON methods". */
export function askedOf({ bucket, object, does, listPrefix }: StorageCall, principal: string): Asked {
  const name = `projects/_/buckets/${bucket}${object === undefined ? "" : `/objects/${object}`}`;
  const policies = [`b/${bucket}`];
  const permissions = [`storage.objects.${permission[does]}`];
  return { principal, permissions, policies, name, ...(listPrefix === undefined ? {} : { listPrefix }) };
}

function decoded(text = ""): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // As it stands: no object has such a name.
    if (error instanceof URIError) return text;
    throw error;
  }
}
