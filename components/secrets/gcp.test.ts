import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { settled } from "../testing/settled.ts";
import { checkSecretBackend, defaultSecretBackend } from "./backends.ts";
import { planGoogleSecrets } from "./gcp.ts";
import { secretIdPrefix } from "./names.ts";

describe("secrets in Google's Secret Manager", () => {
  it("rest in the plane's region under the customer's key, by ids that begin with the organisation", async () => {
    const place = { org: "acme", project: "acme-data", region: "europe-west4" };
    const settings = planGoogleSecrets({ ...place, key: { name: pulumi.output("key") } });
    expect(await settled(settings)).toEqual({
      ...{ backend: "gcp-secret-manager", prefix: "union_acme_", project: "acme-data" },
      ...{ region: "europe-west4", keyName: "key" },
    });
  });

  it("never begin with another organisation's prefix, nor with letters that an id does not take", () => {
    expect(`${secretIdPrefix("acme-b")}KEY`.startsWith(secretIdPrefix("acme"))).toBe(false);
    expect(secretIdPrefix("acme-b")).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  it("are the default of planes that the vendor operates there", () => {
    expect(defaultSecretBackend("byoc", "gcp-secret-manager")).toBe("gcp-secret-manager");
    expect(defaultSecretBackend("self-managed", "gcp-secret-manager")).toBe("kubernetes");
    checkSecretBackend("gcp-secret-manager", "key");
    expect(() => checkSecretBackend("kubernetes", "key")).toThrow(/the key of the secrets is "key"/);
  });
});
