/**
 * Cloud Storage and IAM's `signBlob` in memory, so far as the services call them, on loopback: every call needs the one
 * access token, or a signed URL, which it checks by signature. It is no judge of IAM.
 */
import { createHash, createSign, generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { checkSigned, isSigned } from "../check.ts";

interface Stored {
  content: Buffer;
  metadata: Record<string, string>;
}

export interface GcsStandIn {
  origin: string;
  token: string;
  /** By `<bucket>/<object>`. */
  objects: Map<string, Stored>;
  /** Method and path of every call with the access token. */
  asked: string[];
  /** Answers that many calls by this status before it works again. */
  fail(status: number, times: number): void;
  close(): Promise<void>;
}

/** @param account whose key signs */
export async function startGcsStandIn(account: string, now: () => number = Date.now): Promise<GcsStandIn> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const token = "a-token-of-the-stand-in";
  const objects = new Map<string, Stored>();
  const asked: string[] = [];
  let failing = { status: 0, times: 0 };
  const keyOf = (name: string) => (name === account ? publicKey : undefined);

  function byToken(method: string, target: URL, body: Buffer): [number, unknown] | [number, Buffer] {
    const [, bucket, object] = /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/.exec(target.pathname) ?? [];
    if (method === "GET" && bucket && object) {
      const found = objects.get(`${decodeURIComponent(bucket)}/${decodeURIComponent(object)}`);
      if (!found) return [404, problem(404, "No such object")];
      return target.searchParams.get("alt") === "media"
        ? [200, found.content]
        : [200, { size: String(found.content.byteLength) }];
    }
    const [, into] = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/.exec(target.pathname) ?? [];
    const name = target.searchParams.get("name");
    if (method === "POST" && into && name) {
      objects.set(`${decodeURIComponent(into)}/${name}`, { content: body, metadata: {} });
      return [200, { name }];
    }
    if (
      method === "POST" &&
      target.pathname === `/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:signBlob`
    ) {
      const { payload } = JSON.parse(body.toString()) as { payload: string };
      const signedBlob = createSign("RSA-SHA256").update(Buffer.from(payload, "base64")).sign(privateKey, "base64");
      return [200, { keyId: "1", signedBlob }];
    }
    return [404, problem(404, `${method} ${target.pathname} is not served`)];
  }

  function bySignature(method: string, place: string, headers: IncomingHttpHeaders, body: Buffer): [number, Buffer] {
    const name = decodeURIComponent(place.slice(1));
    if (method === "PUT") {
      const said = headers["content-md5"];
      if (said && said !== createHash("md5").update(body).digest("base64")) return [400, Buffer.from("BadDigest")];
      const own = Object.entries(headers).filter(([key]) => key.startsWith("x-goog-meta-"));
      const metadata = Object.fromEntries(own.map(([key, value]) => [key.slice(12), String(value)]));
      objects.set(name, { content: body, metadata });
      return [200, Buffer.alloc(0)];
    }
    const found = objects.get(name);
    return found ? [200, found.content] : [404, Buffer.from("NoSuchKey")];
  }

  function answer(request: IncomingMessage, body: Buffer): [number, unknown] {
    const { method = "", url = "/", headers } = request;
    if (failing.times > 0) {
      failing.times--;
      return [failing.status, problem(failing.status, "told to fail")];
    }
    const single = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    if (isSigned({ target: url })) {
      const verdict = checkSigned({ method, target: url, headers: single }, keyOf, now());
      if ("code" in verdict) return [verdict.status, Buffer.from(`${verdict.code}: ${verdict.message}`)];
      return bySignature(method, verdict.place, headers, body);
    }
    if (headers.authorization !== `Bearer ${token}`) return [401, problem(401, "no access token")];
    asked.push(`${method} ${url}`);
    return byToken(method, new URL(url, "http://stand-in"), body);
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => send(response, answer(request, Buffer.concat(parts))));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    objects,
    asked,
    fail(status, times) {
      failing = { status, times };
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

function problem(code: number, message: string) {
  return { error: { code, message } };
}

function send(response: ServerResponse, [status, body]: [number, unknown]): void {
  const content = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  response.writeHead(status, { "content-length": content.byteLength }).end(content);
}
