/**
 * Cloud Storage and IAM's `signBlob` in memory, so far as the services call them: every call needs the access token, or a
 * signed URL, which is checked by its signature. It is no judge of IAM.
 */
import { createHash, createSign, generateKeyPairSync } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import {
  type Answered,
  type Asked,
  type GoogleServer,
  problem,
  startGoogleServer,
} from "../../../services/shared/testing/google-server.ts";
import { checkSigned, isSigned } from "../check.ts";

interface Stored {
  content: Buffer;
  metadata: Record<string, string>;
}

export interface GcsStandIn extends GoogleServer {
  /** By `<bucket>/<object>`. */
  objects: Map<string, Stored>;
}

/** @param account whose key signs */
export async function startGcsStandIn(account: string): Promise<GcsStandIn> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const objects = new Map<string, Stored>();

  function byToken({ method, target, body }: Asked): Answered {
    const { pathname, searchParams } = new URL(target, "http://stand-in");
    const [, bucket, object] = /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/.exec(pathname) ?? [];
    if (method === "GET" && bucket && object) {
      const found = objects.get(`${decodeURIComponent(bucket)}/${decodeURIComponent(object)}`);
      if (!found) return problem(404, "No such object");
      return [200, searchParams.get("alt") === "media" ? found.content : { size: String(found.content.byteLength) }];
    }
    const [, into] = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/.exec(pathname) ?? [];
    const name = searchParams.get("name");
    if (method === "POST" && into && name) {
      objects.set(`${decodeURIComponent(into)}/${name}`, { content: body, metadata: {} });
      return [200, { name }];
    }
    if (method === "POST" && pathname === `/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:signBlob`) {
      const { payload } = JSON.parse(body.toString()) as { payload: string };
      const signedBlob = createSign("RSA-SHA256").update(Buffer.from(payload, "base64")).sign(privateKey, "base64");
      return [200, { keyId: "1", signedBlob }];
    }
    return problem(404, `${method} ${pathname} is not served`);
  }

  function bySignature({ method, target, headers, body }: Asked): Answered | undefined {
    if (!isSigned({ target })) return undefined;
    const single = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    const keyOf = (name: string) => (name === account ? publicKey : undefined);
    const verdict = checkSigned({ method, target, headers: single }, keyOf, Date.now());
    if ("code" in verdict) return [verdict.status, Buffer.from(`${verdict.code}: ${verdict.message}`)];
    const name = decodeURIComponent(verdict.place.slice(1));
    if (method === "PUT") return put(name, headers, body);
    const found = objects.get(name);
    return found ? [200, found.content] : [404, Buffer.from("NoSuchKey")];
  }

  function put(name: string, headers: IncomingHttpHeaders, body: Buffer): Answered {
    const said = headers["content-md5"];
    if (said && said !== createHash("md5").update(body).digest("base64")) return [400, Buffer.from("BadDigest")];
    const own = Object.entries(headers).filter(([key]) => key.startsWith("x-goog-meta-"));
    const metadata = Object.fromEntries(own.map(([key, value]) => [key.slice(12), String(value)]));
    objects.set(name, { content: body, metadata });
    return [200, Buffer.alloc(0)];
  }

  return { ...(await startGoogleServer(byToken, bySignature)), objects };
}
