import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { PlatformRoles } from "./aws.ts";

const build = (names?: { admin: string; user: string }) =>
  recordResources(
    () =>
      new PlatformRoles("acme", {
        names,
        org: "acme",
        clusterName: "main",
        region: "us-east-2",
        account: "222222222222",
        issuer: {
          providerArn: pulumi.output("arn:aws:iam::222222222222:oidc-provider/oidc.test"),
          issuer: pulumi.output("oidc.test"),
        },
        namespace: "union",
        projectNamespaces: ["demo-development", "demo-production"],
        buckets: { metadata: "acme-metadata", fastRegistration: "acme-fast-reg" },
        tags: { owner: "us" },
      }),
  );

const roleType = "aws:iam/role:Role";
const subjects = (inputs: Record<string, unknown>) =>
  JSON.parse(String(inputs.assumeRolePolicy)).Statement[0].Condition.StringEquals["oidc.test:sub"];

describe("PlatformRoles", () => {
  it("makes two roles under their documented names, each with one inline policy and none attached", async () => {
    const made = await build();
    expect(made.of(roleType).map(({ inputs }) => inputs.name)).toEqual(["adminflyterole", "userflyterole"]);
    expect(made.of("aws:iam/rolePolicy:RolePolicy").map(({ inputs }) => [inputs.role, inputs.name])).toEqual([
      ["adminflyterole", "adminflyterole"],
      ["userflyterole", "userflyterole"],
    ]);
    expect(made.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")).toEqual([]);
  });

  it("lets the three platform accounts take the admin role", async () => {
    expect(subjects((await build()).one(roleType, "acme-admin").inputs)).toEqual([
      "system:serviceaccount:union:executor",
      "system:serviceaccount:union:proxy-system",
      "system:serviceaccount:union:log-provider",
    ]);
  });

  it("lets only the projects' default accounts take the user role", async () => {
    expect(subjects((await build()).one(roleType, "acme-user").inputs)).toEqual([
      "system:serviceaccount:demo-development:default",
      "system:serviceaccount:demo-production:default",
    ]);
  });

  it("puts each policy on its own role", async () => {
    const made = await build();
    const policy = (name: string) => String(made.one("aws:iam/rolePolicy:RolePolicy", name).inputs.policy);
    expect(policy("acme-admin")).toContain("secretsmanager:GetSecretValue");
    expect(policy("acme-user")).not.toContain("secretsmanager");
  });

  it("takes other names for the roles, and refuses one that IAM would refuse", async () => {
    const made = await build({ admin: "acme-admin-role", user: "acme-user-role" });
    expect(made.of(roleType).map(({ inputs }) => inputs.name)).toEqual(["acme-admin-role", "acme-user-role"]);
    await expect(build({ admin: "not a role", user: "x" })).rejects.toThrow(/the role name is "not a role"/);
  });
});
