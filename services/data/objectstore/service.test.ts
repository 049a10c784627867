import { createClient, createRouterTransport } from "@connectrpc/connect";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ObjectStoreService } from "../../../gen/biplane/objectstore/v1/object_store_pb.js";
import { GoogleError } from "../../../shared/google.ts";
import { authInterceptor } from "../../shared/auth/interceptor.ts";
import { tokenVerifier } from "../../shared/auth/verifier.ts";
import { unrecorded } from "../../shared/testing/audit.ts";
import { byRole } from "../../shared/testing/authorizer.ts";
import { codeOf } from "../../shared/testing/code-of.ts";
import { type TestIssuer, testIssuer } from "../../shared/testing/issuer.ts";
import { maxObjectBytes, objectStoreService } from "./service.ts";
import type { ObjectStore } from "./store.ts";

const scope = { org: "acme", project: "demo", domain: "development" };
const contentMd5 = new Uint8Array(16).fill(0xab);
let issuer: TestIssuer;
let asked: unknown[];
let answer: Awaited<ReturnType<ObjectStore["get"]>>;
let trouble: Error | undefined;

const store: ObjectStore = {
  async signPut(object, options) {
    asked.push(["signPut", object, options]);
    return {
      url: "https://signed.test/put?X-Amz-Signature=0",
      headers: { "x-amz-meta-a": "b" },
      expiresAt: 1_700_000_000_999,
    };
  },
  async signGet(object, options) {
    asked.push(["signGet", object, options]);
    return { url: "https://signed.test/get?X-Amz-Signature=0", headers: {}, expiresAt: 1_700_000_000_999 };
  },
  async put(object, content) {
    if (trouble) throw trouble;
    asked.push(["put", object, content.byteLength]);
  },
  async get(object, maxBytes) {
    if (trouble) throw trouble;
    asked.push(["get", object, maxBytes]);
    return answer;
  },
  async has() {
    throw new Error("the service does not ask it");
  },
};

beforeAll(async () => {
  issuer = await testIssuer();
});
beforeEach(() => {
  asked = [];
  answer = undefined;
  trouble = undefined;
});

function client(presignSeconds = 3_600) {
  const service = objectStoreService({
    store,
    scheme: "s3",
    org: "acme",
    metadataBucket: "acme-metadata",
    fastRegistrationBucket: "acme-fast-reg",
    presignSeconds,
  });
  const interceptors = [
    authInterceptor({ verify: tokenVerifier([issuer.trusted]), authorize: byRole, audit: unrecorded }),
  ];
  const transport = createRouterTransport((router) => void router.service(ObjectStoreService, service), {
    router: { interceptors },
  });
  return createClient(ObjectStoreService, transport);
}

async function as(claims: Record<string, unknown> = {}) {
  return { headers: { authorization: `Bearer ${await issuer.token(claims)}` } };
}

describe("SignUpload", () => {
  const upload = { ...scope, filename: "fast.tar.gz", contentMd5, addContentMd5Metadata: true, expiresInSeconds: 900n };

  it("signs one PUT beneath the caller's prefix, kept apart by the content's hash", async () => {
    const made = await client().signUpload(upload, await as());
    const key = `acme/demo/development/${"ab".repeat(16)}/fast.tar.gz`;
    const options = { md5: Buffer.from(contentMd5).toString("base64"), keepMd5: true, seconds: 900 };
    expect(asked).toEqual([["signPut", { bucket: "acme-fast-reg", key }, options]]);
    expect(made).toMatchObject({
      signedUrl: "https://signed.test/put?X-Amz-Signature=0",
      nativeUrl: `s3://acme-fast-reg/${key}`,
      headers: { "x-amz-meta-a": "b" },
      expiresAtUnix: 1_700_000_000n,
    });
  });

  it("takes the folder that the caller names", async () => {
    await client().signUpload({ ...upload, filenameRoot: "dir/part" }, await as());
    expect(asked[0]).toMatchObject(["signPut", { key: "acme/demo/development/dir/part/fast.tar.gz" }, {}]);
  });

  it.each([
    [0n, 3_600, 3_600],
    [900n, 3_600, 900],
    [3_600n, 3_600, 3_600],
    [900n, 300, 300],
    [0n, 300, 300],
  ])("asked for %d s where %d s are the longest, signs for %d s", async (expiresInSeconds, longest, seconds) => {
    await client(longest).signUpload({ ...upload, expiresInSeconds }, await as());
    expect(asked[0]).toMatchObject(["signPut", {}, { seconds }]);
  });

  it.each([
    ["more than an hour", { expiresInSeconds: 3_601n }, "InvalidArgument"],
    ["a negative time", { expiresInSeconds: -1n }, "InvalidArgument"],
    ["no digest", { contentMd5: new Uint8Array() }, "InvalidArgument"],
    ["no file name", { filename: "" }, "InvalidArgument"],
    ["a way out in the name", { filename: "../x" }, "PermissionDenied"],
    ["a way out in the folder", { filenameRoot: "../../../globex/demo/development" }, "PermissionDenied"],
    ["an encoded way out", { filenameRoot: "%2e%2e/%2e%2e" }, "PermissionDenied"],
    ["another organisation", { org: "globex" }, "PermissionDenied"],
    ["a project that is none", { project: ".." }, "PermissionDenied"],
  ])("refuses %s", async (_, more, code) => {
    expect(await codeOf(client().signUpload({ ...upload, ...more }, await as()))).toBe(code);
    expect(asked).toEqual([]);
  });
});

