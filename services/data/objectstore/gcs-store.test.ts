/** Against a stand-in on loopback that checks signatures by a check of its own, held against Google's vectors. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GcsStandIn, startGcsStandIn } from "../../../sandbox/gcs/testing/stand-in.ts";
import { type Google, google } from "../../../shared/google.ts";
import { gcsObjectStore } from "./gcs-store.ts";
import { body, longerBy, object, storeContract } from "./testing/store-contract.ts";

const account = "union-admin@acme-project.iam.gserviceaccount.com";
let standIn: GcsStandIn;
let api: Google;

beforeAll(async () => {
  standIn = await startGcsStandIn(account);
  api = standIn.client;
});
afterAll(() => standIn.close());

storeContract({
  store: () => gcsObjectStore(api, account),
  metadataPrefix: "x-goog-meta-",
  url: {
    longer: longerBy("X-Goog-Expires"),
    signature: "X-Goog-Signature",
    ...{ another: "response-content-type", signedHeaders: "X-Goog-SignedHeaders" },
  },
  async metadataOf() {
    const { content, metadata } =
      standIn.objects.get(`${object.bucket}/${object.key}`) ?? expect.unreachable("no object");
    return { size: content.byteLength, metadata };
  },
});

describe("a URL of Cloud Storage", () => {
  it("lives as long as is told, from the second in which it was signed", async () => {
    const at = Date.parse("2026-11-26T12:00:00Z");
    const { url, expiresAt } = await gcsObjectStore(api, account, () => at + 999).signGet(object, { seconds: 60 });
    expect(new URL(url).searchParams.get("X-Goog-Date")).toBe("20261126T120000Z");
    expect(expiresAt).toBe(at + 60_000);
  });

  it("is signed by IAM, of the text alone: what is signed never leaves the plane", async () => {
    standIn.asked.length = 0;
    await gcsObjectStore(api, account).signGet(object, { seconds: 60 });
    expect(standIn.asked).toEqual([`POST /v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:signBlob`]);
  });

  it("cannot be made in another account's name", async () => {
    const other = gcsObjectStore(api, "other@acme-project.iam.gserviceaccount.com");
    await expect(other.signGet(object, { seconds: 60 })).rejects.toMatchObject({ name: "GoogleError", passes: false });
  });
});

describe("an object whose size is not told", () => {
  it("is read up to the limit and no further", async () => {
    let sent = 0;
    const unbounded = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(1_000));
        if (++sent === 100) controller.close();
      },
    });
    const unsized: Google = { ...api, call: async () => new Response(unbounded) };
    expect(await gcsObjectStore(unsized, account).get(object, 5_500)).toEqual({ tooLarge: 6_000 });
    expect(sent).toBeLessThan(10);
  });
});

describe("trouble of Cloud Storage", () => {
  it("that passes is asked again, and told as passing when it does not", async () => {
    const store = gcsObjectStore(api, account);
    await store.put(object, Buffer.from(body));
    standIn.fail(503, 2);
    expect(Buffer.from((await store.get(object, 100)) as Uint8Array).toString()).toBe(body);
    standIn.fail(429, 3);
    await expect(store.get(object, 100)).rejects.toMatchObject({ status: 429, passes: true });
  });

  it("that does not pass is not asked again, and is no missing object", async () => {
    standIn.fail(403, 1);
    const denied = gcsObjectStore(api, account).get(object, 100);
    await expect(denied).rejects.toMatchObject({ status: 403, passes: false });
  });

  it("is told where nobody answers", async () => {
    const nowhere = google({
      token: async () => "x",
      env: { GOOGLE_ENDPOINT_URL: "http://127.0.0.1:9" },
      backoffMs: 1,
    });
    await expect(gcsObjectStore(nowhere, account).has(object)).rejects.toMatchObject({ status: 0, passes: true });
  });
});
