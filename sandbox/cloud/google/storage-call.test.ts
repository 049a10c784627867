import { expect, it } from "vitest";
import { askedOf, storageCallOf } from "./storage-call.ts";

it.each([
  ["GET", "/acme-metadata/acme/demo/a%20b?X-Goog-Signature=0", { does: "get", object: "acme/demo/a b", api: "xml" }],
  ["PUT", "/acme%2Dmetadata/acme%2Fdemo%2Ferror%2Epb", { does: "put", object: "acme/demo/error.pb" }],
  ["HEAD", "/acme-metadata/x", { does: "get", object: "x" }],
  ["PUT", "/acme-metadata/x", { does: "put", object: "x" }],
  ["DELETE", "/acme-metadata/x", { does: "delete" }],
  ["POST", "/acme-metadata/x?uploads", { does: "begin parts" }],
  ["PUT", "/acme-metadata/x?partNumber=2&uploadId=ab", { does: "put part" }],
  ["POST", "/acme-metadata/x?uploadId=ab", { does: "complete parts" }],
  ["DELETE", "/acme-metadata/x?uploadId=ab", { does: "abort parts" }],
  ["GET", "/acme-metadata?list-type=2&prefix=acme%2F", { does: "list", listPrefix: "acme/" }],
  ["GET", "/storage/v1/b/acme-metadata/o/a%2Fb?alt=media", { does: "get", object: "a/b", api: "json" }],
  ["GET", "/storage/v1/b/acme-metadata/o", { does: "list", listPrefix: "" }],
  ["POST", "/upload/storage/v1/b/acme-metadata/o?uploadType=media&name=a%2Fb", { does: "put", object: "a/b" }],
])("%s %s is told from its head", (method, target, call) => {
  expect(storageCallOf(method, target)).toMatchObject({ bucket: "acme-metadata", ...call });
});

it.each([
  ["POST", "/acme-metadata/x"],
  ["PUT", "/acme-metadata"],
  ["PATCH", "/acme-metadata/x"],
  ["GET", "/storage/v1/b/acme-metadata"],
  ["POST", "/storage/v1/b/acme-metadata/o/x/rewriteTo/b/other/o/x"],
  ["POST", "/upload/storage/v1/b/acme-metadata/o?uploadType=resumable&name=x"],
  ["GET", "/v1/projects/acme-data/secrets"],
])("%s %s is no call on objects", (method, target) => {
  expect(storageCallOf(method, target)).toBeUndefined();
});

it("asks IAM for the object by its name, and for a list by its prefix", () => {
  const put = storageCallOf("PUT", "/acme-metadata/a%2Fb");
  expect(put && askedOf(put, "serviceAccount:a")).toEqual({
    principal: "serviceAccount:a",
    permissions: ["storage.objects.create"],
    policies: ["b/acme-metadata"],
    name: "projects/_/buckets/acme-metadata/objects/a/b",
  });
  const list = storageCallOf("GET", "/acme-metadata?prefix=a");
  expect(list && askedOf(list, "x")).toMatchObject({ name: "projects/_/buckets/acme-metadata", listPrefix: "a" });
});
