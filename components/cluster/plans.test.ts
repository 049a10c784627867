import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AccessEntry, checkedEntries, planAccess } from "./access-plan.ts";
import { planEndpoint } from "./endpoint.ts";
import { nodeQuotas, planNodeGroups } from "./node-plan.ts";
import { addonNames, checkRelease, checkVersion, supportedVersions } from "./versions.ts";

const role = (name: string) => `arn:aws:iam::111111111111:role/${name}`;
const admin: AccessEntry = { name: "operator", principalArn: role("ci"), access: "cluster-admin" };

describe("planAccess", () => {
  it("gives each grant its one policy, and groups none", () => {
    const planned = planAccess([
      admin,
      { name: "team", principalArn: role("team"), access: "edit", namespaces: ["union"] },
      { name: "managers", principalArn: role("m"), access: "groups", groups: ["biplane:managers"] },
    ]);
    expect(planned).toEqual([
      {
        name: "operator",
        principalArn: role("ci"),
        kubernetesGroups: [],
        policy: {
          arn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
          scope: { type: "cluster" },
        },
      },
      {
        name: "team",
        principalArn: role("team"),
        kubernetesGroups: [],
        policy: {
          arn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy",
          scope: { type: "namespace", namespaces: ["union"] },
        },
      },
      { name: "managers", principalArn: role("m"), kubernetesGroups: ["biplane:managers"] },
    ]);
  });

  it.each<[string, AccessEntry[], RegExp]>([
    ["nobody who administers", [{ ...admin, access: "view" }], /at least one entry with access cluster-admin/],
    ["a session", [{ ...admin, principalArn: "arn:aws:sts::111111111111:assumed-role/ci/x" }], /ARN of an IAM role/],
    ["a whole account", [{ ...admin, principalArn: "arn:aws:iam::111111111111:root" }], /ARN of an IAM role/],
    ["anybody", [{ ...admin, principalArn: role("*") }], /ARN of an IAM role/],
    ["a name twice", [admin, { ...admin, principalArn: role("b") }], /each name once/],
    ["a principal twice", [admin, { ...admin, name: "b" }], /each principal once/],
    [
      "Kubernetes' own groups",
      [admin, { name: "b", principalArn: role("b"), access: "groups", groups: ["system:masters"] }],
      /do not begin with system:/,
    ],
    [
      "writing everywhere",
      [admin, { name: "b", principalArn: role("b"), access: "admin", namespaces: [] }],
      /namespaces of b is missing/,
    ],
  ])("refuses %s", (_, entries, message) => expect(() => planAccess(entries)).toThrow(message));

  it("asks for no administrator where others have one", () => {
    expect(checkedEntries([])).toEqual([]);
  });
});

describe("planEndpoint", () => {
  it("is private without a list", () => {
    expect(planEndpoint()).toEqual({ endpointPrivateAccess: true, endpointPublicAccess: false });
  });

  it.each(["0.0.0.0/0", "10.0.0.0/8", "::/0", "203.0.113.0", "300.0.0.0/24"])("refuses %s", (network) => {
    expect(() => planEndpoint([network])).toThrow(/never 0\.0\.0\.0\/0/);
  });

  it("refuses a network twice, and more than EKS takes", () => {
    expect(() => planEndpoint(["203.0.113.0/24", "203.0.113.0/24"])).toThrow(/each network once/);
    const many = Array.from({ length: 41 }, (_, at) => `203.0.113.${at}/32`);
    expect(() => planEndpoint(many)).toThrow(/up to 40/);
  });
});

describe("planNodeGroups", () => {
  const subnets = ["a", "b", "c"].map((zone) => ({ zone: `r${zone}`, subnetId: `subnet-${zone}` }));
  const spec = { instanceTypes: ["m7i.xlarge"], perZone: { min: 1, max: 3 } };

  it("makes one group of each kind in each zone, with names that EKS takes and that never meet", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,19}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 10 }), (names) => {
        const planned = planNodeGroups(Object.fromEntries(names.map((group) => [group, spec])), subnets);
        expect(planned).toHaveLength(names.length * subnets.length);
        expect(new Set(planned.map(({ physicalName }) => physicalName)).size).toBe(planned.length);
        expect(planned.every(({ physicalName }) => physicalName.length <= 63)).toBe(true);
      }),
    );
  });

  it("has another physical name when nodes must be made anew, and the same identity", () => {
    const [before] = planNodeGroups({ default: spec }, subnets);
    const [sized] = planNodeGroups({ default: { ...spec, perZone: { min: 2, max: 9 } } }, subnets);
    const [other] = planNodeGroups({ default: { ...spec, instanceTypes: ["m8i.xlarge"] } }, subnets);
    expect(sized?.physicalName).toBe(before?.physicalName);
    expect(other?.physicalName).not.toBe(before?.physicalName);
    expect(other?.key).toBe(before?.key);
  });

  it("keeps within EKS's quotas and says what fits", () => {
    const many = Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`g${at}`, spec]));
    expect(() => planNodeGroups(many, subnets)).toThrow(/up to 10: EKS takes 30/);
    const max = nodeQuotas.nodesPerGroup + 1;
    expect(() => planNodeGroups({ default: { ...spec, perZone: { min: 1, max } } }, subnets)).toThrow(/≤ 450/);
  });

  it.each([
    [{ ...spec, perZone: { min: 4, max: 3 } }, /0 ≤ min ≤ max/],
    [{ ...spec, instanceTypes: [] }, /EC2 types/],
    [{ ...spec, diskGib: 5 }, /20 to 16384/],
    [{ ...spec, perZone: { min: 0, max: 3 } }, /never shrinks to nothing/],
    [{ ...spec, taints: [{ key: "gpu", effect: "NO_SCHEDULE" as const }] }, /without taints/],
  ])("refuses %j", (bad, message) => expect(() => planNodeGroups({ default: bad }, subnets)).toThrow(message));

  it("refuses one zone, or one zone twice", () => {
    expect(() => planNodeGroups({ default: spec }, subnets.slice(0, 1))).toThrow(/two different zones/);
    const twice = [0, 1].flatMap(() => subnets.slice(0, 1));
    expect(() => planNodeGroups({ default: spec }, twice)).toThrow(/two different zones/);
  });
});

describe("versions", () => {
  it("has every add-on for every version, each by an exact build", () => {
    for (const pins of Object.values(supportedVersions)) {
      expect(Object.keys(pins).sort()).toEqual([...addonNames].sort());
      for (const pin of Object.values(pins)) expect(pin).toMatch(/^v\d+\.\d+\.\d+-eksbuild\.\d+$/);
    }
  });

  it("has a kube-proxy of the version itself", () => {
    for (const [version, pins] of Object.entries(supportedVersions))
      expect(pins["kube-proxy"]).toContain(`v${version}.`);
  });

  it.each(["1.20", "1.34.1", "latest", "toString"])("refuses version %s", (version) => {
    expect(() => checkVersion(version)).toThrow(/allowed: 1\.33, 1\.34/);
  });

  it("refuses a node release of another version than the API's", () => {
    expect(checkRelease("1.34.1-20251112", "1.34")).toBe("1.34.1-20251112");
    expect(() => checkRelease("1.33.5-20251112", "1.34")).toThrow(/a release of 1\.34/);
    expect(() => checkRelease("1.34.latest", "1.34")).toThrow(/a release of 1\.34/);
  });
});
