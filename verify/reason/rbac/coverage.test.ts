import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manifestsOf } from "../testing/manifests.ts";
import { rbacQuery } from "./authorize.ts";
import { coverage } from "./coverage.ts";
import { policyRule, ruleAllows } from "./rules.ts";

const holding = (...rules: object[]) =>
  manifestsOf([{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "r" }, rules }]);
const pods = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };
const within = (inner: object, outer: object) => coverage(holding(inner), holding(outer)).within;

describe("one role within another", () => {
  it.each<[string, object, object, boolean]>([
    ["itself", pods, pods, true],
    ["a star", pods, { ...pods, verbs: ["*"], resources: ["*"], apiGroups: ["*"] }, true],
    ["a star is not within its parts", { ...pods, verbs: ["*"] }, { ...pods, verbs: ["get", "list"] }, false],
    ["a name within all names", { ...pods, resourceNames: ["a"] }, pods, true],
    ["all names not within one", pods, { ...pods, resourceNames: ["a"] }, false],
    [
      "a subresource within that of everything",
      { ...pods, resources: ["pods/log"] },
      { ...pods, resources: ["*/log"] },
      true,
    ],
    ["a subresource not within its resource", { ...pods, resources: ["pods/log"] }, pods, false],
    ["a path below", { verbs: ["get"], nonResourceURLs: ["/a/*"] }, { verbs: ["get"], nonResourceURLs: ["/*"] }, true],
    [
      "not a path above",
      { verbs: ["get"], nonResourceURLs: ["/*"] },
      { verbs: ["get"], nonResourceURLs: ["/a/*"] },
      false,
    ],
    ["a rule that allows nothing", { ...pods, verbs: [] }, { ...pods, resources: ["x"] }, true],
  ])("%s", (_, inner, outer, expected) => {
    expect(within(inner, outer)).toBe(expected);
  });

  it("says what is missing, piece by piece; two rules may cover one together", () => {
    const inner = holding({ apiGroups: [""], resources: ["pods", "secrets"], verbs: ["get", "list"] });
    const outer = holding(
      { apiGroups: [""], resources: ["pods"], verbs: ["*"] },
      { apiGroups: ["*"], resources: ["secrets"], verbs: ["get"] },
    );
    expect(coverage(inner, outer)).toEqual({
      within: false,
      missing: [{ verbs: ["list"], apiGroups: [""], resources: ["secrets"] }],
    });
  });

  it("asks for what stands in an aggregated role, and counts on nothing of it", () => {
    const gathers = (label: string, rules: object[]) => ({
      ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "g" }, rules },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: "true" } }] },
    });
    const secrets = { apiGroups: [""], resources: ["secrets"], verbs: ["*"] };
    const own = manifestsOf([gathers("into-g", [secrets])]);
    expect(coverage(own, holding(pods))).toEqual({ within: false, missing: [secrets] });
    expect(coverage(holding(pods), manifestsOf([gathers("into-g", [pods])])).within).toBe(false);
    const admin = manifestsOf([gathers("rbac.authorization.k8s.io/aggregate-to-admin", [pods])]);
    expect(() => coverage(admin, holding(pods))).toThrow(
      /--covers is "ClusterRole\/g"; allowed: roles that gather none/,
    );
    expect(() => coverage(holding(pods), admin)).toThrow(/Put what it gathers into the file/);
    const paths = { verbs: ["*"], nonResourceURLs: ["*"] };
    const all = holding({ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }, paths);
    expect(coverage(admin, all)).toEqual({ within: true, missing: [] });
  });

  it("refuses a file that holds no role", () => {
    const pod = manifestsOf([{ apiVersion: "v1", kind: "Pod", metadata: { name: "p" } }]);
    expect(() => coverage(pod, holding(pods))).toThrow(/is "Pod"; allowed: at least one Role or ClusterRole/);
  });

  it("what is covered is allowed: no question that the inner allows is refused by the outer", () => {
    const word = (...words: string[]) => fc.subarray(words);
    const rule = fc.record({
      verbs: word("get", "list", "*"),
      apiGroups: word("", "apps", "*"),
      resources: word("pods", "pods/log", "*/log", "*"),
      resourceNames: word("a", "b"),
    });
    const query = fc.record({
      user: fc.constant("alice"),
      verb: fc.constantFrom("get", "list", "create"),
      apiGroup: fc.constantFrom("", "apps", "batch"),
      resource: fc.constantFrom("pods", "jobs"),
      subresource: fc.constantFrom("", "log"),
      name: fc.constantFrom("", "a", "b"),
    });
    const allows = (rules: object[], asked: object) =>
      rules.some((one) => ruleAllows(policyRule.parse(one), rbacQuery.parse(asked)));
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 2 }), fc.array(rule, { maxLength: 3 }), query, (inner, outer, asked) => {
        fc.pre(coverage(holding(...inner), holding(...outer)).within);
        if (allows(inner, asked)) expect(allows(outer, asked)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
