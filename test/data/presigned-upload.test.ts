import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { beforeAll, describe, expect, it } from "vitest";
import { DataProxyService } from "../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { accessToken, api, https } from "../support/api.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment } from "../support/local-run.ts";

const { proves } = evidenceFor("data/presigned-upload");
const body = Buffer.from("a bundle");
const md5 = createHash("md5").update(body).digest();
const control = "the unaltered URL, given to the same judgement, is served";

describe("a presigned upload URL", () => {
  let token: string;

  beforeAll(async () => {
    token = await accessToken();
  });

  async function uploadUrl(seconds = 60, org = environment.org) {
    const { project, domain } = environment;
    const name = `${Date.now()}-${Math.random()}.bin`;
    return api(DataProxyService, token).createUploadLocation({
      org,
      project,
      domain,
      filename: name,
      contentMd5: md5,
      expiresIn: { seconds: BigInt(seconds) },
    });
  }

  const put = async (url: string, headers: Record<string, string>, content = body) => {
    const contentMd5 = createHash("md5").update(content).digest("base64");
    const answer = await https(url, {
      method: "PUT",
      headers: { ...headers, "content-md5": contentMd5, "content-length": String(content.length) },
      body: content,
    });
    return answer.status;
  };

  it("writes the one object that it was made for, straight into the customer's bucket", async () => {
    proves(
      ["data-code-bundle-put-presigned", "objstore-upload-md5", "presign-client-direct"],
      "other content under the same URL is refused",
    );
    const { signedUrl, nativeUrl, headers } = await uploadUrl();
    expect(new URL(signedUrl).host).not.toBe(environment.endpoint);
    expect(nativeUrl).toMatch(
      new RegExp(`^s3://[^/]+/${environment.org}/${environment.project}/${environment.domain}/`),
    );
    expect(await put(signedUrl, headers, Buffer.from("other content"))).toBeGreaterThanOrEqual(400);
    expect(await put(signedUrl, headers)).toBe(200);
  });

  it("is refused for another key", async () => {
    proves(["presign-single-object"], control);
    const { signedUrl, headers } = await uploadUrl();
    const url = new URL(signedUrl);
    url.pathname += "x";
    expect(await put(url.href, headers)).toBe(403);
    expect(await put(signedUrl, headers)).toBe(200);
  });

  it("is refused for another method", async () => {
    proves(["presign-operation-locked"], control);
    const { signedUrl, headers } = await uploadUrl();
    expect(await put(signedUrl, headers)).toBe(200);
    expect((await https(signedUrl, { headers })).status).toBe(403);
    expect((await https(signedUrl, { method: "DELETE", headers })).status).toBe(403);
  });

  it("is refused when its signature is altered", async () => {
    const { signedUrl, headers } = await uploadUrl();
    const altered = signedUrl.replace(
      /X-Amz-Signature=(.)/,
      (_, c: string) => `X-Amz-Signature=${c === "0" ? "1" : "0"}`,
    );
    expect(altered).not.toBe(signedUrl);
    expect(await put(altered, headers)).toBe(403);
  });

  it.each<[string, (url: URL) => string]>([
    ["a key by dots", ({ pathname, search }) => `${pathname}/../other${search}`],
    ["a key by encoded dots", ({ pathname, search }) => `${pathname}/%2e%2e/other${search}`],
    ["a key by dots encoded twice", ({ pathname, search }) => `${pathname}/%252e%252e/other${search}`],
    ["another organisation's key", ({ pathname, search }) => pathname.replace("/acme/", "/globex/") + search],
    ["a longer life", ({ pathname, search }) => pathname + search.replace("Expires=60", "Expires=3600")],
    ["a part of a larger object", ({ pathname, search }) => `${pathname}${search}&partNumber=1&uploadId=x`],
    ["an access list", ({ pathname, search }) => `${pathname}${search}&acl=`],
  ])("is refused for %s", async (_, altered) => {
    proves(["presign-single-object", "lp-presign-scope"], control);
    const { signedUrl, headers } = await uploadUrl();
    const url = new URL(signedUrl);
    const contentMd5 = { "content-md5": md5.toString("base64"), "content-length": String(body.length) };
    const options = { method: "PUT", headers: { ...headers, ...contentMd5 }, body };
    expect((await https(url.origin, { ...options, rawPath: altered(url) })).status).toBe(403);
    expect((await https(url.origin, { ...options, rawPath: url.pathname + url.search })).status).toBe(200);
  });

  it.each([
    "../other.bin",
    "a/../../other.bin",
    "%2e%2e/other.bin",
    "%252e%252e/other.bin",
    "a%2f..%2fother.bin",
    "\u{ff0e}\u{ff0e}/other.bin",
    "\u{2025}/other.bin",
    "a\u{ff0f}other.bin",
    "a\\other.bin",
    "o\u200bther.bin",
    "other\u0000.bin",
    "/other.bin",
  ])("is not made for the name %j", async (filename) => {
    const { org, project, domain } = environment;
    const request = { org, project, domain, contentMd5: md5, expiresIn: { seconds: 60n } };
    const ask = (more: object) => api(DataProxyService, token).createUploadLocation({ ...request, ...more });
    await expect(ask({ filename })).rejects.toMatchObject({ code: Code.PermissionDenied });
    await expect(ask({ filename: "x", filenameRoot: filename })).rejects.toMatchObject({ code: Code.PermissionDenied });
    expect((await ask({ filename: "other.bin" })).signedUrl).toMatch(/^https:/);
  });

  it("is refused once it has expired, and never lives longer than an hour", async () => {
    proves(["presign-ttl-configurable", "presign-ttl-default-1h"], control);
    const short = await uploadUrl(1);
    expect(await put(short.signedUrl, short.headers)).toBe(200);
    await sleep(2_500);
    expect(await put(short.signedUrl, short.headers)).toBe(403);
    const refused = await uploadUrl(3601).catch((error: { code?: Code }) => error.code);
    const long = typeof refused === "object" ? new URL(refused.signedUrl).searchParams.get("X-Amz-Expires") : refused;
    expect([Code.InvalidArgument, "3600"]).toContain(long);
  });

  it("is not made for another organisation, nor for a caller without a token", async () => {
    await expect(uploadUrl(60, "globex")).rejects.toMatchObject({ code: Code.PermissionDenied });
    const anonymous = api(DataProxyService, undefined).createUploadLocation({ org: environment.org, contentMd5: md5 });
    await expect(anonymous).rejects.toMatchObject({ code: Code.Unauthenticated });
  });

  it("is signed by the customer's own session, not by a key that the region holds", async () => {
    proves(
      ["presign-customer-credentials", "cp-proxies-signing-requests"],
      "a URL signed with a static key carries no session token",
    );
    const { signedUrl } = await uploadUrl();
    const query = new URL(signedUrl).searchParams;
    expect(query.get("X-Amz-Security-Token")).toBeTruthy();
    expect(query.get("X-Amz-Credential")).not.toMatch(/^AKIA/);
  });
});
