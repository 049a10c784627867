/**
 * The plane's own gate to its data, asked from beside it as the tunnel asks it: whatever relay and region let through,
 * this is where the end user is judged. What it signs is judged by the object store.
 */
import { DeleteObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ObjectStoreService } from "../../gen/biplane/objectstore/v1/object_store_pb.js";
import { operatorClient } from "../../sandbox/cloud/index.ts";
import { statementHeader } from "../../services/shared/auth/caller.ts";
import { pause } from "../../services/shared/pause.ts";
import { accessToken, https } from "../support/api.ts";
import { type Beside, beside } from "../support/beside.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment, here } from "../support/local-run.ts";
import { type Stated, statedOf } from "../support/statement.ts";

const { proves } = evidenceFor("data/presigned-download");
const { org, project, domain } = environment;
const bucket = String(environment.outputs.customer.metadataBucket);
const prefix = `${org}/${project}/${domain}/presigned-download`;
/** One name in two normal forms: two objects to the store, one to a careless eye. */
const composed = "r\u00e9sum\u00e9.txt";
const decomposed = composed.normalize("NFD");
const objects: Record<string, string> = {
  "own.txt": "own",
  "neighbour.txt": "neighbour",
  [composed]: "composed",
  [decomposed]: "decomposed",
};
const s3 = new S3Client({ ...operatorClient(here, "customer"), forcePathStyle: true });
const control = "the unaltered URL, given to the same judgement, is served";

// Into a given cluster's own network there is no way from here.
const ours = environment.clusters.customer === "own";

let service: Beside;
let store: Client<typeof ObjectStoreService>;
let token: string;
let stated: Stated;

