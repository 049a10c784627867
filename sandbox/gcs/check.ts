/**
 * Judges a request by signed URL as Cloud Storage documents it (V4, GOOG4-RSA-SHA256), since the local store behind it
 * checks none. Pure, and made from what was received, byte for byte: it shares no code with whoever signs, so that a
 * mistake of one is not repeated by the other. It knows no IAM: what the account may do is asked elsewhere.
 * Source: https://cloud.google.com/storage/docs/authentication/canonical-requests
 */
import { createHash, createVerify, type KeyObject } from "node:crypto";

export interface Received {
  method: string;
  /** Path and query, as they came. */
  target: string;
  /** Names in small letters, `host` among them. */
  headers: Readonly<Record<string, string | undefined>>;
}

export type Verdict =
  | { account: string; place: string }
  /** HTTP status and code as Cloud Storage answers them. */
  | { status: number; code: string; message: string };

const parameters = ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"] as const;
/** Seven days. */
const longestSeconds = 604_800;
const toleratedSkewMs = 15 * 60_000;

/** @returns whether a request claims to be signed: one that does not is for others to judge */
export function isSigned({ target }: Pick<Received, "target">): boolean {
  return /[?&]X-Goog-(Signature|Algorithm|Credential)=/i.test(target);
}

/** @param now milliseconds since 1970 */
export function checkSigned(
  { method, target, headers }: Received,
  keyOf: (account: string) => KeyObject | undefined,
  now: number,
): Verdict {
  const [place = "", search = ""] = split(target, "?");
  const pairs = search.split("&").filter((pair) => pair !== "");
  const given: Partial<Record<(typeof parameters)[number], string>> = {};
  for (const name of parameters) {
    const found = pairs.filter((pair) => pair.startsWith(`X-Goog-${name}=`));
    if (found.length !== 1) return refuse(400, "AuthenticationRequired", `X-Goog-${name} stands ${found.length} times`);
    given[name] = decodeURIComponent(split(found[0] ?? "", "=")[1] ?? "");
  }
  const { Algorithm, Credential = "", Date: time = "", Expires = "", SignedHeaders = "", Signature = "" } = given;
  if (Algorithm !== "GOOG4-RSA-SHA256") return refuse(400, "InvalidArgument", "the algorithm is another");
  const [, account = "", day, scope] =
    /^([^/]+)\/(\d{8})\/([a-z0-9-]+\/storage\/goog4_request)$/.exec(Credential) ?? [];
  const begins = timeOf(time);
  const seconds = /^\d{1,6}$/.test(Expires) ? Number(Expires) : 0;
  if (!day || !scope || begins === undefined || time.slice(0, 8) !== day) {
    return refuse(400, "InvalidArgument", "the credential's scope and the date do not fit");
  }
  if (seconds < 1 || seconds > longestSeconds) return refuse(400, "InvalidArgument", "the life is out of range");
  if (begins > now + toleratedSkewMs) return refuse(403, "RequestTimeTooSkewed", "the date is in the future");
  if (now >= begins + seconds * 1_000) return refuse(400, "ExpiredToken", "the URL's time is over");
  const names = SignedHeaders.split(";");
  if (!names.includes("host")) return refuse(400, "MalformedSecurityHeader", "host is not signed");
  const missing = names.find((name) => headers[name] === undefined);
  if (missing) return refuse(400, "MalformedSecurityHeader", `${missing} is signed and was not sent`);
  const unsigned = Object.keys(headers).find((name) => name.startsWith("x-goog-") && !names.includes(name));
  if (unsigned) return refuse(400, "MalformedSecurityHeader", `${unsigned} was sent and is not signed`);
  const text = [
    method,
    place,
    pairs
      .filter((pair) => !pair.startsWith("X-Goog-Signature="))
      .sort((a, b) => compare(split(a, "=")[0] ?? "", split(b, "=")[0] ?? ""))
      .join("&"),
    ...names.map((name) => `${name}:${signedValue(name, headers[name])}`),
    "",
    SignedHeaders,
    headers["x-goog-content-sha256"] ?? "UNSIGNED-PAYLOAD",
  ].join("\n");
  const digest = createHash("sha256").update(text).digest("hex");
  const signed = ["GOOG4-RSA-SHA256", time, `${day}/${scope}`, digest].join("\n");
  const key = keyOf(account);
  const isGood = key && createVerify("RSA-SHA256").update(signed).verify(key, Signature, "hex");
  return isGood ? { account, place } : refuse(403, "SignatureDoesNotMatch", "the signature is of another request");
}

function refuse(status: number, code: string, message: string): Verdict {
  return { status, code, message };
}

/** A host is signed without its port, as the published vectors have it. */
function signedValue(name: string, value = ""): string {
  return name === "host" ? value.replace(/:\d+$/, "") : value.trim().replace(/[ \t]+/g, " ");
}

function split(text: string, at: string): [string, string?] {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

function timeOf(text: string): number | undefined {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const [year, month, day, hour, minute, second] = parts;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
