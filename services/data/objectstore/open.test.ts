import { describe, expect, it } from "vitest";
import { openStore, schemeOf, storeKinds } from "./open.ts";

describe("the store of a plane, by its environment", () => {
  it("is S3 where nothing is said", () => expect(schemeOf[storeKinds.parse(undefined)]).toBe("s3"));

  it.each([
    ["s3", {}, /AWS_REGION is missing/],
    ["gcs", {}, /SIGNING_ACCOUNT is missing/],
    ["gcs", { SIGNING_ACCOUNT: "union-admin" }, /SIGNING_ACCOUNT: /],
  ] as const)("is refused for %s with %o", (kind, env, message) => {
    expect(() => openStore(kind, env)).toThrow(message);
  });

  it("needs nothing more than the account that signs, in Cloud Storage", () => {
    const env = { SIGNING_ACCOUNT: "union-admin@acme-project.iam.gserviceaccount.com" };
    expect(Object.keys(openStore("gcs", env)).sort()).toEqual(Object.keys(openStore("s3", { AWS_REGION: "x" })).sort());
  });
});
