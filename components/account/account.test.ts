import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { CustomerAccount, type CustomerAccountArgs } from "./aws.ts";

const args: CustomerAccountArgs = {
  org: "acme",
  accountName: "biplane-acme",
  email: "aws+acme@example.com",
  organizationalUnit: "ou-ab12-11111111",
  accessRole: "OrganizationAccountAccessRole",
  dataProtection: true,
  tags: { owner: "us" },
};
const type = "aws:organizations/account:Account";
const build = (more: Partial<CustomerAccountArgs> = {}, options = {}) =>
  recordResources(() => {
    new CustomerAccount("biplane-acme", { ...args, ...more });
  }, options);

describe("CustomerAccount", () => {
  it("makes one account where it belongs, tagged as the customer's, billing closed to its users", async () => {
    const made = await build();
    expect(made.all.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`)).toEqual([
      "CustomerAccount biplane-acme",
      "Account biplane-acme",
    ]);
    expect(made.one(type).inputs).toEqual({
      name: "biplane-acme",
      email: "aws+acme@example.com",
      parentId: "ou-ab12-11111111",
      roleName: "OrganizationAccountAccessRole",
      iamUserAccessToBilling: "DENY",
      closeOnDeletion: false,
      tags: { owner: "us", "biplane:managed-by": "pulumi", "biplane:plane": "compute", "biplane:org": "acme" },
    });
  });

  it("is closed by destroy only without data protection", async () => {
    expect((await build({ dataProtection: false })).one(type).inputs.closeOnDeletion).toBe(true);
  });

  it("is previewed before its number is known", async () => {
    expect((await build({}, { preview: true })).of(type)).toHaveLength(1);
  });
});
