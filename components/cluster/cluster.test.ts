import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { Cluster } from "./aws.ts";

const build = (dataProtection: boolean) =>
  recordResources(
    () =>
      new Cluster("customer-acme", {
        region: "us-east-2",
        account: "111111111111",
        subnetIds: ["private-a", "private-b"],
        dataProtection,
        tags: { owner: "us" },
      }),
  );

describe("Cluster", () => {
  it("has no public API, keeps Secrets under its own key and every log", async () => {
    const { inputs } = (await build(true)).one("aws:eks/cluster:Cluster");
    expect(inputs).toMatchObject({
      deletionProtection: true,
      vpcConfig: { endpointPrivateAccess: true, endpointPublicAccess: false, subnetIds: ["private-a", "private-b"] },
      encryptionConfig: {
        resources: ["secrets"],
        provider: { keyArn: "arn:aws:kms:us-east-2:111111111111:key/customer-acme-secrets" },
      },
      enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
      tags: { owner: "us" },
    });
  });

  it("accepts pods' tokens for STS only, from its own issuer", async () => {
    const { inputs } = (await build(false)).one("aws:iam/openIdConnectProvider:OpenIdConnectProvider");
    expect(inputs).toMatchObject({ url: "https://oidc.test", clientIdLists: ["sts.amazonaws.com"] });
  });

  it("gives EKS its own role, which only EKS can take", async () => {
    const { inputs } = (await build(false)).one("aws:iam/role:Role");
    expect(inputs.name).toBe("customer-acme-cluster");
    expect(JSON.parse(String(inputs.assumeRolePolicy)).Statement).toEqual([
      { Effect: "Allow", Principal: { Service: "eks.amazonaws.com" }, Action: "sts:AssumeRole" },
    ]);
  });
});
