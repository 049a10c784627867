/** What every kind of store keeps, asserted alike on each: against a real server that checks signatures. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { ObjectStore } from "../store.ts";

export const object = { bucket: "acme-metadata", key: "acme/demo/development/r1/a0/1/out é#?.txt" };
export const body = "ten bytes.";
const md5 = createHash("md5").update(body).digest("base64");

export interface StoreContract {
  /** Opened before the tests, which share it. */
  store(): ObjectStore;
  /** What the kind of store has before the names of an object's own metadata. */
  metadataPrefix: string;
  /** What each upload says beside. @default nothing */
  always?: Record<string, string>;
  url: UrlForm;
  metadataOf(): Promise<{ size: number; metadata: Record<string, string> }>;
}

interface UrlForm {
  /** The same one for longer, of a URL for 60 seconds. */
  longer(url: string): string;
  /** Name of the query's parameter. */
  signature: string;
  /** Parameter by which the answer would be another. */
  another: string;
  /** Parameter with the headers that are signed too. @default no header is */
  signedHeaders?: string;
}

/** What a store answers that lets nobody in: S3 says 403 for all of it, Cloud Storage 400 for some. */
const refused = [400, 403];
/** Blob Storage says that the object was made. */
const taken = [200, 201];

/** Of a URL whose life stands in seconds. */
export const longerBy = (parameter: string) => (url: string) => url.replace(`${parameter}=60`, `${parameter}=3600`);

export function storeContract({ store, metadataPrefix, always = {}, url: form, metadataOf }: StoreContract): void {
  const kept = `${metadataPrefix}flytecontentmd5`;
  const put = (url: string, headers: Record<string, string>, content = body) =>
    fetch(url, { method: "PUT", body: content, headers }).then((answer) => answer.status);
  const unsigned = (url: string, by = "") => url.replace(new RegExp(`(${form.signature}=)[^&]*`), by && `$1${by}`);

  describe("a signed PUT", () => {
    const sign = (seconds = 60, keepMd5 = true) => store().signPut(object, { md5, keepMd5, seconds });

    it("takes the one object, with the headers that the client sends, and keeps its digest", async () => {
      const { url, headers } = await sign();
      expect(headers).toEqual({ ...always, [kept]: md5 });
      expect(taken).toContain(await put(url, { ...headers, "Content-MD5": md5 }));
      expect(await metadataOf()).toEqual({ size: 10, metadata: { flytecontentmd5: md5 } });
    });

    it("signs the digest where a header can be signed, and no checksum of a body that is not there yet", async () => {
      const query = new URL((await sign()).url).searchParams;
      if (form.signedHeaders) expect(query.get(form.signedHeaders)).toBe(`content-md5;host;${kept}`);
      expect([...query.keys()].filter((name) => /checksum/i.test(name))).toEqual([]);
    });

    it("needs no metadata header where none was asked for", async () => {
      const { url, headers } = await sign(60, false);
      expect(taken).toContain(await put(url, { ...headers, "Content-MD5": md5 }));
    });

    const other = createHash("md5").update("another").digest("base64");
    const all = { ...always, [kept]: md5, "Content-MD5": md5 };
    type Misuse = [string, (url: string) => string, Record<string, string>, string?];
    const otherHeaders: Misuse[] = [
      ["without the digest", (url) => url, { [kept]: md5 }],
      ["with another digest", (url) => url, { [kept]: md5, "Content-MD5": other }, "another"],
      ["without its metadata", (url) => url, { "Content-MD5": md5 }],
      ["with other metadata", (url) => url, { [kept]: other, "Content-MD5": md5 }],
    ];
    it.each<Misuse>([
      ...(form.signedHeaders ? otherHeaders : []),
      ["to another key", (url) => url.replace("/a0/1/", "/a0/2/"), all],
      ["to another bucket", (url) => url.replace("acme-metadata", "acme-fast-reg"), all],
      ["with a longer life", form.longer, all],
      ["without its signature", (url) => unsigned(url), all],
    ])("is refused %s", async (_, change, headers, content = body) => {
      expect(refused).toContain(await put(change((await sign()).url), headers, content));
    });

    it("is refused with a body that is not the one of the digest", async () => {
      const { url, headers } = await sign();
      expect(await put(url, { ...headers, "Content-MD5": md5 }, "other data")).toBe(400);
    });

    it.each(["GET", "DELETE", "POST"])("is refused by method %s", async (method) => {
      const answer = await fetch((await sign()).url, { method, headers: all });
      expect([...refused, 405]).toContain(answer.status);
    });
  });

  describe("a signed GET", () => {
    const get = (url: string, method = "GET") => fetch(url, { method, ...(method === "PUT" ? { body: "x" } : {}) });
    const written = async () => {
      await store().put(object, Buffer.from(body));
      await store().put({ ...object, key: object.key.replace("/1/", "/2/") }, Buffer.from("another"));
    };

    it("gives the one object", async () => {
      await written();
      const { url, headers } = await store().signGet(object, { seconds: 60 });
      expect([headers, await (await get(url)).text()]).toEqual([{}, body]);
    });

    it.each<[string, (url: string) => string, string?]>([
      ["for another key", (url) => url.replace("/a0/1/", "/a0/2/")],
      ["for another bucket", (url) => url.replace("acme-metadata", "acme-fast-reg")],
      ["by another method", (url) => url, "PUT"],
      ["to delete", (url) => url, "DELETE"],
      ["with an altered signature", (url) => unsigned(url, "0000")],
      ["with a longer life", form.longer],
      ["with another query", (url) => `${url}&${form.another}=text%2Fhtml`],
    ])("is refused %s", async (_, change, method = "GET") => {
      await written();
      const { url } = await store().signGet(object, { seconds: 60 });
      expect(refused).toContain((await get(change(url), method)).status);
    });

    it("is nothing without its query", async () => {
      const { url } = await store().signGet(object, { seconds: 60 });
      expect([401, 403]).toContain((await get(url.slice(0, url.indexOf("?")))).status);
    });

    it("is refused once its time is over", async () => {
      const { url } = await store().signGet(object, { seconds: 1 });
      await sleep(2_500);
      expect(refused).toContain((await get(url)).status);
    });
  });

  describe("reading and writing whole objects", () => {
    it("gives back what was put", async () => {
      await store().put(object, Buffer.from(body));
      expect(Buffer.from((await store().get(object, 100)) as Uint8Array).toString()).toBe(body);
      expect(await store().has(object)).toBe(true);
    });

    it("tells an object that is not there from one that is too large, and then still reads others", async () => {
      await store().put(object, Buffer.alloc(2_000_000));
      expect(await store().get(object, 1_000)).toEqual({ tooLarge: 2_000_000 });
      const none = { ...object, key: "acme/none" };
      expect([await store().get(none, 100), await store().has(none)]).toEqual([undefined, false]);
    });
  });
}
