import { describe, expect, it } from "vitest";
import { ownershipLabels } from "./labels.ts";

describe("ownershipLabels", () => {
  it("says the same as the tags of AWS, beside the customer's own", () => {
    expect(ownershipLabels({ plane: "compute", org: "acme", cluster: "main", tags: { team: "platform" } })).toEqual({
      team: "platform",
      "biplane-managed-by": "pulumi",
      "biplane-plane": "compute",
      "biplane-cluster": "main",
      "biplane-org": "acme",
    });
  });

  it.each([
    [{ "biplane-org": "globex" }, /^biplane:tags is "biplane-org"/],
    [{ "goog-managed": "x" }, /^biplane:tags is "goog-managed"/],
    [{ Team: "x" }, /^biplane:tags is "Team"/],
    [{ team: "Platform" }, /^biplane:tags\.team is "Platform"/],
  ])("refuses %o", (tags, words) => {
    expect(() => ownershipLabels({ plane: "compute", tags })).toThrow(words);
  });
});
