import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { globWithin, grantedFamilies, parsePolicy } from "./iam-policy.ts";

describe("globWithin", () => {
  it.each([
    ["meta/*", "meta/*", true],
    ["meta/acme/*", "meta/*", true],
    ["meta*", "meta/*", false],
    ["meta/*", "meta/acme/*", false],
    ["*", "meta/*", false],
    ["meta/a?c", "meta/*", true],
    ["meta/a?c", "meta/abc", false],
    ["a*b", "a*", true],
    ["a*", "a*b", false],
    ["", "*", true],
  ])("%s within %s: %s", (inner, outer, expected) => {
    expect(globWithin(inner, outer)).toBe(expected);
  });

  it("never says yes when a string of the inner glob is not one of the outer", () => {
    const glob = fc.string({ unit: fc.constantFrom("a", "b", "/", "*", "?"), maxLength: 7 });
    const filler = fc.array(fc.constantFrom("", "a", "b", "/", "ab"), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(glob, glob, filler, (inner, outer, fill) => {
        fc.pre(globWithin(inner, outer));
        let next = 0;
        const example = inner.replace(/[*?]/g, (c) => (c === "?" ? "a" : (fill[next++ % fill.length] ?? "")));
        expect(matches(example, outer), `${example} of ${inner} in ${outer}`).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});

function matches(text: string, glob: string): boolean {
  const pattern = glob.replace(/[.*+?^${}()|[\]\\/]/g, (c) => (c === "*" ? ".*" : c === "?" ? "." : `\\${c}`));
  return new RegExp(`^${pattern}$`).test(text);
}

describe("grantedFamilies", () => {
  const families = (statement: unknown) => grantedFamilies([parsePolicy(JSON.stringify({ Statement: statement }))]);

  it("reads scalars and lists, in any case", () => {
    expect(families({ Effect: "Allow", Action: "S3:GetObject", Resource: "*" })).toEqual(["s3"]);
    expect(families([{ Effect: "Allow", Action: ["s3:*", "logs:Get*"], Resource: "*" }])).toEqual(["logs", "s3"]);
  });

  it("takes NotAction and a bare star for everything", () => {
    expect(families({ Effect: "Allow", NotAction: "iam:*", Resource: "*" })).toEqual(["*"]);
    expect(families({ Effect: "Allow", Action: "*", Resource: "*" })).toEqual(["*"]);
  });

  it("does not count what is denied", () => {
    expect(families({ Effect: "Deny", Action: "iam:*", Resource: "*" })).toEqual([]);
  });

  it("reads the URL-encoded form that IAM answers", () => {
    const text = encodeURIComponent(JSON.stringify({ Version: "2012-10-17", Statement: [] }));
    expect(parsePolicy(text)).toEqual({ version: "2012-10-17", statements: [] });
  });
});