describe("who may", () => {
  const uri = "s3://acme-metadata/acme/demo/development/x";
  it.each([
    ["admin", "ok", "ok"],
    ["contributor", "ok", "ok"],
    ["task", "ok", "ok"],
    ["viewer", "PermissionDenied", "ok"],
  ])("write and read: %s %s %s", async (role, write, read) => {
    const caller = await as({ role });
    expect(await codeOf(client().putInputs({ ...scope, folder: "inputs/1" }, caller))).toBe(write);
    expect(await codeOf(client().signUpload({ ...scope, filename: "x", contentMd5 }, caller))).toBe(write);
    expect(await codeOf(client().signDownload({ ...scope, uri }, caller))).toBe(read);
  });

  it.each([
    ["nobody", undefined, "Unauthenticated"],
    ["another organisation's admin, under its own name", { org: "globex" }, "PermissionDenied"],
    ["an expired token", { exp: 1 }, "Unauthenticated"],
    ["a token for another audience", { aud: "https://elsewhere.test" }, "Unauthenticated"],
    ["a cluster", { role: "cluster", kind: "cluster", cluster: "c" }, "Unauthenticated"],
  ])("not %s", async (_, claims, code) => {
    const caller = claims ? await as(claims) : {};
    expect(await codeOf(client().signDownload({ ...scope, org: "", uri }, caller))).toBe(code);
    expect(await codeOf(client().getObject({ ...scope, org: "", uri }, caller))).toBe(code);
    expect(asked).toEqual([]);
  });
});

describe("SignDownload", () => {
  it("signs one GET of one object in either bucket", async () => {
    for (const bucket of ["acme-metadata", "acme-fast-reg"]) {
      await client().signDownload(
        { ...scope, uri: `s3://${bucket}/acme/demo/development/r1/a0/1/report.html` },
        await as(),
      );
    }
    expect(asked).toMatchObject([
      ["signGet", { bucket: "acme-metadata", key: "acme/demo/development/r1/a0/1/report.html" }, { seconds: 3_600 }],
      ["signGet", { bucket: "acme-fast-reg" }, {}],
    ]);
  });

  it.each([
    "s3://acme-metadata/acme/demo/production/x",
    "s3://acme-metadata/acme/other/development/x",
    "s3://acme-metadata/globex/demo/development/x",
    "s3://globex-metadata/acme/demo/development/x",
    "s3://acme-metadata/acme/demo/development/../production/x",
    "s3://acme-metadata/acme/demo/development/%2e%2e/x",
    "https://acme-metadata/acme/demo/development/x",
  ])("refuses %s", async (uri) => {
    expect(await codeOf(client().signDownload({ ...scope, uri }, await as()))).toBe("PermissionDenied");
    expect(await codeOf(client().getObject({ ...scope, uri }, await as()))).toBe("PermissionDenied");
    expect(asked).toEqual([]);
  });
});

describe("whole objects", () => {
  const uri = "s3://acme-metadata/acme/demo/development/r1/a0/1/outputs.pb";

  it("of inputs go to the metadata bucket and are named by their folder", async () => {
    const { uri: made } = await client().putInputs(
      { ...scope, folder: "inputs/abc", content: new Uint8Array(3) },
      await as(),
    );
    expect(asked).toEqual([["put", { bucket: "acme-metadata", key: "acme/demo/development/inputs/abc/inputs.pb" }, 3]]);
    expect(made).toBe("s3://acme-metadata/acme/demo/development/inputs/abc");
  });

  it.each([
    [10 * 1024 * 1024, "ok"],
    [10 * 1024 * 1024 + 1, "InvalidArgument"],
  ])("of inputs with %d bytes: %s", async (size, code) => {
    expect(await codeOf(client().putInputs({ ...scope, folder: "i", content: new Uint8Array(size) }, await as()))).toBe(
      code,
    );
  });

  it("of inputs stay beneath the prefix", async () => {
    expect(await codeOf(client().putInputs({ ...scope, folder: ".." }, await as()))).toBe("PermissionDenied");
    expect(await codeOf(client().putInputs({ ...scope, folder: "" }, await as()))).toBe("PermissionDenied");
  });

  it("are read whole", async () => {
    answer = new Uint8Array([1, 2]);
    expect((await client().getObject({ ...scope, uri }, await as())).content).toEqual(answer);
    expect(asked).toMatchObject([["get", {}, maxObjectBytes]]);
  });

  it("that are not there, or too large, are told apart", async () => {
    expect(await codeOf(client().getObject({ ...scope, uri }, await as()))).toBe("NotFound");
    answer = { tooLarge: 1e9 };
    expect(await codeOf(client().getObject({ ...scope, uri }, await as()))).toBe("ResourceExhausted");
  });

  it("are asked for again later when the store is away", async () => {
    trouble = Object.assign(new Error("connect ECONNREFUSED"), { name: "TimeoutError" });
    expect(await codeOf(client().getObject({ ...scope, uri }, await as()))).toBe("Unavailable");
    expect(await codeOf(client().putInputs({ ...scope, folder: "i" }, await as()))).toBe("Unavailable");
    trouble = new GoogleError("GET storage.googleapis.com/…: 503", 503);
    expect(await codeOf(client().getObject({ ...scope, uri }, await as()))).toBe("Unavailable");
  });

  it("are not asked for again where the store refuses, and its words stay here", async () => {
    trouble = new GoogleError("GET storage.googleapis.com/…: 403 Permission denied on a-bucket", 403);
    expect(await codeOf(client().getObject({ ...scope, uri }, await as()))).toBe("Internal");
  });
});
