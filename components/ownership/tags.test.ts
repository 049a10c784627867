import { describe, expect, it } from "vitest";
import { ownershipTags } from "./tags.ts";

describe("ownershipTags", () => {
  it("adds ours to the customer's own", () => {
    expect(ownershipTags({ plane: "compute", org: "acme", cluster: "main", tags: { team: "ml" } })).toEqual({
      team: "ml",
      "biplane:managed-by": "pulumi",
      "biplane:plane": "compute",
      "biplane:cluster": "main",
      "biplane:org": "acme",
    });
  });

  it.each(["biplane:plane", "aws:x", "Name"])("refuses the customer's tag %s", (key) => {
    expect(() => ownershipTags({ plane: "compute", cluster: "main", tags: { [key]: "x" } })).toThrow(key);
  });
});
