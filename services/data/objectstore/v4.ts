/**
 * Signed URLs of Cloud Storage, version 4 (GOOG4-RSA-SHA256), as documented: pure. Whoever signs gets the text to sign and
 * gives the signature back, so that no key need be here.
 * Source: https://cloud.google.com/storage/docs/authentication/canonical-requests
 */
import { createHash } from "node:crypto";
import { escaped, escapedPath } from "../../../shared/rfc3986.ts";

export interface V4Request {
  method: string;
  /** Scheme and host, such as https://storage.googleapis.com. */
  origin: string;
  /** Segments from behind the host, not escaped. */
  path: string;
  /** Signed, and to be sent exactly so. */
  headers?: Record<string, string>;
  query?: Record<string, string>;
  /** Email of the service account whose key signs. */
  account: string;
  /** Milliseconds since 1970. */
  at: number;
  seconds: number;
}

export interface V4Plan {
  textToSign: string;
  /** @param signature RSASSA-PKCS1-v1_5 with SHA-256 over the text's bytes */
  url(signature: Uint8Array): string;
}

const algorithm = "GOOG4-RSA-SHA256";

export function planV4({ method, origin, path, headers = {}, query = {}, account, at, seconds }: V4Request): V4Plan {
  const time = new Date(at).toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${time.slice(0, 8)}/auto/storage/goog4_request`;
  // Without its port, as the published vectors have it.
  const signed = Object.entries({ ...headers, host: new URL(origin).hostname })
    .map(([name, value]): [string, string] => [name.toLowerCase(), value.trim().replace(/\s+/g, " ")])
    .sort(byName);
  const names = signed.map(([name]) => name).join(";");
  const search = Object.entries({
    ...query,
    "X-Goog-Algorithm": algorithm,
    "X-Goog-Credential": `${account}/${scope}`,
    "X-Goog-Date": time,
    "X-Goog-Expires": String(seconds),
    "X-Goog-SignedHeaders": names,
  })
    .map(([name, value]): [string, string] => [escaped(name), escaped(value)])
    .sort(byName)
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  const place = escapedPath(path);
  const lines = signed.map(([name, value]) => `${name}:${value}\n`).join("");
  const canonical = [method, place, search, lines, names, "UNSIGNED-PAYLOAD"].join("\n");
  const digest = createHash("sha256").update(canonical).digest("hex");
  return {
    textToSign: [algorithm, time, scope, digest].join("\n"),
    url: (signature) => `${origin}${place}?${search}&X-Goog-Signature=${Buffer.from(signature).toString("hex")}`,
  };
}

function byName([a]: [string, string], [b]: [string, string]): number {
  return a < b ? -1 : Number(a > b);
}
