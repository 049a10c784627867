import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { NarrowRole, type NarrowRoleArgs } from "./narrow-role.ts";

const args: NarrowRoleArgs = {
  kind: "node",
  region: "us-east-2",
  account: "222222222222",
  cluster: "biplane-main",
  issuer: { providerArn: pulumi.output("arn:provider"), issuer: pulumi.output("oidc.test") },
  tags: { owner: "us" },
};
const build = (more: Partial<NarrowRoleArgs>) =>
  recordResources(() => new NarrowRole("biplane-main-node", { ...args, ...more }));
const summary = (made: Awaited<ReturnType<typeof build>>) =>
  made.all.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`);

describe("NarrowRole", () => {
  it("attaches AWS's own policies, by stable names", async () => {
    const made = await build({});
    expect(summary(made).sort()).toEqual([
      "NarrowRole biplane-main-node",
      "Role biplane-main-node",
      "RolePolicyAttachment biplane-main-node-AmazonEC2ContainerRegistryPullOnly",
      "RolePolicyAttachment biplane-main-node-AmazonEKSWorkerNodePolicy",
    ]);
    expect(made.one("aws:iam/role:Role").inputs).toMatchObject({ name: "biplane-main-node", tags: { owner: "us" } });
  });

  it("writes the table's document as the one inline policy", async () => {
    const made = await build({ kind: "flow-logs", logGroup: "/aws/vpc/x" });
    const { inputs } = made.one("aws:iam/rolePolicy:RolePolicy");
    expect(inputs).toMatchObject({ name: "flow-logs", role: "biplane-main-flow-logs" });
    expect(String(inputs.policy)).toContain("log-group:/aws/vpc/x:*");
    expect(made.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")).toEqual([]);
  });

  it("shows everything in a first preview, when account and issuer are unknown", async () => {
    const made = await recordResources(
      () => {
        const { arn } = new aws.iam.OpenIdConnectProvider("pods", { url: "https://oidc.test", clientIdLists: ["x"] });
        const issuer = { providerArn: arn, issuer: arn };
        return new NarrowRole("n", { ...args, kind: "log-shipper", logGroup: "g", account: arn, issuer });
      },
      { preview: true },
    );
    expect(summary(made)).toContain("RolePolicy n");
  });

  it("refuses before anything is made what the table's documents lack", async () => {
    await expect(build({ kind: "vpc-cni", issuer: undefined })).rejects.toThrow(/issuer of the vpc-cni role/);
    await expect(build({ kind: "image-builder" })).rejects.toThrow(/repository of the image-builder role/);
  });

  it("is used by nobody before its policies are on it", async () => {
    const attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment";
    const profile = "aws:iam/instanceProfile:InstanceProfile";
    const made = await recordResources(
      () => {
        const { roleName } = new NarrowRole("n", args);
        new aws.iam.InstanceProfile("n", { role: roleName });
      },
      { slow: [attachment] },
    );
    const lastAttached = Math.max(...made.of(attachment).map(({ ended }) => ended));
    expect(made.one(profile).begun).toBeGreaterThan(lastAttached);
  });
});
