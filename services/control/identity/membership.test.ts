import { describe, expect, it } from "vitest";
import { membershipOf } from "./membership.ts";

const people = [
  { org: "acme", group: "acme-people", role: "viewer" as const },
  { org: "acme", group: "acme-leads", role: "admin" as const },
  { org: "acme", group: "acme-guests", role: "none" as const },
  { org: "globex", group: "globex", role: "contributor" as const },
];
const known = { email: "Ann@Acme.test", email_verified: true };
const of = (claims: Record<string, unknown>, claim = "groups") =>
  membershipOf({ ...known, ...claims }, claim, { people, staff: "operators" });
const person = (org: string, role: string) => ({ person: { org, subject: "ann@acme.test", role } });

describe("who somebody is here", () => {
  it("is the organisation of their groups, with the strongest of their roles", () => {
    expect(of({ groups: ["acme-people"] })).toEqual(person("acme", "viewer"));
    expect(of({ groups: ["other", "acme-people", "acme-leads", "acme-guests"] })).toEqual(person("acme", "admin"));
    expect(of({ groups: ["acme-guests"] })).toEqual(person("acme", "none"));
  });

  it("is read from the claim that is configured, one word or many", () => {
    expect(of({ org: "globex", groups: ["acme-people"] }, "org")).toEqual(person("globex", "contributor"));
  });

  it.each([
    [{}],
    [{ groups: [] }],
    [{ groups: ["ACME-PEOPLE"] }],
    [{ groups: "acme-people acme-leads" }],
    [{ groups: { acme: "acme-people" } }],
    [{ groups: [{ name: "acme-people" }] }],
    [{ groups: null }],
  ])("is nobody for %j, and is told so without a word of what there is", (claims) => {
    const answer = of(claims);
    expect(answer).toEqual({ refused: expect.stringContaining("ann@acme.test belongs to no organisation here") });
    expect(JSON.stringify(answer)).not.toMatch(/globex|acme-/);
  });

  it("is not one of several organisations by chance", () => {
    expect(of({ groups: ["acme-people", "globex"] })).toEqual({
      refused: expect.stringContaining("several organisations"),
    });
  });

  it("is of the staff by its group, and then of no organisation", () => {
    expect(of({ groups: ["other", "operators"] })).toEqual({ staff: "ann@acme.test" });
    expect(of({ groups: ["operators", "acme-people"] })).toEqual({
      refused: expect.stringContaining("keep you in one"),
    });
    const unset = membershipOf({ ...known, groups: ["operators"] }, "groups", { people });
    expect(unset).toEqual({ refused: expect.stringContaining("belongs to no organisation here") });
  });

  it.each([
    [{ email_verified: false }],
    [{ email_verified: "true" }],
    [{ email_verified: undefined }],
    [{ email: undefined }],
    [{ email: "ann" }],
    [{ email: "ann @acme.test" }],
    [{ email: `${"a".repeat(300)}@acme.test` }],
  ])("is nobody without an address that the provider vouches for: %j", (claims) => {
    expect(of({ groups: ["acme-people"], ...claims })).toEqual({ refused: expect.stringContaining("vouch") });
  });
});
