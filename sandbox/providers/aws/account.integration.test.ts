/** A customer's account, made and closed by the stack of its own. */
import { getCallerIdentityOutput, Provider } from "@pulumi/aws";
import { afterAll, beforeAll, expect, test } from "vitest";
import program from "../../../stacks/index.ts";
import { customerAccountOutputs } from "../../../stacks/outputs.ts";
import { customerAccountValues } from "../../../stacks/testing/valid-config.ts";
import { destroyStack, previewStack, refreshStack, type StackRun, upStack } from "../../engine/index.ts";
import { type Emulated, startEmulated } from "../../engine/testing/emulated.ts";
import { accounts, awsRegion } from "../../hosts.ts";

let world: Emulated;
let unit: string | undefined;
beforeAll(async () => {
  world = await startEmulated();
  const organizations = await world.cloud.organizations();
  await organizations.createOrganization({ FeatureSet: "ALL" });
  const [root] = (await organizations.listRoots({})).Roots ?? [];
  const made = await organizations.createOrganizationalUnit({ ParentId: root?.Id, Name: "customers" });
  unit = made.OrganizationalUnit?.Id;
});
afterAll(() => world?.close());

function run(config: Record<string, string>): StackRun {
  const where = { account: "customer", plane: "customer", providers: world.providers } as const;
  return { stack: "customer-acme-account", program, config, secrets: {}, ...where };
}
const account = (changes: Record<string, unknown> = {}) =>
  run(customerAccountValues({ organizationalUnit: unit, tags: { owner: "us" }, ...changes }));

const customers = async () => {
  const { Accounts = [] } = await (await world.cloud.organizations()).listAccountsForParent({ ParentId: unit });
  return Accounts.map(({ Name, Email, Status }) => ({ Name, Email, Status }));
};

test("is made in its unit, answers how to get in, and stays as it is", async () => {
  const first = await upStack(world.sandbox, account());
  const { accountId, accessRoleArn } = customerAccountOutputs.parse(first.outputs);
  expect(accountId).toMatch(/^\d{12}$/);
  expect(accessRoleArn).toBe(`arn:aws:iam::${accountId}:role/OrganizationAccountAccessRole`);
  expect(await customers()).toEqual([{ Name: "biplane-acme", Email: "aws+acme@example.com", Status: "ACTIVE" }]);
  const { create: count } = first.changes;
  expect((await upStack(world.sandbox, account())).changes).toEqual({ same: count });
  expect((await refreshStack(world.sandbox, account())).changes).toEqual({ same: count });
});

test("new tags are the one change", async () => {
  const { changes } = await upStack(world.sandbox, account({ tags: { owner: "them" } }));
  expect(changes).toMatchObject({ update: 1 });
  expect(changes).not.toHaveProperty("create");
  expect(changes).not.toHaveProperty("replace");
});

test("is closed by destroy, but not while it is protected", async () => {
  await expect(destroyStack(world.sandbox, account())).rejects.toThrow(/protect/);
  expect(await customers()).toMatchObject([{ Status: "ACTIVE" }]);
  await upStack(world.sandbox, account({ dataProtection: "off" }));
  await destroyStack(world.sandbox, account({ dataProtection: "off" }));
  expect(await customers()).not.toMatchObject([{ Status: "ACTIVE" }]);
});

test("a stack for one account refuses the credentials of another, in the preview", async () => {
  const other = async () => {
    const provider = new Provider("aws", { region: awsRegion, allowedAccountIds: ["999999999999"] });
    return { account: getCallerIdentityOutput({}, { provider }).accountId };
  };
  const preview = previewStack(world.sandbox, { ...run({}), stack: "other", program: other });
  await expect(preview).rejects.toThrow(`AWS account ID not allowed: ${accounts.customer}`);
});
