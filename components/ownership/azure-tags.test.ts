import { expect, it } from "vitest";
import { azureTags } from "./azure-tags.ts";

const owner = { plane: "compute", org: "acme", cluster: "main" } as const;

it("names the owner by the same tags as on AWS, beside the customer's", () => {
  expect(azureTags({ ...owner, tags: { team: "platform" } })).toEqual({
    ...{ team: "platform", "biplane:managed-by": "pulumi", "biplane:plane": "compute" },
    ...{ "biplane:cluster": "main", "biplane:org": "acme" },
  });
});

it.each(["a/b", "50%", "Azure-owner", "microsoft.team", "", "x".repeat(129), "biplane:org"])("refuses %j", (name) => {
  expect(() => azureTags({ ...owner, tags: { [name]: "x" } })).toThrow(/^biplane:tags is /);
});

it("refuses a value that Azure would cut", () => {
  expect(() => azureTags({ ...owner, tags: { team: "x".repeat(257) } })).toThrow(/^biplane:tags\.team is /);
});
