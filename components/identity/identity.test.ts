import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { secretPrefix } from "../secrets/names.ts";
import { recordResources } from "../testing/record-resources.ts";
import { PlatformRoles, type PlatformRolesArgs } from "./aws.ts";
import type { ProjectSpace } from "./contract.ts";

const spaces = (count: number): ProjectSpace[] =>
  Array.from({ length: count }, (_, at) => {
    const project = `project-${String(at).padStart(3, "0")}`;
    return { project, domain: "development", namespace: `${project}-development` };
  });
const two = ["development", "production"].map((domain) => ({ project: "demo", domain, namespace: `demo-${domain}` }));

const args = {
  org: "acme",
  clusterName: "main",
  region: "us-east-2",
  account: "222222222222",
  issuer: {
    providerArn: pulumi.output("arn:aws:iam::222222222222:oidc-provider/oidc.test"),
    issuer: pulumi.output("oidc.test"),
  },
  namespace: "union",
  projects: two,
  buckets: { metadata: "acme-metadata", fastRegistration: "acme-fast-reg" },
  tags: { owner: "us" },
};

const build = (more: Partial<PlatformRolesArgs> = {}) =>
  recordResources(() => new PlatformRoles("acme", { ...args, ...more }));

const roleType = "aws:iam/role:Role";
const sessions = (inputs: Record<string, unknown>) =>
  JSON.parse(String(inputs.assumeRolePolicy)).Statement.map(
    ({ Condition: { StringEquals: equal } }: { Condition: { StringEquals: Record<string, string> } }) =>
      `${equal["oidc.test:sub"]} as ${equal["sts:RoleSessionName"]}`,
  );
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

  it("opens to the admin role the place where users' secrets lie, and no other", async () => {
    const { inputs } = (await build()).one("aws:iam/rolePolicy:RolePolicy", "acme-admin");
    const statements: { Sid: string; Resource: string[] }[] = JSON.parse(String(inputs.policy)).Statement;
    const { Resource = [] } = statements.find(({ Sid }) => Sid === "Secrets") ?? {};
    expect(Resource.map((arn) => arn.split(":secret:")[1])).toEqual([`${secretPrefix("acme")}*`]);
  });

  it("lets the three platform accounts take the admin role, each in a session of its own name", async () => {
    const three = [
      "system:serviceaccount:union:executor as executor",
      "system:serviceaccount:union:proxy-system as proxy-system",
      "system:serviceaccount:union:log-provider as log-provider",
    ];
    expect(sessions((await build()).one(roleType, "acme-admin").inputs)).toEqual(three);
    expect(sessions((await build({ secretsInCloud: true })).one(roleType, "acme-admin").inputs)).toEqual([
      ...three,
      "system:serviceaccount:union:secrets as secrets",
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
    const made = await build({ names: { admin: "acme-admin-role", user: "acme-user-role" } });
    expect(made.of(roleType).map(({ inputs }) => inputs.name)).toEqual(["acme-admin-role", "acme-user-role"]);
    await expect(build({ names: { admin: "not a role", user: "x" } })).rejects.toThrow(/the role name is "not a role"/);
  });

  it("keeps the logical names that deployed stacks already have", async () => {
    const made = await build();
    expect(made.all.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`)).toEqual([
      "PlatformRoles acme",
      "Role acme-admin",
      "Role acme-user",
      "RolePolicy acme-admin",
      "RolePolicy acme-user",
    ]);
  });

  it("shows every role in a first preview, when neither account nor issuer is known", async () => {
    const made = await recordResources(
      () => {
        const provider = new aws.iam.OpenIdConnectProvider("pods", { url: "https://oidc.test", clientIdLists: ["x"] });
        const issuer = { providerArn: provider.arn, issuer: provider.arn };
        return new PlatformRoles("acme", { ...args, isolation: "project", account: provider.arn, issuer });
      },
      { preview: true },
    );
    expect(made.of(roleType)).toHaveLength(4);
    expect(made.of("aws:iam/rolePolicy:RolePolicy")).toHaveLength(4);
  });
});

describe("PlatformRoles with isolation project", () => {
  it("makes one role for each project and domain, for its own namespace's pods and its own prefix only", async () => {
    const made = await build({ isolation: "project" });
    const role = made.one(roleType, "acme-user-demo-production");
    expect(role.inputs.name).toBe("userflyterole-demo-production");
    expect(subjects(role.inputs)).toEqual(["system:serviceaccount:demo-production:default"]);
    const policy = String(made.one("aws:iam/rolePolicy:RolePolicy", "acme-user-demo-production").inputs.policy);
    expect(policy).toContain("arn:aws:s3:::acme-metadata/acme/demo/production/*");
    expect(policy).not.toContain("development");
  });

  it("keeps the documented user role, and lets nobody take it", async () => {
    const trust = JSON.parse(
      String((await build({ isolation: "project" })).one(roleType, "acme-user").inputs.assumeRolePolicy),
    );
    expect(trust.Statement.map(({ Effect }: { Effect: string }) => Effect)).toEqual(["Deny"]);
  });

  it("answers each namespace's own role, and the shared one without isolation", async () => {
    const arnOf = async (isolation: "shared" | "project") => {
      const seen: string[] = [];
      await recordResources(() => {
        new PlatformRoles("acme", { ...args, isolation }).roleArnOf("demo-production").apply((arn) => seen.push(arn));
      });
      return seen[0];
    };
    expect(await arnOf("project")).toBe("arn:aws:iam::111111111111:role/userflyterole-demo-production");
    expect(await arnOf("shared")).toBe("arn:aws:iam::111111111111:role/userflyterole");
  });

  it.each([1, 10, 64])("makes two resources for each of %i project-domains, and four beside them", async (count) => {
    const made = await build({ isolation: "project", projects: spaces(count) });
    expect(made.of(roleType)).toHaveLength(2 + count);
    expect(made.of("aws:iam/rolePolicy:RolePolicy")).toHaveLength(2 + count);
  });
});

describe("PlatformRoles with one role for all", () => {
  it("takes 64 namespaces where the account's quota was raised, and refuses the 65th before anything is made", async () => {
    const made = await build({ projects: spaces(64), trustQuota: 4096 });
    expect(subjects(made.one(roleType, "acme-user").inputs)).toHaveLength(64);
    await expect(build({ projects: spaces(65), trustQuota: 4096 })).rejects.toThrow(
      /^biplane:projects is 65; allowed: up to 64 .*Set biplane:isolation to project/,
    );
  });
});
