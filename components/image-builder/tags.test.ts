import { describe, expect, it } from "vitest";
import { checkTagRule, defaultTags, familyOf, tagOf } from "./tags.ts";

const said = { project: "demo", domain: "production", name: "env", version: "v1" };

describe("a rule for tags", () => {
  it.each<[string, string]>([
    [defaultTags, "env-v1"],
    ["{project}.{domain}.{name}-{version}", "demo.production.env-v1"],
    ["rel_{version}{name}", "rel_v1env"],
  ])("%s makes %s", (rule, tag) => {
    expect(() => checkTagRule(rule)).not.toThrow();
    expect(tagOf(rule, said)).toBe(tag);
    expect(familyOf(rule, said).test(tag)).toBe(true);
  });

  it.each([
    "",
    "{name}",
    "latest-{version}",
    "{name}-{version}-{user}",
    "{name}/{version}",
    "{name}:{version}",
    "-{name}-{version}",
    ".{name}-{version}",
    "{name}-{version}}",
    "{{name}-{version}",
    "{name} {version}",
    "{name}-{version}\n",
    "{name}-{version}{}",
  ])("%j is refused, with what is allowed", (rule) => {
    expect(() => checkTagRule(rule)).toThrow(/imageBuilder\.tags is .*; allowed: letters, digits and/s);
  });

  it("has its literal parts taken as they are, not as a pattern's", () => {
    expect(familyOf("a.{name}-{version}", said).test("aXenv-v1")).toBe(false);
  });
});
