import { describe, expect, it } from "vitest";
import { allows, builtinRoles, everywhere, type Grant, type Need, placesOf, staffRoles } from "./permissions.ts";

const grant = (
  project: string,
  domain: string,
  permissions: Grant["permissions"] = builtinRoles.contributor,
): Grant => ({
  permissions,
  project,
  domain,
});
const runs = ["create_flyte_executions"] as const;

describe("a grant", () => {
  const places: [string, Need["at"]][] = [
    ["p/dev", { project: "p", domain: "dev" }],
    ["p/prod", { project: "p", domain: "prod" }],
    ["q/dev", { project: "q", domain: "dev" }],
    ["project p", { project: "p" }],
    ["project q", { project: "q" }],
    ["nothing named", { project: "", domain: "" }],
    ["a whole domain", { project: "", domain: "dev" }],
    ["organisation", "organisation"],
    ["somewhere", "somewhere"],
  ];
  const table: [string, Grant, string[]][] = [
    ["for the organisation", grant("", ""), places.map(([name]) => name)],
    ["for a domain", grant("", "dev"), ["p/dev", "q/dev", "project p", "project q", "a whole domain", "somewhere"]],
    ["for a project and a domain", grant("p", "dev"), ["p/dev", "project p", "somewhere"]],
  ];
  it.each(table)("%s holds exactly there", (_what, one, expected) => {
    const held = places.filter(([, at]) => allows([one], { anyOf: runs, at })).map(([name]) => name);
    expect(held).toEqual(expected);
  });

  it("gives nothing that its role does not have, and one of several permissions is enough", () => {
    const viewer = [grant("", "", builtinRoles.viewer)];
    expect(allows(viewer, { anyOf: runs, at: "somewhere" })).toBe(false);
    expect(allows(viewer, { anyOf: [...runs, "view_flyte_executions"], at: "organisation" })).toBe(true);
  });

  it("adds up with others, and none gives nothing", () => {
    const both = [grant("p", "dev"), grant("p", "prod", builtinRoles.viewer)];
    const may = (permission: "create_flyte_executions" | "view_flyte_executions", domain: string) =>
      allows(both, { anyOf: [permission], at: { project: "p", domain } });
    expect([may("create_flyte_executions", "dev"), may("create_flyte_executions", "prod")]).toEqual([true, false]);
    expect([may("view_flyte_executions", "dev"), may("view_flyte_executions", "prod")]).toEqual([true, true]);
    expect(allows([], { anyOf: runs, at: "somewhere" })).toBe(false);
  });

  it("tells where lists may look", () => {
    expect(placesOf([grant("p", "dev"), grant("", "", builtinRoles.viewer)], "view_flyte_executions")).toBe("all");
    expect(placesOf([grant("p", "dev"), grant("", "prod")], runs[0])).toEqual([
      { project: "p", domain: "dev" },
      { project: "", domain: "prod" },
    ]);
    expect(placesOf([{ permissions: builtinRoles.viewer, ...everywhere }], runs[0])).toEqual([]);
  });
});

it("gives staff nothing by which a secret, an input or an output is read, nor a way to more", () => {
  const never = ["view_flyte_executions", "manage_secrets", "manage_permissions", "manage_applications", "view_audit"];
  for (const role of Object.values(staffRoles)) expect(role.filter((name) => never.includes(name))).toEqual([]);
});
