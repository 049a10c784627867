/**
 * Against a real azurite of its own, which checks the signatures of URLs. What it does not: it takes a key of delegation for
 * as long as that says, derives it from a constant, and asks nobody what the signing identity may.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rawStatus, type ServedAzurite, serveAzurite } from "../../../sandbox/azurite/testing/serve.ts";
import { paths } from "../../../sandbox/paths.ts";
import { readyParts } from "../../../sandbox/toolchain/index.ts";
import { needs } from "../../../sandbox/toolchain/testing/needs.ts";
import { type Azure, azure } from "../../../shared/azure.ts";
import { blobObjectStore } from "./blob-store.ts";
import { type DelegationKey, signedBlobUrl, storageVersion } from "./sas.ts";
import type { ObjectStore } from "./store.ts";
import { body, object, storeContract } from "./testing/store-contract.ts";

const account = "acmedata12345678";
const identity = "33333333-3333-4333-8333-333333333333";
const { bucket, key: blob } = object;

describe.skipIf(!readyParts(paths()).includes("azure"))("Blob Storage", needs("azure"), () => {
  let azurite: ServedAzurite;
  let api: Azure;
  let store: ObjectStore;

  beforeAll(async () => {
    azurite = await serveAzurite(account);
    const env = { AZURE_ENDPOINT_URL: azurite.origin };
    api = azure({ env, token: () => azurite.tokenOf(identity), backoffMs: 1 });
    store = blobObjectStore(api, account);
    const headers = { "x-ms-version": storageVersion };
    for (const container of [bucket, "acme-fast-reg"]) {
      const query = { restype: "container" };
      await api.call({ api: "blob", of: account, method: "PUT", path: `/${container}`, query, headers });
    }
  }, 180_000);
  afterAll(() => azurite.close());

  storeContract({
    store: () => store,
    metadataPrefix: "x-ms-meta-",
    always: { "x-ms-blob-type": "BlockBlob" },
    url: {
      longer: (url) => url.replace(/([?&]se=)[^&]+/, (_, name) => `${name}${encodeURIComponent(inAnHour())}`),
      ...{ signature: "sig", another: "rsct" },
    },
    async metadataOf() {
      const { url } = await store.signGet(object, { seconds: 60 });
      const { headers } = await fetch(url, { method: "HEAD" });
      const own = [...headers].filter(([name]) => name.startsWith("x-ms-meta-"));
      const metadata = Object.fromEntries(own.map(([name, value]) => [name.slice("x-ms-meta-".length), value]));
      return { size: Number(headers.get("content-length")), metadata };
    },
  });

  describe("a signed URL, misused", () => {
    const sign = async (more: Partial<DelegationKey> & { origin?: string; expiresAt?: number; blob?: string } = {}) => {
      const { origin = api.originOf("blob", account), expiresAt = atSecond(60), blob: name = blob, ...ofKey } = more;
      const key = { ...(await delegationKey()), ...ofKey };
      return signedBlobUrl({ origin, account, container: bucket, blob: name, permission: "r", expiresAt, key });
    };
    const delegationKey = async (): Promise<DelegationKey> => {
      const { searchParams: said } = new URL((await store.signGet(object, { seconds: 60 })).url);
      const [objectId, tenantId, start, expiry, service, version] = ["skoid", "sktid", "skt", "ske", "sks", "skv"].map(
        (name) => said.get(name) ?? "",
      ) as [string, string, string, string, string, string];
      return { objectId, tenantId, start, expiry, service, version, value: await keyValueOf(start, expiry) };
    };
    const keyValueOf = async (start: string, expiry: string) => {
      const asked = `<KeyInfo><Start>${start}</Start><Expiry>${expiry}</Expiry></KeyInfo>`;
      const answer = await api.call({
        ...{ api: "blob", of: account, method: "POST", path: "/", content: Buffer.from(asked) },
        query: { restype: "service", comp: "userdelegationkey" },
        headers: { "x-ms-version": storageVersion, "content-type": "application/xml" },
      });
      return /<Value>([^<]+)/.exec(await answer.text())?.[1] ?? expect.unreachable("no key");
    };

    beforeAll(() => store.put(object, Buffer.from(body)));

    it("is good as it stands, by the very key that the store signs with", async () => {
      expect(await (await fetch(await sign())).text()).toBe(body);
    });

    it.each([
      ["another key", { value: Buffer.alloc(32).toString("base64") }],
      ["another identity", { objectId: "44444444-4444-4444-8444-444444444444" }],
      ["another tenant", { tenantId: "44444444-4444-4444-8444-444444444444" }],
      ["a key for longer than was given", { expiry: "2099-01-01T00:00:00Z" }],
      ["a key whose time is over", { start: "2020-01-01T00:00:00Z", expiry: "2020-01-01T06:00:00Z" }],
      ["its own time over", { expiresAt: Date.parse("2020-01-01T00:00:00Z") }],
    ])("is refused by %s", async (_, more) => {
      expect((await fetch(await sign(more))).status).toBe(403);
    });

    it.each([
      ["a way out", "acme/demo/development/../../secret/development/x"],
      ["an encoded way out", "acme/demo/development/%2e%2e/secret/x"],
      ["an encoded slash", "acme/demo/development%2fr1/a0/1/x"],
      ["another letter that looks alike", "acme/dem\u{43e}/development/x"],
      ["the same letters in another form", "acme/demo/development/r1/a0/1/out e\u0301#?.txt"],
    ])("opens nothing by %s", async (_, path) => {
      const query = (await sign()).split("?")[1];
      for (const form of [path, encodeURI(path)]) {
        const target = `/blob/${account}/${bucket}/${form}?${query}`;
        if (/[^!-~]/.test(target)) continue;
        expect([403, 400]).toContain(await rawStatus(azurite.origin, "GET", target));
      }
    });

    it("is no way to list, to change what is told of it, or to go on by blocks", async () => {
      const url = await sign();
      const [head, query] = url.split("?");
      const container = (head ?? "").split(`/${bucket}/`)[0];
      const statuses = await Promise.all([
        fetch(`${container}/${bucket}?restype=container&comp=list&${query}`),
        fetch(`${url}&comp=metadata`, { method: "PUT", headers: { "x-ms-meta-a": "b" } }),
        fetch(`${url}&comp=block&blockid=AAAA`, { method: "PUT", body: "x" }),
        fetch(`${container}/?comp=list&${query}`),
      ]);
      for (const { status } of statuses) expect([400, 403]).toContain(status);
    });
  });

  it("tells a refusal by the store's own word", async () => {
    const nobody = azure({ env: { AZURE_ENDPOINT_URL: azurite.origin }, token: async () => "none", backoffMs: 1 });
    await expect(blobObjectStore(nobody, account).get(object, 100)).rejects.toMatchObject({
      ...{ name: "AzureError", passes: false },
      message: expect.stringContaining("AuthenticationFailed"),
    });
  });
});

const atSecond = (fromNow: number) => Math.floor(Date.now() / 1_000 + fromNow) * 1_000;
const inAnHour = () => new Date(atSecond(3_600)).toISOString().replace(/\.\d+/, "");
