/** Verifies what the emulator does not: that a request was signed with its operator's secret key, now. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Caller } from "./caller.ts";
import { splitTarget } from "./exchange.ts";

const clockSkewMs = 15 * 60 * 1000;

export interface SignedRequest {
  method: string;
  /** Path and query as sent. */
  target: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: Buffer;
}

export type Verdict = { genuine: true } | { genuine: false; code: string; message: string };

/** Only signatures in the `Authorization` header: no client presigns what the emulator serves. */
export async function verifySignature(
  request: SignedRequest,
  caller: Caller,
  secretAccessKey: string,
  now = Date.now(),
): Promise<Verdict> {
  if (!request.headers.authorization)
    return refused("AccessDenied", "A presigned URL is good for objects only; sign the request itself.");
  const signedAt = parseDate(request.headers["x-amz-date"]);
  if (signedAt === undefined || Math.abs(now - signedAt.getTime()) > clockSkewMs)
    return refused("SignatureDoesNotMatch", "Signature expired or from the future: x-amz-date is 15 minutes off.");
  if (!caller.signedHeaders.includes("host"))
    return refused("SignatureDoesNotMatch", "The host header must be signed.");
  const claimed = request.headers["x-amz-content-sha256"];
  const actual = createHash("sha256").update(request.body).digest("hex");
  if (claimed !== undefined && claimed !== actual && claimed !== "UNSIGNED-PAYLOAD")
    return refused("XAmzContentSHA256Mismatch", "x-amz-content-sha256 is not the hash of the body.");
  const expected = await signatureOf(request, caller, secretAccessKey, signedAt);
  if (!equal(expected, caller.signature))
    return refused("SignatureDoesNotMatch", "The signature is not the one that this secret key gives.");
  return { genuine: true };
}

/** Headers of a request to S3 in a caller's name, where what it asked for goes on in another form. */
export async function signForObjects(
  { method, target, body }: Omit<SignedRequest, "headers">,
  credentials: { accessKeyId: string; secretAccessKey: string },
  place: { host: string; region: string },
): Promise<Record<string, string>> {
  const { path, query } = splitTarget(target);
  const signer = new SignatureV4({
    ...{ credentials, region: place.region, service: "s3" },
    ...{ sha256: NodeSha256, applyChecksum: true, uriEscapePath: false },
  });
  const headers = { host: place.host };
  const request = { method, protocol: "https:", hostname: place.host, path, query: queryOf(query), headers, body };
  return (await signer.sign(request)).headers;
}

async function signatureOf(request: SignedRequest, caller: Caller, secretAccessKey: string, signingDate: Date) {
  const { path, query } = splitTarget(request.target);
  const signer = new SignatureV4({
    credentials: { accessKeyId: caller.accessKeyId, secretAccessKey },
    region: caller.region,
    service: caller.service,
    sha256: NodeSha256,
    applyChecksum: false,
    // S3 is the one service whose path is not escaped a second time.
    uriEscapePath: caller.service !== "s3",
  });
  const headers = Object.fromEntries(
    caller.signedHeaders.map((name) => [name, request.headers[name] ?? ""] as [string, string]),
  );
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: "https:",
      hostname: request.headers.host ?? "",
      path,
      query: queryOf(query),
      headers,
      body: request.body,
    },
    { signingDate, signableHeaders: new Set(caller.signedHeaders) },
  );
  return signed.headers.authorization?.split("Signature=")[1] ?? "";
}

function queryOf(parameters: URLSearchParams): Record<string, string[]> {
  const query: Record<string, string[]> = {};
  for (const [key, value] of parameters) query[key] = [...(query[key] ?? []), value];
  return query;
}

/** @param text `yyyymmddThhmmssZ` */
function parseDate(text = ""): Date | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)?.slice(1).map(Number);
  if (!parts) return undefined;
  const [year = 0, month = 1, day, hour, minute, second] = parts;
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function refused(code: string, message: string): Verdict {
  return { genuine: false, code, message };
}

/** The signer's hash interface over Node's own. */
class NodeSha256 {
  private readonly parts: Uint8Array[] = [];
  private readonly secret: Uint8Array | string | undefined;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.secret = secret === undefined || typeof secret === "string" ? secret : bytesOf(secret);
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.parts.push(typeof data === "string" ? Buffer.from(data) : bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    const hash = this.secret === undefined ? createHash("sha256") : createHmac("sha256", this.secret);
    for (const part of this.parts) hash.update(part);
    return Promise.resolve(new Uint8Array(hash.digest()));
  }

  reset(): void {
    this.parts.length = 0;
  }
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
