/** Identities and the management role on the real engine and an account of the test's own; no planes needed. */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PlatformRoles } from "../../../components/identity/aws.ts";
import type { Isolation } from "../../../components/identity/contract.ts";
import { NarrowRole } from "../../../components/identity/narrow-role.ts";
import { createManagement } from "../../../components/management/aws.ts";
import type { ManagementLevel } from "../../../components/management/levels.ts";
import { destroyStack, previewStack, refreshStack, type StackRun, upStack } from "../../engine/index.ts";
import { type Emulated, startEmulated } from "../../engine/testing/emulated.ts";
import { accounts, awsRegion as region } from "../../hosts.ts";

let world: Emulated;
beforeAll(async () => {
  world = await startEmulated();
});
afterAll(() => world?.close());

interface Shape {
  model?: "byoc" | "self-managed";
  isolation?: Isolation;
  level?: ManagementLevel;
}

function stack({ model = "byoc", isolation = "project", level = "full" }: Shape = {}): StackRun {
  const program = async () => {
    const opts = { providers: [new aws.Provider("aws", { region })] };
    const buckets = { metadata: "acme-metadata", fastRegistration: "acme-fast-reg" };
    const tags = { owner: "us" };
    const provider = new aws.iam.OpenIdConnectProvider(
      "pods",
      { url: "https://oidc.test/id/1", clientIdLists: ["sts.amazonaws.com"] },
      { provider: opts.providers[0] },
    );
    const issuer = { providerArn: provider.arn, issuer: pulumi.output("oidc.test/id/1") };
    const shared = { region, account: accounts.customer, tags };
    const projects = ["development", "production"].map((domain) => ({
      project: "demo",
      domain,
      namespace: `demo-${domain}`,
    }));
    const names = { org: "acme", clusterName: "main", namespace: "union" };
    const roles = new PlatformRoles("acme", { ...shared, ...names, issuer, projects, buckets, isolation }, opts);
    const node = new NarrowRole("acme-node", { ...shared, kind: "node", cluster: "acme-main" }, opts);
    new NarrowRole("acme-vpc-cni", { ...shared, kind: "vpc-cni", cluster: "acme-main", issuer }, opts);
    new NarrowRole("acme-flow-logs", { ...shared, kind: "flow-logs", cluster: "acme-main", logGroup: "/x" }, opts);
    new aws.iam.InstanceProfile(
      "node",
      { name: "acme-main-node", role: node.roleName, tags },
      { provider: opts.providers[0] },
    );
    const trust = {
      principals: ["arn:aws:iam::999999999999:role/biplane-management"],
      externalId: "0123456789abcdef",
    };
    const scope = { cluster: "acme-main", buckets, repository: "union/tasks", nodeRoleName: "acme-main-node" };
    const management = createManagement(
      "acme-main",
      model === "byoc" ? { model, ...shared, ...scope, trust, level } : { model },
      opts,
    );
    return { admin: roles.adminRoleArn, ...(management ? { management: management.arn } : {}) };
  };
  return {
    stack: "identity",
    program,
    config: {},
    secrets: {},
    account: "customer",
    plane: "customer",
    providers: world.providers,
  };
}

const roleNames = async () =>
  ((await (await world.cloud.iam()).listRoles({})).Roles ?? []).map(({ RoleName = "" }) => RoleName).sort();
const policyNames = async () =>
  ((await (await world.cloud.iam()).listPolicies({ Scope: "Local" })).Policies ?? []).map(
    ({ PolicyName }) => PolicyName,
  );

test("every role comes up, a second up and a refresh change nothing", async () => {
  const { outputs } = await upStack(world.sandbox, stack());
  expect(outputs.management).toBe(`arn:aws:iam::${accounts.customer}:role/acme-main-management`);
  expect(await roleNames()).toEqual([
    "acme-main-flow-logs",
    "acme-main-management",
    "acme-main-node",
    "acme-main-vpc-cni",
    "adminflyterole",
    "userflyterole",
    "userflyterole-demo-development",
    "userflyterole-demo-production",
  ]);
  const iam = await world.cloud.iam();
  const { Role } = await iam.getRole({ RoleName: "acme-main-management" });
  expect(Role?.PermissionsBoundary?.PermissionsBoundaryArn).toMatch(/:policy\/acme-main-management-boundary$/);
  const profile = await iam.getInstanceProfile({ InstanceProfileName: "acme-main-node" });
  expect(profile.InstanceProfile?.Roles?.map(({ RoleName }) => RoleName)).toEqual(["acme-main-node"]);

  const again = await upStack(world.sandbox, stack());
  expect(Object.keys(again.changes)).toEqual(["same"]);
  expect(Object.keys((await refreshStack(world.sandbox, stack())).changes)).toEqual(["same"]);
});

test("another level of the management role is one change, made in place", async () => {
  const next = stack({ level: "read-only" });
  expect((await previewStack(world.sandbox, next)).changes).toMatchObject({ update: 3 });
  await upStack(world.sandbox, next);
  const { PolicyDocument = "" } = await (await world.cloud.iam()).getRolePolicy({
    RoleName: "acme-main-management",
    PolicyName: "acme-main-management",
  });
  expect(decodeURIComponent(PolicyDocument)).not.toContain("iam:CreateRole");
});

test("a boundary that somebody took away is seen by a refresh, and put back", async () => {
  const iam = await world.cloud.iam();
  await iam.deleteRolePermissionsBoundary({ RoleName: "acme-main-management" });
  const run = stack({ level: "read-only" });
  expect((await refreshStack(world.sandbox, run)).changes).toMatchObject({ update: 1 });
  await upStack(world.sandbox, run);
  expect((await iam.getRole({ RoleName: "acme-main-management" })).Role?.PermissionsBoundary).toBeDefined();
});

test("self-managed leaves no role, no policy and no principal of the vendor's in the account", async () => {
  await upStack(world.sandbox, stack({ model: "self-managed", isolation: "shared" }));
  expect(await roleNames()).not.toContain("acme-main-management");
  expect(await policyNames()).toEqual([]);
  const { Roles = [] } = await (await world.cloud.iam()).listRoles({});
  expect(Roles.filter((role) => role.AssumeRolePolicyDocument?.includes("999999999999"))).toEqual([]);
});

test("destroy leaves nothing", async () => {
  await destroyStack(world.sandbox, stack());
  expect(await roleNames()).toEqual([]);
  expect(await policyNames()).toEqual([]);
});
