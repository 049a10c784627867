import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { ManagementAccount } from "./gcp.ts";
import { managementPermissions } from "./gcp-levels.ts";
import { planVendorRoles } from "./gcp-trust.ts";

const operations = "arn:aws:iam::999999999999:role/operations";
const build = (principals = [operations]) =>
  recordResources(async () => {
    const one = new ManagementAccount("main-management", {
      ...{ project: "acme-data", clusterName: "biplane-main", principals, level: "no-delete" },
    });
    expect(await settled(one.email)).toBe("biplane-main-management@acme-data.iam.gserviceaccount.com");
  });

describe("ManagementAccount", () => {
  it("is become by exactly named roles of the vendor's AWS account, and by nobody else's tokens", async () => {
    const made = await build();
    const provider = made.one("gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider").inputs;
    expect(provider).toMatchObject({
      aws: { accountId: "999999999999" },
      attributeCondition: 'attribute.aws_role in ["arn:aws:sts::999999999999:assumed-role/operations"]',
    });
    const trusted = made.of("gcp:serviceaccount/iAMMember:IAMMember").map(({ inputs }) => [inputs.role, inputs.member]);
    expect(trusted).toEqual([
      [
        "roles/iam.workloadIdentityUser",
        "principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/" +
          "biplane-main-vendor/attribute.aws_role/arn:aws:sts::999999999999:assumed-role/operations",
      ],
    ]);
  });

  it("has one role of its own, and no key", async () => {
    const made = await build();
    expect(made.one("gcp:projects/iAMCustomRole:IAMCustomRole").inputs).toMatchObject({
      ...{ roleId: "biplane_main_management", permissions: managementPermissions["no-delete"] },
    });
    const granted = made.of("gcp:projects/iAMMember:IAMMember").map(({ inputs }) => inputs.role);
    expect(granted).toEqual(["main-management-id"]);
    expect(made.all.filter(({ type }) => /key/i.test(type))).toEqual([]);
  });
});

describe("what the vendor may ask of Google Cloud", () => {
  it("is nothing about data, keys, rights or Kubernetes' own objects, at any level", () => {
    for (const permission of Object.values(managementPermissions).flat()) {
      expect(permission).toMatch(/^(?:container\.(?:clusters|operations)|compute\.|resourcemanager\.projects\.get)/);
      expect(permission).not.toMatch(/delete|create|setIamPolicy|getCredentials|impersonate/);
    }
  });

  it("changes nothing below the highest level, since Google's one right to change also deletes nodes", () => {
    const changes = (level: "read-only" | "no-delete" | "full") =>
      managementPermissions[level].filter((permission) => !/\.(?:get|list)$/.test(permission));
    expect([changes("read-only"), changes("no-delete")]).toEqual([[], []]);
    expect(changes("full")).toEqual(["container.clusters.update"]);
  });
});

describe("planVendorRoles", () => {
  it.each([
    [[]],
    [["arn:aws:iam::999999999999:root"]],
    [["arn:aws:iam::999999999999:user/somebody"]],
    [["arn:aws:iam::999999999999:role/with/path"]],
    [[operations, "arn:aws:iam::888888888888:role/operations"]],
  ])("refuses %j", (principals) => {
    expect(() => planVendorRoles(principals)).toThrow(/^biplane:management\.principals is /);
  });

  it("takes a role once", () => {
    expect(planVendorRoles([operations, operations])).toEqual({ account: "999999999999", roles: ["operations"] });
  });
});
