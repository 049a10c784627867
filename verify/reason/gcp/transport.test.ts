import { describe, expect, it } from "vitest";
import type { GoogleConstraintFact } from "../../facts-google.ts";
import { refusesOldTls, refusesPlainHttp } from "./transport.ts";

type Rule = GoogleConstraintFact["rules"][number];
const rule = (more: Partial<Rule>): Rule => ({ allowAll: false, denyAll: false, allowed: [], denied: [], ...more });
const plain = (...rules: Rule[]) => refusesPlainHttp([{ constraint: "storage.secureHttpTransport", rules }]);
const old = (...rules: Rule[]) => refusesOldTls([{ constraint: "gcp.restrictTLSVersion", rules }]);
const on = rule({ enforce: true });
const both = rule({ denied: ["TLS_VERSION_1", "TLS_VERSION_1_1"] });
const condition = 'resource.matchTag("acme/tls", "x")';

describe("plain HTTP", () => {
  it("is refused where one rule says so of everything", () => {
    expect(plain(on)).toEqual({ refused: true, told: "refused by storage.secureHttpTransport" });
    expect(plain(rule({ enforce: true, condition }), on).refused).toBe(true);
  });

  it.each<[string, Rule[]]>([
    ["no rule is there", []],
    ["it is off", [rule({ enforce: false })]],
    ["a rule does not say", [rule({})]],
    ["it is on for a tag alone", [rule({ enforce: true, condition })]],
    ["it is off for a tag, said last", [on, rule({ enforce: false, condition })]],
    ["it is off for a tag, said first", [rule({ enforce: false, condition }), on]],
  ])("is not where %s", (_, rules) => expect(plain(...rules).refused).toBe(false));

  it("is not by another constraint", () => {
    expect(refusesPlainHttp([{ constraint: "gcp.restrictTLSVersion", rules: [on] }]).refused).toBe(false);
    expect(refusesPlainHttp([]).refused).toBe(false);
  });
});

describe("TLS before 1.2", () => {
  it("is refused where both versions are denied, or all are", () => {
    for (const denying of [both, rule({ denyAll: true })]) expect(old(denying).refused).toBe(true);
  });

  it.each<[string, Rule[]]>([
    ["all are allowed", [rule({ allowAll: true })]],
    ["only the first is denied", [rule({ denied: ["TLS_VERSION_1"] })]],
    ["only the last is denied", [rule({ denied: ["TLS_VERSION_1_1"] })]],
    ["a tag is let off", [both, rule({ allowAll: true, condition })]],
    ["a version is allowed beside", [both, rule({ allowed: ["TLS_VERSION_1_1"], condition })]],
    ["a tag alone is denied", [rule({ denied: both.denied, condition })]],
  ])("is not where %s", (_, rules) => expect(old(...rules).refused).toBe(false));
});
