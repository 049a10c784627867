import { describe, expect, it } from "vitest";
import { clouds, openStore, schemeOf } from "./open.ts";

describe("the store of a plane, by its environment", () => {
  it("is S3 where nothing is said", () => expect(schemeOf[clouds.parse(undefined)]).toBe("s3"));

  it.each([
    ["aws", {}, /AWS_REGION is missing/],
    ["gcp", {}, /SIGNER_ACCOUNT is missing/],
    ["gcp", { SIGNER_ACCOUNT: "union-admin" }, /SIGNER_ACCOUNT: /],
    ["azure", {}, /STORAGE_ACCOUNT is missing/],
    ["azure", { STORAGE_ACCOUNT: "acme.evil" }, /STORAGE_ACCOUNT: /],
  ] as const)("is refused for %s with %o", (kind, env, message) => {
    expect(() => openStore(kind, env)).toThrow(message);
  });

  it("needs nothing more than the account that signs, in Cloud Storage", () => {
    const env = { SIGNER_ACCOUNT: "union-admin@acme-project.iam.gserviceaccount.com" };
    expect(Object.keys(openStore("gcp", env)).sort()).toEqual(
      Object.keys(openStore("aws", { AWS_REGION: "x" })).sort(),
    );
  });
});
