import { describe, expect, it } from "vitest";
import { renderAdminPolicy, renderTrust, renderUserPolicy } from "../../../components/identity/aws-policies.ts";
import { type AccountDetails, worldOf } from "./account-details.ts";
import { storesOf, whoCan } from "./who-can.ts";

const account = "222222222222";
const region = "us-east-2";
const buckets = { metadata: "acme-metadata", fastRegistration: "acme-fast-reg" };
const arn = (name: string) => `arn:aws:iam::${account}:${name}`;
const encoded = (document: object) => encodeURIComponent(JSON.stringify(document));
const trust = (namespace: string, serviceAccount: string) =>
  encoded(
    renderTrust({
      providerArn: arn("oidc-provider/oidc.test"),
      issuer: "oidc.test",
      subjects: [{ namespace, serviceAccount }],
    }),
  );
const projectRole = (domain: string) => ({
  Arn: arn(`role/userflyterole-demo-${domain}`),
  AssumeRolePolicyDocument: trust(`demo-${domain}`, "default"),
  RolePolicyList: [
    { PolicyDocument: encoded(renderUserPolicy({ org: "acme", within: { project: "demo", domain }, buckets })) },
  ],
});

const details: AccountDetails = {
  RoleDetailList: [
    {
      Arn: arn("role/adminflyterole"),
      AssumeRolePolicyDocument: trust("union", "executor"),
      RolePolicyList: [
        {
          PolicyDocument: encoded(
            renderAdminPolicy({
              buckets,
              region,
              account,
              secretPrefix: "biplane/acme",
              logGroup: "/biplane/acme/main",
            }),
          ),
        },
      ],
    },
    projectRole("development"),
    projectRole("production"),
  ],
  UserDetailList: [],
  Policies: [],
};
const stores = storesOf({
  region,
  account,
  prefix: "acme/demo/production",
  buckets: Object.values(buckets),
  secretPrefix: "biplane/acme",
  logGroup: "/biplane/acme/main",
  repository: "union/tasks",
});
const rows = (given: AccountDetails) =>
  whoCan(worldOf(account, given), stores).map(
    ({ principal, action, direct }) => `${principal.split("/").at(-1)} ${action}${direct ? "" : " indirectly"}`,
  );

describe("whoCan", () => {
  it("lists exactly the platform's role, and the production project's for its own prefix", () => {
    const objects = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"];
    const both = [...objects, ...objects, "s3:ListBucket", "s3:ListBucket"];
    const admin = [...both, "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "logs:GetLogEvents"];
    expect(rows(details)).toEqual([
      ...admin.map((action) => `adminflyterole ${action}`),
      ...both.map((action) => `userflyterole-demo-production ${action}`),
    ]);
  });

  it("finds a user who could become the platform's role, and says that it is not direct", () => {
    const meddler = {
      Arn: arn("user/meddler"),
      UserPolicyList: [
        {
          PolicyDocument: encoded({
            Statement: [{ Effect: "Allow", Action: "iam:UpdateAssumeRolePolicy", Resource: "*" }],
          }),
        },
      ],
    };
    const found = rows({ ...details, UserDetailList: [meddler] });
    expect(found).toContain("meddler secretsmanager:GetSecretValue indirectly");
  });
});

describe("worldOf", () => {
  it("reads managed policies, boundaries and groups, by their documents in force", () => {
    const version = (Action: string, IsDefaultVersion: boolean) => ({
      Document: encoded({ Statement: [{ Effect: "Allow", Action, Resource: "*" }] }),
      IsDefaultVersion,
    });
    const world = worldOf(account, {
      UserDetailList: [
        {
          Arn: arn("user/u"),
          GroupList: ["g"],
          PermissionsBoundary: { PermissionsBoundaryArn: arn("policy/p") },
        },
      ],
      GroupDetailList: [{ Arn: arn("group/g"), AttachedManagedPolicies: [{ PolicyArn: arn("policy/p") }] }],
      Policies: [{ Arn: arn("policy/p"), PolicyVersionList: [version("s3:*", false), version("ec2:*", true)] }],
    });
    const [user] = world.entities;
    expect(user?.boundary?.document.statements[0]?.actions).toEqual(["ec2:*"]);
    expect(user?.groups).toEqual([arn("group/g")]);
    expect(world.groups?.[0]?.attached[0]?.arn).toBe(arn("policy/p"));
    expect(world.policies?.[0]?.olderVersions).toBe(1);
  });

  it("refuses an account in which a policy is held that was not read", () => {
    const role = { Arn: arn("role/r"), AttachedManagedPolicies: [{ PolicyArn: arn("policy/unread") }] };
    expect(() => worldOf(account, { RoleDetailList: [role] })).toThrow(/policy\/unread is attached, but/);
  });
});
