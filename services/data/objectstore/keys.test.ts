import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeyError, keyBeneath, objectBeneath, scopePrefix } from "./keys.ts";

const scope = { org: "acme", project: "demo", domain: "development" };
const prefix = "acme/demo/development/";
const buckets = ["acme-metadata", "acme-fast-reg"];
const served = { scheme: "s3", buckets } as const;

describe("keyBeneath", () => {
  it.each([
    "fast1234.tar.gz",
    "a/b/c.txt",
    "r1/a0/1/outputs.pb",
    "Übersicht 100%.csv",
    "données/été.txt",
    "日本語.txt",
    "a..b",
    "..a",
    "file#1?x=2.txt",
  ])("takes %s as it stands", (name) => expect(keyBeneath(scope, name)).toBe(prefix + name));

  it.each([
    "",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "...",
    "../other/x",
    "a/../../b",
    "a/./b",
    "%2e%2e",
    "%2E%2e/x",
    ".%2e",
    "%252e%252e",
    "%25252e%25252e",
    "a%2fb",
    "a%5cb",
    " a",
    "a/b%20",
    "a\\..\\b",
    "%2e%2e%ff/..",
    "\u{ff0e}\u{ff0e}",
    "a\u{ff0f}b",
    "\u{2025}",
    "a\u0000b",
    "a%00b",
    "a\u202eb",
    "a\u200bb",
    "a\nb",
    "a\ud800b",
    "x".repeat(1025),
  ])("refuses %j", (name) => expect(() => keyBeneath(scope, name)).toThrow(KeyError));

  it.each([
    { org: "" },
    { project: ".." },
    { domain: "a/b" },
    { org: "Acme" },
    { project: "demo%2f" },
    { domain: "x".repeat(64) },
  ])("refuses the scope %j", (wrong) => expect(() => scopePrefix({ ...scope, ...wrong })).toThrow(KeyError));
});

/** Text made of what breaks naive checks, mixed with anything at all. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "..",
        ".",
        "/",
        "\\",
        "%",
        "%2e",
        "%2f",
        "%252e",
        "%00",
        "\u{ff0e}",
        "\u{ff0f}",
        "\u{2024}",
        "s3://",
        "acme",
        "\n",
      ),
      fc.string({ unit: "binary", maxLength: 4 }),
      fc.string({ maxLength: 6 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

/** Every way in which a server, a proxy or a file system may read a key. */
function resolutions(key: string): string[] {
  const seen = new Set([key]);
  for (const text of seen) {
    if (seen.size > 64) break;
    for (const next of [decoded(text), text.normalize("NFKC"), text.normalize("NFC"), text.replaceAll("\\", "/")])
      seen.add(next);
  }
  return [...seen].map(
    (text) =>
      new URL(`file:///root/${text.replaceAll("%", "%25").replaceAll("?", "%3f").replaceAll("#", "%23")}`).pathname,
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Bytes that are no UTF-8 stay as they are.
    return text;
  }
}

describe("no input escapes the caller's prefix", () => {
  it("whatever name is asked for", () => {
    fc.assert(
      fc.property(nasty, (name) => {
        let key: string;
        try {
          key = keyBeneath(scope, name);
        } catch (error) {
          return error instanceof KeyError;
        }
        return resolutions(key).every((path) => path.startsWith(`/root/${prefix}`) && path.length > prefix.length + 6);
      }),
      { numRuns: 3_000 },
    );
  });

  it("whatever URI is asked for", () => {
    const uri = fc.oneof(
      nasty,
      nasty.map((text) => `s3://acme-metadata/${text}`),
      nasty.map((text) => `s3://acme-metadata/${prefix}${text}`),
    );
    fc.assert(
      fc.property(uri, (text) => {
        try {
          const { bucket, key } = objectBeneath(scope, text, served);
          return buckets.includes(bucket) && resolutions(key).every((path) => path.startsWith(`/root/${prefix}`));
        } catch (error) {
          return error instanceof KeyError;
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("objectBeneath", () => {
  it("finds the object of the caller's own project", () => {
    expect(objectBeneath(scope, `s3://acme-fast-reg/${prefix}x/y.tgz`, served)).toEqual({
      bucket: "acme-fast-reg",
      key: `${prefix}x/y.tgz`,
    });
  });

  it.each([
    ["another bucket", `s3://other/${prefix}x`],
    ["another organisation", "s3://acme-metadata/globex/demo/development/x"],
    ["another project", "s3://acme-metadata/acme/secret/development/x"],
    ["another domain", "s3://acme-metadata/acme/demo/production/x"],
    ["a project that begins alike", "s3://acme-metadata/acme/demo/development-2/x"],
    ["the prefix itself", `s3://acme-metadata/${prefix}`],
    ["a way out", `s3://acme-metadata/${prefix}../../secret/development/x`],
    ["an encoded way out", `s3://acme-metadata/${prefix}%2e%2e/x`],
    ["another store's scheme", `gs://acme-metadata/${prefix}x`],
    ["another scheme", `https://acme-metadata/${prefix}x`],
    ["a user before the bucket", `s3://a@acme-metadata/${prefix}x`],
    ["nothing", ""],
  ])("refuses %s", (_, uri) => expect(() => objectBeneath(scope, uri, served)).toThrow(KeyError));
});