beforeAll(async () => {
  if (!ours) return;
  for (const [name, Body] of Object.entries(objects))
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/${name}`, Body }));
  token = await accessToken();
  stated = await statedOf(token);
  service = await beside("customer", "objectstore");
  store = createClient(ObjectStoreService, service.transport);
});

afterAll(async () => {
  service?.close();
  stated?.close();
  for (const name of Object.keys(objects))
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: `${prefix}/${name}` }));
});

async function sign(key: string, seconds = 60, changed: Record<string, string> = {}): Promise<URL> {
  const request = { org, project, domain, uri: `s3://${bucket}/${key}`, expiresInSeconds: BigInt(seconds) };
  const headers = { ...(await stated.headers()), ...changed };
  return new URL((await store.signDownload(request, { headers })).signedUrl);
}

async function served(url: URL): Promise<void> {
  const answer = await https(url.href);
  expect([answer.status, answer.body.toString()]).toEqual([200, "own"]);
}

describe.skipIf(!ours)("a presigned download URL", () => {
  it("gives the one object to whoever holds it, from the customer's own store, over TLS", async () => {
    proves(["presign-signed-on-data-plane", "presign-tls-only"], "without its query the same address is refused");
    const url = await sign(`${prefix}/own.txt`);
    expect([url.protocol, url.host]).not.toContain(environment.endpoint);
    expect(url.protocol).toBe("https:");
    await served(url);
    expect((await https(url.origin + url.pathname)).status).toBe(403);
  });

  it.each<[string, (url: URL) => string]>([
    ["another key", ({ pathname, search }) => pathname.replace("own.txt", "neighbour.txt") + search],
    ["a key beneath it", ({ pathname, search }) => `${pathname}/x${search}`],
    ["another key by dots", ({ pathname, search }) => `${pathname}/../neighbour.txt${search}`],
    ["another key by encoded dots", ({ pathname, search }) => `${pathname}/%2e%2e/neighbour.txt${search}`],
    ["another key by dots encoded twice", ({ pathname, search }) => `${pathname}/%252e%252e/neighbour.txt${search}`],
    ["another key by an encoded slash", ({ pathname, search }) => `${pathname}%2f..%2fneighbour.txt${search}`],
    [
      "another key by full-width dots",
      ({ pathname, search }) => `${pathname}/%EF%BC%8E%EF%BC%8E/neighbour.txt${search}`,
    ],
    ["another organisation's key", ({ pathname, search }) => pathname.replace(`/${org}/`, "/globex/") + search],
    ["another bucket", ({ pathname, search }) => pathname.replace(bucket, `${bucket}-2`) + search],
    ["the bucket's list", ({ search }) => `/${bucket}${search}&list-type=2`],
    ["the prefix's list", ({ search }) => `/${bucket}/${search}&list-type=2&prefix=${org}`],
  ])("is refused for %s", async (_, altered) => {
    proves(["presign-single-object", "lp-presign-scope", "n-presign-tampered-key-403"], control);
    const url = await sign(`${prefix}/own.txt`);
    await served(url);
    expect((await https(url.origin, { rawPath: altered(url) })).status).toBe(403);
  });

  it.each(["PUT", "POST", "DELETE", "HEAD"])("is refused for %s", async (method) => {
    proves(["presign-operation-locked", "lp-presign-scope"], control);
    const url = await sign(`${prefix}/own.txt`);
    expect((await https(url.href, { method, headers: { "content-length": "0" } })).status).toBeOneOf([403, 405]);
    await served(url);
  });

  it.each<[string, (query: URLSearchParams) => void]>([
    ["a longer life", (query) => query.set("X-Amz-Expires", "3600")],
    ["a later date", (query) => query.set("X-Amz-Date", later(query.get("X-Amz-Date")))],
    ["another signature", (query) => query.set("X-Amz-Signature", "0".repeat(64))],
    ["no signature", (query) => query.delete("X-Amz-Signature")],
    ["another signer", (query) => query.set("X-Amz-Credential", `X${query.get("X-Amz-Credential")}`)],
    ["another session", (query) => query.set("X-Amz-Security-Token", `${query.get("X-Amz-Security-Token")}x`)],
    ["an answer dressed up as a page", (query) => query.set("response-content-type", "text/html")],
    ["another version", (query) => query.set("versionId", "1")],
  ])("is refused with %s in its query", async (_, alter) => {
    proves(["lp-presign-scope"], control);
    const url = await sign(`${prefix}/own.txt`);
    await served(url);
    alter(url.searchParams);
    expect((await https(url.href)).status).toBeOneOf([400, 403]);
  });

  it("is refused once it has expired", async () => {
    proves(["presign-ttl-configurable", "lp-presign-scope"], "before its end it is served");
    const url = await sign(`${prefix}/own.txt`, 2);
    await served(url);
    await pause(3_500, new AbortController().signal);
    expect((await https(url.href)).status).toBe(403);
  });

  it("opens the name in the form that was asked for, not the one that looks alike", async () => {
    const url = await sign(`${prefix}/${composed}`);
    expect((await https(url.href)).body.toString()).toBe("composed");
    const alike = url.pathname.replace(encodeURIComponent(composed), encodeURIComponent(decomposed));
    expect(alike).not.toBe(url.pathname);
    expect((await https(url.origin, { rawPath: alike + url.search })).status).toBe(403);
    expect((await https((await sign(`${prefix}/${decomposed}`)).href)).body.toString()).toBe("decomposed");
  });

  it("is made anew for each request", async () => {
    proves(["presign-not-retained"], "a URL compared with itself is the same");
    const first = await sign(`${prefix}/own.txt`);
    await pause(1_100, new AbortController().signal);
    const second = await sign(`${prefix}/own.txt`);
    const signature = (url: URL) => url.searchParams.get("X-Amz-Signature");
    expect(signature(first)).toMatch(/^[0-9a-f]{64}$/);
    expect(signature(second)).not.toBe(signature(first));
  });
});

describe.skipIf(!ours)("a download URL is not signed", () => {
  it.each([
    ["with dots", `${prefix}/../own.txt`],
    ["with dots out of the organisation", `${org}/${project}/${domain}/../../../globex/${project}/${domain}/x`],
    ["with encoded dots", `${prefix}/%2e%2e/x`],
    ["with half-encoded dots", `${prefix}/.%2E/x`],
    ["with dots encoded twice", `${prefix}/%252e%252e/x`],
    ["with dots encoded three times", `${prefix}/%25252e%25252e/x`],
    ["with an encoded slash", `${prefix}%2f..%2fx`],
    ["with a backslash", `${prefix}\\..\\x`],
    ["with full-width dots", `${prefix}/\u{ff0e}\u{ff0e}/x`],
    ["with one-dot leaders", `${prefix}/\u{2024}\u{2024}/x`],
    ["with a two-dot leader", `${prefix}/\u{2025}/x`],
    ["with a full-width slash", `${prefix}\u{ff0f}x`],
    ["with an invisible character", `${prefix}/o\u200bwn.txt`],
    ["with text turned around", `${prefix}/\u202etxt.nwo`],
    ["with a NUL", `${prefix}/own.txt\u0000`],
    ["with an empty segment", `${prefix}//own.txt`],
    ["of another organisation", `globex/${project}/${domain}/x`],
    ["of another organisation that looks alike", `\u0430cme/${project}/${domain}/x`],
    ["of another project", `${org}/secret/${domain}/x`],
    ["of another domain", `${org}/${project}/production/x`],
    ["of a project that begins alike", `${org}/${project}/${domain}-2/x`],
    ["of the prefix itself", `${org}/${project}/${domain}/`],
    ["of the bucket itself", ""],
  ])("for a key %s", async (_, key) => {
    await expect(sign(key)).rejects.toMatchObject({ code: Code.PermissionDenied });
  });

  it("for another bucket", async () => {
    const request = { org, project, domain, uri: `s3://somebody-else/${prefix}/own.txt`, expiresInSeconds: 60n };
    const headers = await stated.headers();
    await expect(store.signDownload(request, { headers })).rejects.toMatchObject({ code: Code.PermissionDenied });
  });

  it.each([3_601, 86_400, -1])("for %d s", async (seconds) => {
    proves(["presign-ttl-default-1h"], "one hour, asked in the same way, is signed");
    await expect(sign(`${prefix}/own.txt`, seconds)).rejects.toMatchObject({ code: Code.InvalidArgument });
    expect((await sign(`${prefix}/own.txt`, 3_600)).searchParams.get("X-Amz-Expires")).toBe("3600");
  });

  it("for longer than an hour where no time is asked for", async () => {
    expect(Number((await sign(`${prefix}/own.txt`, 0)).searchParams.get("X-Amz-Expires"))).toBeLessThanOrEqual(3_600);
  });
});

describe.skipIf(!ours)("the plane itself decides who the end user is", () => {
  const refused = async (changed: Record<string, string>) =>
    ConnectError.from(await sign(`${prefix}/own.txt`, 60, changed).catch((error: unknown) => error)).code;
  const refusedTo = (bearer: string) => refused({ authorization: `Bearer ${bearer}` });
  const claimsOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString());
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

  it("nobody, where no token came along", async () => {
    proves(["net-auth-with-customer-sso"], "with the end user's token the same call is answered");
    await served(await sign(`${prefix}/own.txt`));
    expect(await refused({ authorization: "" })).toBe(Code.Unauthenticated);
  });

  it("nothing for anybody, where Identity's word did not come along or was altered", async () => {
    expect(await refused({ [statementHeader]: "" })).toBe(Code.PermissionDenied);
    const { [statementHeader]: statement = "" } = await stated.headers();
    const [header, , signature] = statement.split(".");
    const more = { ...claimsOf(statement), grants: [{ permissions: ["manage_secrets"], project: "", domain: "" }] };
    expect(await refused({ [statementHeader]: `${header}.${encoded(more)}.${signature}` })).toBe(Code.PermissionDenied);
    expect(await refused({ [statementHeader]: token })).toBe(Code.PermissionDenied);
    await served(await sign(`${prefix}/own.txt`));
  });

  it.each([
    ["whose organisation was rewritten", { org: "globex" }],
    ["whose life was prolonged", { exp: 4_000_000_000 }],
    ["that makes itself the relay's", { iss: "biplane-relay", aud: "biplane-relay" }],
  ])("nobody, by a token %s", async (_, forged) => {
    const [header, , signature] = token.split(".");
    const bearer = `${header}.${encoded({ ...claimsOf(token), ...forged })}.${signature}`;
    expect(await refusedTo(bearer)).toBe(Code.Unauthenticated);
    await served(await sign(`${prefix}/own.txt`));
  });

  it("nobody, by a token without a signature", async () => {
    const unsigned = `${encoded({ alg: "none", typ: "JWT" })}.${encoded(claimsOf(token))}.`;
    expect(await refusedTo(unsigned)).toBe(Code.Unauthenticated);
    expect(await refusedTo(`${unsigned}x`)).toBe(Code.Unauthenticated);
  });

  it("and takes no other organisation's name from its own", async () => {
    const request = { org: "globex", project, domain, uri: `s3://${bucket}/globex/x`, expiresInSeconds: 60n };
    const headers = await stated.headers();
    await expect(store.signDownload(request, { headers })).rejects.toMatchObject({ code: Code.PermissionDenied });
  });
});

/** An hour on, as SigV4 writes it. */
function later(date: string | null): string {
  const [, day = "", hour = "0", rest = ""] = /^(\d{8}T)(\d\d)(\d{4}Z)$/.exec(date ?? "") ?? [];
  return `${day}${String((Number(hour) + 1) % 24).padStart(2, "0")}${rest}`;
}
