import { S3Client } from "@aws-sdk/client-s3";
import { afterEach, expect, it, vi } from "vitest";
import { readBucket } from "./buckets.ts";

afterEach(() => vi.restoreAllMocks());

type Asked = { Prefix: string; Delimiter?: string; ContinuationToken?: string; MaxKeys?: number };

const pages = (asked: Asked) => {
  if (asked.Delimiter !== "/") throw new Error("nobody lists without a delimiter, but beneath a stray prefix");
  if (asked.ContinuationToken === "2") return { Contents: [{ Key: "stray" }], IsTruncated: false };
  const Prefix = ({ "": "acme/", "acme/": "acme/demo/", "acme/demo/": "acme/demo/development/" } as const)[
    asked.Prefix as "acme/"
  ];
  return { CommonPrefixes: [{ Prefix }], ...(asked.Prefix ? {} : { IsTruncated: true, NextContinuationToken: "2" }) };
};

const read = (list: (asked: Asked) => object, owned: object = {}) => {
  vi.spyOn(S3Client.prototype, "send").mockImplementation(async (command: object & { input: object }) => {
    const { name } = command.constructor;
    const answer = name === "GetBucketOwnershipControlsCommand" ? owned : {};
    if (answer instanceof Error) throw answer;
    return name === "ListObjectsV2Command" ? list(command.input as Asked) : answer;
  });
  return readBucket(new S3Client({ region: "us-east-2" }), "acme-metadata", ["acme/demo/development/"]);
};

it("a bucket tells what lies in it by prefix, to the last page", async () => {
  expect(await read(pages)).toMatchObject({ places: { told: ["stray", "acme/demo/development/"], cut: false } });
});

it("does not tell of a prefix beneath which all has been deleted", async () => {
  const emptied = (asked: Asked) =>
    asked.Delimiter
      ? { CommonPrefixes: [{ Prefix: "emptied/" }, { Prefix: "globex/" }] }
      : { Contents: asked.Prefix === "globex/" && asked.MaxKeys === 1 ? [{ Key: "globex/x" }] : [] };
  expect((await read(emptied)).places).toEqual({ told: ["globex/"], cut: false });
});

it.each([
  ["BucketOwnerEnforced", { OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] } }],
  [undefined, Object.assign(new Error("none"), { name: "OwnershipControlsNotFoundError" })],
])("tells whether it heeds access lists: %s", async (ownership, answer) => {
  expect((await read(pages, answer)).ownership).toBe(ownership);
});

it("is not read where that is refused", async () => {
  const refused = Object.assign(new Error("403"), { name: "AccessDenied" });
  await expect(read(pages, refused)).rejects.toThrow("403");
});

it("is not read by pages of which one does not say how to ask for the next", async () => {
  await expect(read(() => ({ IsTruncated: true }))).rejects.toThrow("acme-metadata: a page says nothing of the next");
});
