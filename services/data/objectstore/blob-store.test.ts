/** Without a judge: what is asked of Blob Storage, and how trouble is told. Signatures: sas.test.ts and the integration test. */
import { beforeEach, describe, expect, it } from "vitest";
import { azure } from "../../../shared/azure.ts";
import { blobObjectStore } from "./blob-store.ts";
import { object } from "./testing/store-contract.ts";

let asked: string[] = [];
let answers: Response[] = [];
let clock = Date.parse("2026-11-26T12:00:00.900Z");
const keys = () => asked.filter((line) => line.includes("userdelegationkey"));

const key = (value = "a2V5") =>
  new Response(
    `<UserDelegationKey><SignedOid>o</SignedOid><SignedTid>t</SignedTid><SignedStart>s</SignedStart><SignedExpiry>e</SignedExpiry><SignedService>b</SignedService><SignedVersion>v</SignedVersion><Value>${value}</Value></UserDelegationKey>`,
  );
const api = azure({
  ...{ env: {}, token: async () => "t", backoffMs: 1 },
  async send(url, { method, body }) {
    asked.push(`${method} ${new URL(url).pathname}${new URL(url).search} ${Buffer.from(body ?? "")}`);
    return answers.shift() ?? key();
  },
});
const opened = () => blobObjectStore(api, "acme", () => clock);

beforeEach(() => {
  asked = [];
  answers = [];
  clock = Date.parse("2026-11-26T12:00:00.900Z");
});

describe("a URL of Blob Storage", () => {
  it("lives as long as is told, from the second in which it was signed, over TLS, for one blob and one operation", async () => {
    const { url, expiresAt } = await opened().signGet(object, { seconds: 60 });
    expect(expiresAt).toBe(Date.parse("2026-11-26T12:01:00Z"));
    expect(Object.fromEntries(new URL(url).searchParams)).toMatchObject({
      ...{ se: "2026-11-26T12:01:00Z", spr: "https", sr: "b", sp: "r" },
    });
    const put = await opened().signPut(object, { md5: "digest", keepMd5: true, seconds: 60 });
    expect(new URL(put.url).searchParams.get("sp")).toBe("w");
    expect(put.headers).toEqual({ "x-ms-blob-type": "BlockBlob", "x-ms-meta-flytecontentmd5": "digest" });
  });

  it("is signed by one key for hours, which outlives every URL, and by the next one after it", async () => {
    const store = opened();
    const sign = () => store.signGet(object, { seconds: 3_600 });
    await Promise.all([sign(), sign()]);
    expect(keys()).toHaveLength(1);
    expect(keys()[0]).toContain("<Start>2026-11-26T11:55:00Z</Start><Expiry>2026-11-26T18:00:00Z</Expiry>");
    clock += 4.9 * 3_600_000;
    await sign();
    expect(keys()).toHaveLength(1);
    clock += 0.1 * 3_600_000;
    await sign();
    expect(keys()).toHaveLength(2);
  });

  it("is not made where the key is refused; the next one asks again", async () => {
    const store = opened();
    const refused = { status: 403, headers: { "x-ms-error-code": "AuthorizationPermissionMismatch" } };
    answers = [new Response("", refused)];
    await expect(store.signGet(object, { seconds: 60 })).rejects.toMatchObject({ name: "AzureError", passes: false });
    answers = [new Response("<UserDelegationKey><Value>x</Value></UserDelegationKey>")];
    await expect(store.signGet(object, { seconds: 60 })).rejects.toThrow(/has no SignedOid/);
    expect((await store.signGet(object, { seconds: 60 })).url).toContain("sig=");
  });
});

describe("trouble of Blob Storage", () => {
  it("that passes is asked again, and told as passing when it does not", async () => {
    answers = [new Response("", { status: 503 }), new Response("ten bytes.")];
    expect(Buffer.from((await opened().get(object, 100)) as Uint8Array).toString()).toBe("ten bytes.");
    answers = Array.from({ length: 3 }, () => new Response("", { status: 503 }));
    await expect(opened().put(object, Buffer.from("x"))).rejects.toMatchObject({ status: 503, passes: true });
  });

  it("that does not pass is no missing object", async () => {
    answers = [new Response("", { status: 403 })];
    await expect(opened().has(object)).rejects.toMatchObject({ status: 403, passes: false });
    answers = [new Response("", { status: 404 })];
    expect(await opened().has(object)).toBe(false);
  });
});
