/**
 * Objects: what was judged goes on to fake-gcs-server, which judges nothing. Uploads are taken whole, so that a digest that
 * does not fit refuses them as Cloud Storage does.
 */
import { createHash } from "node:crypto";
import {
  answer,
  type FrontRequest,
  type FrontResponse,
  flatHeaders,
  readWhole,
  splitTarget,
} from "../front/exchange.ts";
import { exchange, stream, type Upstream } from "../front/upstream.ts";
import { type Reply, storageProblem } from "./answers.ts";
import type { Parts } from "./parts.ts";
import type { StorageCall } from "./storage-call.ts";

export interface StoreBehind {
  upstream: Upstream;
  /** Name under which it serves its XML API. */
  host: string;
  parts: Parts;
}

const uploadLimitBytes = 1024 * 1024 * 1024;
/** What of an upload's headers stays with the object. */
const kept = /^(content-(type|encoding|disposition|language)|cache-control|x-goog-meta-.*)$/;

export function objectStore({ upstream, host, parts }: StoreBehind) {
  const buckets = new Set<string>();

  async function ensureBucket(bucket: string): Promise<void> {
    if (buckets.has(bucket)) return;
    const body = Buffer.from(JSON.stringify({ name: bucket }));
    const headers = { host, "content-type": "application/json" };
    const made = await exchange(upstream, { method: "POST", target: "/storage/v1/b?project=_", headers, body });
    if (made.status >= 300 && made.status !== 409) throw new Error(`the store answered ${made.status} to a new bucket`);
    buckets.add(bucket);
  }

  return async (call: StorageCall, request: FrontRequest, response: FrontResponse): Promise<void> => {
    await ensureBucket(call.bucket);
    if (call.does === "get" || call.does === "list") {
      // fake-gcs-server takes no other name's request for one of its XML API.
      return stream(request, response, upstream, { host });
    }
    const body = await readWhole(request, uploadLimitBytes);
    const made = await write(call, request, body);
    return answer(response, made.status, made.headers ?? {}, made.body);
  };

  async function write(call: StorageCall, request: FrontRequest, body: Buffer): Promise<Reply> {
    const { query } = splitTarget(request.url);
    const place = `${call.bucket}/${call.object}`;
    const id = query.get("uploadId") ?? "";
    switch (call.does) {
      case "begin parts": {
        const told = `<Bucket>${call.bucket}</Bucket><Key>${escaped(call.object)}</Key><UploadId>${parts.begin(place)}</UploadId>`;
        return xml(`<InitiateMultipartUploadResult>${told}</InitiateMultipartUploadResult>`);
      }
      case "put part": {
        const etag = parts.put(place, id, Number(query.get("partNumber")), body);
        return etag ? { status: 200, headers: { etag }, body: "" } : noUpload();
      }
      case "complete parts": {
        const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, number]) =>
          Number(number),
        );
        const whole = parts.join(place, id, numbers);
        if (!whole) return noUpload();
        const stored = await put(call, {}, whole);
        if (stored.status >= 300) return stored;
        parts.end(place, id);
        const told = `<Bucket>${call.bucket}</Bucket><Key>${escaped(call.object)}</Key><ETag>${stored.headers?.etag}</ETag>`;
        return {
          ...stored,
          ...xml(`<CompleteMultipartUploadResult>${told}</CompleteMultipartUploadResult>`, stored.headers),
        };
      }
      case "abort parts":
        return parts.end(place, id) ? { status: 204, body: "" } : noUpload();
      case "delete": {
        const target = `/storage/v1/b/${encodeURIComponent(call.bucket)}/o/${encodeURIComponent(call.object ?? "")}`;
        const gone = await exchange(upstream, { method: "DELETE", target, headers: { host }, body: Buffer.alloc(0) });
        if (gone.status < 300) return { status: 204, body: "" };
        if (gone.status === 404) return storageProblem(404, "NoSuchKey", "there is no such object");
        throw new Error(`the store answered ${gone.status} to a deletion`);
      }
      default:
        return put(call, flatHeaders(request), body);
    }
  }

  async function put(call: StorageCall, headers: Record<string, string>, body: Buffer): Promise<Reply> {
    const said = headers["content-md5"];
    if (said && said !== createHash("md5").update(body).digest("base64")) {
      return storageProblem(400, "BadDigest", "the content is another than Content-MD5 says");
    }
    if (headers["x-goog-copy-source"]) return storageProblem(501, "NotImplemented", "copies are not served here");
    const path = `/${call.bucket}/${(call.object ?? "").split("/").map(encodeURIComponent).join("/")}`;
    const expected = headers["x-goog-if-generation-match"];
    if (expected !== undefined) {
      const now = await exchange(upstream, { method: "HEAD", target: path, headers: { host }, body: Buffer.alloc(0) });
      const generation = now.status < 300 ? String(now.headers["x-goog-generation"]) : "0";
      if (generation !== expected) return storageProblem(412, "PreconditionFailed", "the object is another generation");
    }
    const stays = Object.fromEntries(Object.entries(headers).filter(([name]) => kept.test(name)));
    // As its signed uploads: the one form of PUT that it takes.
    const target = `${path}?X-Goog-Algorithm=judged`;
    const stored = await exchange(upstream, { method: "PUT", target, headers: { ...stays, host }, body });
    if (stored.status >= 300) throw new Error(`the store answered ${stored.status} to an upload`);
    const told = JSON.parse(stored.body.toString()) as { generation?: string };
    const md5 = createHash("md5").update(body).digest();
    return {
      status: 200,
      headers: {
        etag: `"${md5.toString("hex")}"`,
        "x-goog-generation": String(told.generation ?? "1"),
        "x-goog-hash": `md5=${md5.toString("base64")}`,
        ...(call.api === "json" ? { "content-type": "application/json" } : {}),
      },
      body: call.api === "json" ? stored.body : "",
    };
  }
}

function noUpload(): Reply {
  return storageProblem(404, "NoSuchUpload", "there is no such upload, or not all of its parts");
}

function xml(body: string, headers: Record<string, string> = {}): Reply {
  return {
    status: 200,
    headers: { ...headers, "content-type": "application/xml" },
    body: `<?xml version='1.0' encoding='UTF-8'?>${body}`,
  };
}

function escaped(text = ""): string {
  return text.replace(/[<>&'"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
