import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderTrust } from "./aws-policies.ts";
import { checkSessionTrust, checkTrust, longestIssuer, maxSubjects, subjectsThatFit } from "./trust-plan.ts";

const issuer = longestIssuer("us-east-2");
const named = (names: string[]) => names.map((namespace) => ({ namespace, serviceAccount: "default" }));
const many = (count: number) => named(Array.from({ length: count }, (_, at) => `project-${100 + at}-development`));
const check = (count: number, quota?: 2048 | 4096) => () =>
  checkTrust({ setting: "biplane:projects", issuer, subjects: many(count), quota });

describe("checkTrust", () => {
  it("takes as many as design says: about 27 on every account, 64 where the quota was raised", () => {
    expect(check(27)).not.toThrow();
    expect(check(64, 4096)).not.toThrow();
  });

  it("refuses more, with the reason, the number that fits, and both ways out", () => {
    expect(check(40)).toThrow(
      /^biplane:projects is 40; allowed: up to 2\d of these on one role: their trust policy has \d+ characters, IAM takes 2048\. Set biplane:isolation to project.* set biplane:trustPolicyQuota to 4096\.$/,
    );
  });

  it("refuses 65 even with the raised quota, and then names only the way out that is left", () => {
    expect(check(65, 4096)).toThrow(/up to 64 of these/);
    expect(check(65, 4096)).not.toThrow(/have AWS raise/);
  });

  it("refuses 65 with the shortest names too, though their characters would fit", () => {
    const subjects = named(Array.from({ length: 65 }, (_, at) => `p${at}-d`));
    expect(() => checkTrust({ setting: "x", issuer, subjects, quota: 4096 })).toThrow(
      /up to 64 .*one trust policy names at most 64/,
    );
  });

  it("is as strict as the longest issuer of the region: a real one is never longer", () => {
    expect(issuer.issuer).toHaveLength("oidc.eks.us-east-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE".length);
  });
});

describe("checkSessionTrust", () => {
  const of = (namespace: string, accounts: string[], quota?: 2048 | 4096) => () =>
    checkSessionTrust({
      issuer: longestIssuer("ap-southeast-2"),
      subjects: accounts.map((serviceAccount) => ({ namespace, serviceAccount })),
      quota,
    });
  const three = ["executor", "proxy-system", "log-provider"];
  const four = [...three, "secrets"];

  it("takes any namespace for three services, and the usual one for four, on every account", () => {
    expect(of("n".repeat(63), three)).not.toThrow();
    expect(of("union", four)).not.toThrow();
    expect(of("n".repeat(63), four, 4096)).not.toThrow();
  });

  it("refuses a namespace too long for four, says how long it may be, and takes one of that length", () => {
    expect(of("n".repeat(63), four)).toThrow(
      /^biplane:namespace is "n+"; allowed: up to 19 characters: .*once for each of 4 services, and IAM takes 2048 .*set biplane:trustPolicyQuota to 4096\.$/,
    );
    expect(of("n".repeat(19), four)).not.toThrow();
    expect(of("n".repeat(20), four)).toThrow();
  });
});

describe("subjectsThatFit", () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,61}[a-z0-9]$/), { maxLength: 90 });

  it("is the largest prefix whose document keeps to the quota", () => {
    fc.assert(
      fc.property(names, fc.constantFrom(2048 as const, 4096 as const), (all, quota) => {
        const subjects = named(all);
        const length = (count: number) =>
          JSON.stringify(renderTrust({ ...issuer, subjects: subjects.slice(0, count) })).length;
        let slow = 0;
        while (slow < Math.min(all.length, maxSubjects) && length(slow + 1) <= quota) slow++;
        expect(subjectsThatFit(issuer, subjects, quota)).toBe(slow);
      }),
    );
  });
});
