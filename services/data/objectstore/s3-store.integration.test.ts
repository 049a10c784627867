/** Against a real versitygw of its own, on loopback: it checks signatures, which the emulated cloud's S3 does not. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
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
import { type Credentials, s3ObjectStore } from "./s3-store.ts";
import type { ObjectStore } from "./store.ts";
import { longerBy, object, storeContract } from "./testing/store-contract.ts";

const identity = { accessKeyId: "store-test", secretAccessKey: randomBytes(16).toString("hex") };
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

storeContract({
  store: () => store,
  metadataPrefix: "x-amz-meta-",
  url: {
    longer: longerBy("X-Amz-Expires"),
    signature: "X-Amz-Signature",
    ...{ another: "response-content-type", signedHeaders: "X-Amz-SignedHeaders" },
  },
  async metadataOf() {
    const command = new HeadObjectCommand({ Bucket: object.bucket, Key: object.key });
    const { ContentLength = 0, Metadata = {} } = await s3.send(command);
    return { size: ContentLength, metadata: Metadata };
  },
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
