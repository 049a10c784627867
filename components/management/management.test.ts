import * as aws from "@pulumi/aws";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { createManagement, type ManagementRoleArgs } from "./aws.ts";
import { renderBoundary } from "./boundary.ts";
import { type ManagementLevel, managementLevels, renderManagementPolicy } from "./levels.ts";

const args: ManagementRoleArgs = {
  account: "222222222222",
  region: "us-east-2",
  cluster: "biplane-main",
  buckets: { metadata: "acme-metadata", fastRegistration: "acme-fast-reg" },
  repository: "union/tasks",
  nodeRoleName: "biplane-main-node",
  trust: {
    principals: ["arn:aws:iam::999999999999:role/biplane-management"],
    externalId: "3f0c2d4e-acme-0001",
  },
  tags: { owner: "us" },
};
const build = (more: Partial<ManagementRoleArgs> = {}) =>
  recordResources(() => createManagement("biplane-main", { model: "byoc", ...args, ...more }));

const policyOf = (level: ManagementLevel) =>
  renderManagementPolicy(level, { ...args, account: "222222222222" }, "arn:aws:iam::222222222222:policy/boundary");
const actionsOf = (level: ManagementLevel) => policyOf(level).Statement.flatMap(({ Action }) => Action);

describe("createManagement", () => {
  it("makes nothing at all for a self-managed plane: no role, no policy, not even a component", async () => {
    const made = await recordResources(() => {
      expect(createManagement("biplane-main", { model: "self-managed" })).toBeUndefined();
    });
    expect(made.all).toEqual([]);
  });

  it("makes one role under its boundary, with one inline policy, by stable names", async () => {
    const made = await build();
    expect(made.all.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`)).toEqual([
      "ManagementRole biplane-main",
      "Policy biplane-main-boundary",
      "Role biplane-main",
      "RolePolicy biplane-main",
    ]);
    expect(made.one("aws:iam/role:Role").inputs).toMatchObject({
      name: "biplane-main-management",
      permissionsBoundary: "arn:aws:iam::111111111111:policy/biplane-main-management-boundary",
      tags: { owner: "us" },
    });
  });

  it("trusts exactly the named principals, with the ExternalId", async () => {
    expect(JSON.parse(String((await build()).one("aws:iam/role:Role").inputs.assumeRolePolicy)).Statement).toEqual([
      {
        Effect: "Allow",
        Principal: { AWS: ["arn:aws:iam::999999999999:role/biplane-management"] },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "sts:ExternalId": "3f0c2d4e-acme-0001" } },
      },
    ]);
  });

  it("shows all of it in a first preview, when the account is not known", async () => {
    const made = await recordResources(
      () => {
        const { arn } = new aws.iam.OpenIdConnectProvider("x", { url: "https://oidc.test", clientIdLists: ["x"] });
        createManagement("biplane-main", { model: "byoc", ...args, account: arn });
      },
      { preview: true },
    );
    expect(made.of("aws:iam/rolePolicy:RolePolicy")).toHaveLength(1);
    expect(made.of("aws:iam/policy:Policy")).toHaveLength(1);
  });

  it.each([
    ["a whole account", { principals: ["arn:aws:iam::999999999999:root"] }, /principals is "arn:.*:root"/],
    ["everybody", { principals: ["*"] }, /principals is "\*"/],
    ["a pattern", { principals: ["arn:aws:iam::999999999999:role/*"] }, /principals/],
    ["nobody", { principals: [] }, /principals is \[\]/],
    ["an ExternalId that can be guessed", { externalId: "acme" }, /externalId is "acme"; allowed: 16 to 1224/],
    [
      "more principals than a trust policy holds",
      { principals: Array.from({ length: 40 }, (_, at) => `arn:aws:iam::999999999999:role/a-long-role-name-${at}`) },
      /principals is 40; .*2048/,
    ],
  ])("refuses %s before anything is made", async (_, trust, message) => {
    await expect(build({ trust: { ...args.trust, ...trust } })).rejects.toThrow(message);
  });
});

describe("the three levels", () => {
  it("each holds the next one whole", () => {
    const [full = [], noDelete = [], readOnly = []] = managementLevels.map(actionsOf);
    expect(readOnly.filter((action) => !noDelete.includes(action))).toEqual([]);
    expect(noDelete.filter((action) => !full.includes(action))).toEqual([]);
    expect(full.length).toBeGreaterThan(noDelete.length);
    expect(noDelete.length).toBeGreaterThan(readOnly.length);
  });

  it("no-delete takes nothing away, read-only changes nothing", () => {
    expect(actionsOf("no-delete").filter((action) => /:(Delete|Terminate|Detach|Disassociate)/.test(action))).toEqual(
      [],
    );
    expect(actionsOf("read-only").filter((action) => !/:(Describe|Get|List)/.test(action))).toEqual([]);
  });

  it("no level names an action on data, on access to the cluster, or on somebody's rights", () => {
    const data =
      /^(secretsmanager|ssm|sts):|^s3:.*Object|^s3:ListBucket|PutBucketPolicy|^kms:(Decrypt|CreateGrant|Put)|^logs:(Get|Filter|Start)/;
    const access = /AccessEntry|AccessPolicy|PodIdentity|UpdateClusterConfig|RunInstances|LaunchTemplate$/;
    const rights = /Boundary|UpdateAssumeRolePolicy|PolicyVersion$|AccessKey|LoginProfile/;
    const changing = actionsOf("full").filter((action) => !/:(Get|List|Describe)/.test(action));
    expect(changing.filter((action) => data.test(action) || access.test(action) || rights.test(action))).toEqual([]);
    expect(actionsOf("full").filter((action) => data.test(action))).toEqual([]);
  });
});

describe("renderBoundary", () => {
  const boundaryArn = "arn:aws:iam::222222222222:policy/boundary";
  const boundaryOf = (level: ManagementLevel) =>
    renderBoundary(level, { ...args, account: "222222222222" }, boundaryArn).Statement.filter(
      ({ Effect }) => Effect === "Allow",
    );

  it.each(managementLevels)("%s: allows nothing by a wildcard but reading", (level) => {
    const wild = boundaryOf(level)
      .flatMap(({ Action }) => Action)
      .filter((action) => action.includes("*"));
    expect(wild.filter((action) => !/^[a-z0-9-]+:(Describe|List)\*$/.test(action))).toEqual([]);
  });

  it.each(managementLevels)(
    "%s: holds the level whole, and role making only with the level's own conditions",
    (level) => {
      const allowed = boundaryOf(level);
      const actions = allowed.flatMap(({ Action }) => Action);
      expect(actionsOf(level).filter((action) => !actions.includes(action))).toEqual([]);
      const onIam = (statements: { Action: readonly string[] }[]) =>
        statements.filter(({ Action }) => /^iam:(?!Get|List)/.test(Action[0] ?? ""));
      expect(onIam(allowed)).toEqual(onIam(policyOf(level).Statement));
      expect(allowed[0]?.Action.toString()).not.toMatch(/iam:(?!Get|List)/);
    },
  );

  it("keeps to IAM's quota with the longest names", () => {
    const names = { cluster: "c".repeat(40), nodeRoleName: "n".repeat(64), account: "222222222222" };
    const longest = renderBoundary("full", { ...args, ...names }, `${boundaryArn}${"b".repeat(64)}`);
    expect(JSON.stringify(longest).length).toBeLessThan(6144);
  });
});
