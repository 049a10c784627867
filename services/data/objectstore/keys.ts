/**
 * Which object a caller's words name, or that they name none: pure, and the only place where keys are made. A key is
 * safe when every one of its segments is, read as it stands, percent-decoded or Unicode-normalised: the store, a proxy
 * or a browser on the way may do any of these.
 */

export interface Scope {
  org: string;
  project: string;
  domain: string;
}

/** Of URIs: what the clients of the plane's kind of store read. */
export type Scheme = "s3" | "gs" | "abfs";

export interface ObjectName {
  bucket: string;
  key: string;
}

/** Why a name is refused, without the name: it may be chosen to look like something else. */
export class KeyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "KeyError";
  }
}

/** S3's limit on a key, Cloud Storage's and Blob Storage's, in bytes. */
const maxKeyBytes = 1024;

/** @returns `<org>/<project>/<domain>/`. @throws KeyError unless each is a DNS label. */
export function scopePrefix({ org, project, domain }: Scope): string {
  for (const [what, name] of Object.entries({ org, project, domain })) {
    if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) throw new KeyError(`${what} is not a DNS label`);
  }
  return `${org}/${project}/${domain}/`;
}

/** @param relative segments with `/` between, beneath the scope. @throws KeyError when a segment is not safe. */
export function keyBeneath(scope: Scope, relative: string): string {
  const prefix = scopePrefix(scope);
  for (const segment of relative.split("/")) requireSafe(segment);
  const key = prefix + relative;
  if (Buffer.byteLength(key) > maxKeyBytes) throw new KeyError(`the name is longer than ${maxKeyBytes} bytes`);
  return key;
}

export function uriOf(scheme: Scheme, { bucket, key }: ObjectName): string {
  return `${scheme}://${bucket}/${key}`;
}

/** @throws KeyError where it is no URI of the scheme, with a bucket and a key */
export function parseUri(scheme: Scheme, uri: string): ObjectName {
  const [, found, bucket, key] = /^([a-z0-9]+):\/\/([^/]+)\/(.+)$/s.exec(uri) ?? [];
  if (found !== scheme || !bucket || !key) throw new KeyError(`the URI is not ${scheme}://bucket/key`);
  return { bucket, key };
}

export interface Served {
  scheme: Scheme;
  buckets: readonly string[];
}

/** @returns the object of a URI. @throws KeyError when it is in another bucket or not beneath the scope. */
export function objectBeneath(scope: Scope, uri: string, { scheme, buckets }: Served): ObjectName {
  const prefix = scopePrefix(scope);
  const { bucket, key } = parseUri(scheme, uri);
  if (!buckets.includes(bucket)) throw new KeyError("the URI is in a bucket that this plane does not serve");
  if (!key.startsWith(prefix)) throw new KeyError("the URI is not beneath the caller's own project and domain");
  return { bucket, key: keyBeneath(scope, key.slice(prefix.length)) };
}

function requireSafe(segment: string): void {
  for (const reading of readings(segment)) {
    if (reading === "") throw new KeyError("a segment of the name is empty");
    if (/^\.+$/.test(reading)) throw new KeyError("a segment of the name is made of dots");
    if (/[/\\]/.test(reading)) throw new KeyError("a segment of the name hides a slash");
    if (reading.trim() !== reading) throw new KeyError("a segment of the name begins or ends in white space");
    // Control, format, surrogate and unassigned characters, and line separators.
    if (/[\p{C}\p{Zl}\p{Zp}]/u.test(reading)) throw new KeyError("the name has characters that cannot be seen");
  }
}

/** What the segment can become on its way: decoded as often as it changes, each time also in its plain Unicode form. */
function readings(segment: string): string[] {
  const all: string[] = [];
  for (let reading = segment; ; ) {
    all.push(reading);
    const next = percentDecoded(reading.normalize("NFKC"));
    if (next === reading) return all;
    // Each decoding shortens the text, unless normalising alone changed it: then one more round settles it.
    if (all.length > 2 * segment.length + 8) throw new KeyError("the name is encoded too often");
    reading = next;
  }
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Bytes that are no UTF-8; still judged by what plain dots and slashes they hold.
    return text.replace(/%(2e|2f|5c|00)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  }
}
