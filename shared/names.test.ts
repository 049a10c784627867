import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { physicalName } from "./names.ts";

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,40}$/);

describe("physicalName", () => {
  it("joins the parts and leaves a short name as it is", () => {
    expect(physicalName("bucket", "acme", "prod", "metadata")).toBe("acme-prod-metadata");
  });

  it("never passes the limit, and stays within the alphabet when it cuts", () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
        const name = physicalName("balancer", words[0] ?? "a", ...words.slice(1));
        expect(name.length).toBeLessThanOrEqual(32);
        expect(name).toMatch(/^[a-z](?:[a-z0-9]|-(?=[a-z0-9]))*$/);
      }),
    );
  });

  it("keeps two long names apart that begin alike", () => {
    const long = "a".repeat(40);
    expect(physicalName("balancer", long, "one")).not.toBe(physicalName("balancer", long, "two"));
  });

  it.each(["Acme", "1acme", "acme_x", "acme-", "acme--x", ""])(
    "refuses %j for a bucket and says what is allowed",
    (name) => {
      expect(() => physicalName("bucket", name)).toThrow(/the bucket name is .*allowed: a-z, 0-9/);
    },
  );

  it("allows a slash in a repository's name only between words", () => {
    expect(physicalName("repository", "union/tasks")).toBe("union/tasks");
    expect(() => physicalName("repository", "union//tasks")).toThrow(/repository/);
  });
});
