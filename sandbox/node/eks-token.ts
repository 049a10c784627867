/**
 * Judges tokens of `aws eks get-token`, as EKS does: a token is a presigned GetCallerIdentity request, and who signed it
 * is who logs in. EKS sends it to STS; here the signature is computed again with the secret that belongs to the named
 * access key. Signature: AWS Signature Version 4 for query strings
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html).
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { escaped } from "../../shared/rfc3986.ts";

const prefix = "k8s-aws-v1.";
const clusterHeader = "x-k8s-aws-id";
/** STS accepts a presigned request for 15 minutes, whatever its X-Amz-Expires says; aws-iam-authenticator likewise. */
const lifetimeMs = 15 * 60_000;
const skewMs = 60_000;

export interface TokenContext {
  now: Date;
  /** Host of the STS that the request must be made for. */
  host: string;
  /** Name of this cluster: a token is good for the one that it names. */
  clusterName: string;
  /** Secret of an access key that may log in; undefined for any other. */
  secretOf(accessKeyId: string): string | undefined;
}

export type Verdict = { accepted: true; accessKeyId: string } | { accepted: false; reason: string };

export function judgeToken(token: string, context: TokenContext): Verdict {
  const refuse = (reason: string): Verdict => ({ accepted: false, reason });
  const url = presignedUrl(token);
  if (url === undefined) return refuse("not a token of aws eks get-token");
  const query = url.searchParams;
  const only = (name: string): string => (query.getAll(name).length === 1 ? (query.get(name) ?? "") : "");
  if (url.pathname !== "/" || only("Action") !== "GetCallerIdentity") return refuse("not a call of GetCallerIdentity");
  if (only("X-Amz-Algorithm") !== "AWS4-HMAC-SHA256") return refuse("unknown algorithm");
  if (url.host !== context.host) return refuse(`not made for ${context.host}`);
  const [accessKeyId = "", day = "", region = "", service, terminator] = only("X-Amz-Credential").split("/");
  if (service !== "sts" || terminator !== "aws4_request") return refuse("not signed for STS");
  const date = only("X-Amz-Date");
  const signedAt = parseDate(date);
  if (signedAt === undefined || !date.startsWith(day)) return refuse("no date");
  const age = context.now.getTime() - signedAt;
  if (age > lifetimeMs) return refuse("expired");
  if (age < -skewMs) return refuse("not yet valid");
  const headers: Record<string, string> = { host: url.host, [clusterHeader]: context.clusterName };
  // Anything else signed would be a header that is not here; without the cluster's name it would fit every cluster.
  const signedHeaders = only("X-Amz-SignedHeaders");
  if (signedHeaders !== Object.keys(headers).join(";")) return refuse(`does not sign host;${clusterHeader}`);
  const secret = context.secretOf(accessKeyId);
  if (secret === undefined) return refuse("unknown access key");
  const expected = signature({ url, headers, date, scope: [day, region, service, terminator], secret });
  if (!equal(expected, only("X-Amz-Signature"))) return refuse("signature of another key, request or cluster");
  return { accepted: true, accessKeyId };
}

function presignedUrl(token: string): URL | undefined {
  if (!token.startsWith(prefix)) return undefined;
  const text = Buffer.from(token.slice(prefix.length), "base64url").toString();
  return URL.canParse(text) ? new URL(text) : undefined;
}

interface Signed {
  url: URL;
  headers: Record<string, string>;
  date: string;
  scope: string[];
  secret: string;
}

function signature({ url, headers, date, scope, secret }: Signed): string {
  const query = [...url.searchParams]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .sort();
  const request = [
    "GET",
    "/",
    query.join("&"),
    ...Object.entries(headers).map(([name, value]) => `${name}:${value}`),
    "",
    Object.keys(headers).join(";"),
    sha256(""),
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", date, scope.join("/"), sha256(request)].join("\n");
  const key = scope.reduce<string | Buffer>((previous, part) => hmac(previous, part), `AWS4${secret}`);
  return hmac(key, toSign).toString("hex");
}

/** @param text as in `20260131T235959Z`. */
function parseDate(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)?.slice(1);
  if (parts === undefined) return undefined;
  const [year, month, day, hour, minute, second] = parts;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function equal(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
