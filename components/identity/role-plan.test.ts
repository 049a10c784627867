import { describe, expect, it } from "vitest";
import { checkInlinePolicies, checkManagedPolicy, checkRoleCount } from "./quotas.ts";
import { planRoles, type RolePlanArgs } from "./role-plan.ts";

const args: RolePlanArgs = {
  names: { admin: "adminflyterole", user: "userflyterole" },
  org: "acme",
  region: "us-east-2",
  namespace: "union",
  projects: [
    { project: "demo", domain: "development", namespace: "demo-development" },
    { project: "demo", domain: "production", namespace: "demo-production" },
  ],
  buckets: { metadata: "acme-metadata", fastRegistration: "acme-fast-reg" },
  isolation: "project",
};

describe("planRoles", () => {
  it("cuts a long role name to what IAM takes, and keeps two that begin alike apart", () => {
    const project = "a-project-with-a-name-of-thirty";
    const projects = ["a-domain-with-a-name-of-thirty-a", "a-domain-with-a-name-of-thirty-b"].map((domain) => ({
      project,
      domain,
      namespace: `${project}-${domain}`,
    }));
    const names = [...planRoles({ ...args, projects }).projects.values()].map(({ physicalName }) => physicalName);
    expect(Math.max(...names.map(({ length }) => length))).toBeLessThanOrEqual(64);
    expect(new Set(names).size).toBe(2);
  });

  it("refuses a namespace twice: two projects would share one role", () => {
    const twice = [...args.projects, { project: "demo-x", domain: "y", namespace: "demo-production" }];
    expect(() => planRoles({ ...args, projects: twice })).toThrow(/biplane:projects is "demo-production"/);
  });

  it("costs the same for each project-domain, whatever their number", () => {
    const plan = (count: number) => {
      const projects = Array.from({ length: count }, (_, at) => ({
        project: `p${100 + at}`,
        domain: "development",
        namespace: `p${100 + at}-development`,
      }));
      return JSON.stringify([...planRoles({ ...args, projects }).projects]).length / count;
    };
    expect(plan(64) / plan(1)).toBeCloseTo(1, 1);
    expect(plan(640) / plan(1)).toBeCloseTo(1, 1);
  });

  it("refuses more projects than an account holds roles, and takes them where the quota was raised", () => {
    const projects = Array.from({ length: 981 }, (_, at) => ({
      project: `p${at}`,
      domain: "d",
      namespace: `p${at}-d`,
    }));
    expect(() => planRoles({ ...args, projects })).toThrow(/is 981; allowed: up to 980 .*1000 roles/);
    expect(planRoles({ ...args, projects, roleQuota: 2000 }).projects.size).toBe(981);
  });
});

describe("the quotas", () => {
  it("are counted to the last character", () => {
    const filled = (length: number) => ({ x: "a".repeat(length - '{"x":""}'.length) });
    expect(() => checkInlinePolicies("r", [filled(10_000), filled(240)])).not.toThrow();
    expect(() => checkInlinePolicies("r", [filled(10_000), filled(241)])).toThrow(/"10241 characters".*10240/);
    expect(() => checkManagedPolicy("b", filled(6144))).not.toThrow();
    expect(() => checkManagedPolicy("b", filled(6145))).toThrow(/"6145 characters".*6144/);
    expect(() => checkRoleCount(990, 10)).not.toThrow();
    expect(() => checkRoleCount(991, 10)).toThrow(/up to 990/);
  });
});
