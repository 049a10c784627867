/** Against a real versitygw of its own, on loopback: it checks signatures, which the emulated cloud's S3 does not. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { paths } from "../../../sandbox/paths.ts";
import { locateToolchain } from "../../../sandbox/toolchain/index.ts";
import { pathStyle } from "../../shared/s3.ts";
import { freePort } from "../../shared/testing/free-port.ts";
import { type Credentials, type ObjectStore, s3ObjectStore } from "./store.ts";

const identity = { accessKeyId: "store-test", secretAccessKey: randomBytes(16).toString("hex") };
const object = { bucket: "acme-metadata", key: "acme/demo/development/r1/a0/1/out é#?.txt" };
const body = "ten bytes.";
const md5 = createHash("md5").update(body).digest("base64");
let folder: string;
let gateway: ChildProcess;
let store: ObjectStore;
let s3: S3Client;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "biplane-store-"));
  const port = await freePort();
  const env = { ...process.env, ROOT_ACCESS_KEY: identity.accessKeyId, ROOT_SECRET_KEY: identity.secretAccessKey };
  const args = ["--port", `127.0.0.1:${port}`, "--health", "/healthz", "posix", folder];
  gateway = spawn(locateToolchain(paths()).bin("versitygw"), args, { env, stdio: "ignore" });
  vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${port}`);
  vi.stubEnv("AWS_REGION", "us-east-1");
  for (let wait = 0; wait < 100 && !(await healthy(port)); wait++) await sleep(100);
  s3 = new S3Client({ ...pathStyle(), credentials: identity });
  await s3.send(new CreateBucketCommand({ Bucket: object.bucket }));
  store = s3ObjectStore(async () => identity);
});

afterAll(() => {
  gateway.kill();
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

async function healthy(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthz`)).ok;
  } catch {
    // Nothing listens yet.
    return false;
  }
}

const put = (url: string, headers: Record<string, string>, content = body) =>
  fetch(url, { method: "PUT", body: content, headers }).then((answer) => answer.status);

describe("a presigned PUT", () => {
  const sign = (seconds = 60, keepMd5 = true) => store.signPut(object, { md5, keepMd5, seconds });

  it("takes the one object, with the headers that the client sends, and keeps its digest", async () => {
    const { url, headers } = await sign();
    expect(headers).toEqual({ "x-amz-meta-flytecontentmd5": md5 });
    expect(await put(url, { ...headers, "Content-MD5": md5 })).toBe(200);
    const head = await s3.send(new HeadObjectCommand({ Bucket: object.bucket, Key: object.key }));
    expect([head.ContentLength, head.Metadata]).toEqual([10, { flytecontentmd5: md5 }]);
  });

  it("signs the digest as a header, and no checksum of a body that is not there yet", async () => {
    const query = new URL((await sign()).url).searchParams;
    expect(query.get("X-Amz-SignedHeaders")).toBe("content-md5;host;x-amz-meta-flytecontentmd5");
    expect([...query.keys()].filter((name) => /checksum/i.test(name))).toEqual([]);
  });

  it("needs no metadata header where none was asked for", async () => {
    const { url, headers } = await sign(60, false);
    expect(await put(url, { ...headers, "Content-MD5": md5 })).toBe(200);
  });

  const other = createHash("md5").update("another").digest("base64");
  it.each<[string, (url: string) => string, Record<string, string>, string?]>([
    ["without the digest", (url) => url, { "x-amz-meta-flytecontentmd5": md5 }],
    ["with another digest", (url) => url, { "x-amz-meta-flytecontentmd5": md5, "Content-MD5": other }, "another"],
    ["without its metadata", (url) => url, { "Content-MD5": md5 }],
    [
      "to another key",
      (url) => url.replace("/a0/1/", "/a0/2/"),
      { "x-amz-meta-flytecontentmd5": md5, "Content-MD5": md5 },
    ],
    [
      "with a longer life",
      (url) => url.replace("Expires=60", "Expires=3600"),
      { "x-amz-meta-flytecontentmd5": md5, "Content-MD5": md5 },
    ],
  ])("is refused %s", async (_, change, headers, content = body) => {
    expect(await put(change((await sign()).url), headers, content)).toBe(403);
  });

  it("is refused with a body that is not the one of the digest", async () => {
    const { url, headers } = await sign();
    expect(await put(url, { ...headers, "Content-MD5": md5 }, "other data")).toBe(400);
  });
});

describe("a presigned GET", () => {
  const get = (url: string, method = "GET") => fetch(url, { method, ...(method === "PUT" ? { body: "x" } : {}) });
  beforeAll(async () => {
    await store.put(object, Buffer.from(body));
    await store.put({ ...object, key: object.key.replace("/1/", "/2/") }, Buffer.from("another"));
  });

  it("gives the one object", async () => {
    const { url } = await store.signGet(object, { seconds: 60 });
    expect(await (await get(url)).text()).toBe(body);
  });

  it.each<[string, (url: string) => string, string?]>([
    ["for another key", (url) => url.replace("/a0/1/", "/a0/2/")],
    ["for another bucket", (url) => url.replace("acme-metadata", "acme-fast-reg")],
    ["by another method", (url) => url, "PUT"],
    ["to delete", (url) => url, "DELETE"],
    ["with an altered signature", (url) => url.replace(/Signature=..../, "Signature=0000")],
    ["with a longer life", (url) => url.replace("Expires=60", "Expires=3600")],
    ["with another query", (url) => `${url}&response-content-type=text%2Fhtml`],
    ["without its signature", (url) => url.slice(0, url.indexOf("?"))],
  ])("is refused %s", async (_, change, method = "GET") => {
    const { url } = await store.signGet(object, { seconds: 60 });
    expect((await get(change(url), method)).status).toBe(403);
  });

  it("is refused once its time is over", async () => {
    const { url } = await store.signGet(object, { seconds: 1 });
    await sleep(2_500);
    expect((await get(url)).status).toBe(403);
  });
});

describe("the session that signs", () => {
  function sessions(...lives: number[]) {
    let at = -1;
    const made: string[] = [];
    const next = () => {
      const life = lives[++at] ?? 0;
      made.push(`session-${at}`);
      return { ...identity, expiration: new Date(Date.now() + life * 1_000) };
    };
    let present = next();
    const credentials: Credentials = async (options) => {
      if (options?.forceRefresh) present = next();
      return present;
    };
    return { credentials, made };
  }

  it("is replaced when it would end before the URL", async () => {
    const { credentials, made } = sessions(300, 3_600);
    const { expiresAt } = await s3ObjectStore(credentials).signGet(object, { seconds: 900 });
    expect(made).toEqual(["session-0", "session-1"]);
    expect(expiresAt).toBeGreaterThan(Date.now() + 890_000);
  });

  it("is kept while it lasts, and an end that comes before the URL's is told", async () => {
    const { credentials, made } = sessions(3_600, 3_600);
    const kept = s3ObjectStore(credentials);
    await kept.signGet(object, { seconds: 900 });
    const { expiresAt } = await kept.signGet(object, { seconds: 3_600 });
    expect(made).toEqual(["session-0"]);
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 3_600_000);
  });
});

describe("reading and writing whole objects", () => {
  it("gives back what was put", async () => {
    await store.put(object, Buffer.from(body));
    expect(Buffer.from((await store.get(object, 100)) as Uint8Array).toString()).toBe(body);
  });

  it("tells an object that is not there from one that is too large, and then still reads others", async () => {
    await store.put(object, Buffer.alloc(2_000_000));
    expect(await store.get(object, 1_000)).toEqual({ tooLarge: 2_000_000 });
    expect(await store.get({ ...object, key: "acme/none" }, 100)).toBeUndefined();
  });
});
