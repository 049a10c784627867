import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { createSecretsKey, planAwsSecrets } from "./aws.ts";
import { checkSecretBackend, defaultSecretBackend } from "./backends.ts";
import { secretPrefix, userSecretShards } from "./names.ts";
import { renderSecretPolicy } from "./policy.ts";

const admin = "arn:aws:iam::111111111111:role/adminflyterole";

describe("names of secrets", () => {
  it("begin with the organisation's own prefix", () => {
    expect(secretPrefix("acme")).toBe("union/acme/");
  });

  it("are kept in the same few places for ever", () => {
    expect(userSecretShards).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((at) => `user-secrets-${at}`));
  });
});

describe("the backend", () => {
  it("is Kubernetes by default where the customer runs the plane, else the cloud's own", () => {
    expect(defaultSecretBackend("self-managed")).toBe("kubernetes");
    expect(defaultSecretBackend("byoc")).toBe("aws-secrets-manager");
  });

  it("refuses a key that would seal nothing", () => {
    expect(() => checkSecretBackend("kubernetes", "arn:key")).toThrow(/none with the backend kubernetes/);
    expect(() => checkSecretBackend("kubernetes", undefined)).not.toThrow();
    expect(() => checkSecretBackend("aws-secrets-manager", "arn:key")).not.toThrow();
  });
});

describe("AWS Secrets Manager", () => {
  it("tells the service prefix, key and policy, and no value", async () => {
    const settings = planAwsSecrets({ org: "acme", adminRoleArn: admin, key: { arn: pulumi.output("arn:key") } });
    expect(await new Promise((resolve) => pulumi.output(settings).apply(resolve))).toEqual({
      backend: "aws-secrets-manager",
      prefix: "union/acme/",
      keyArn: "arn:key",
      resourcePolicy: JSON.stringify(renderSecretPolicy(admin)),
    });
  });

  it("shuts everybody but the admin role out of the values, and out of the policy that does so", () => {
    for (const { Effect, Principal, Condition } of renderSecretPolicy(admin).Statement) {
      expect({ Effect, Principal, Condition }).toEqual({
        Effect: "Deny",
        Principal: "*",
        Condition: { ArnNotEquals: { "aws:PrincipalArn": admin } },
      });
    }
    const actions = renderSecretPolicy(admin).Statement.flatMap(({ Action }) => Action);
    expect(actions).toEqual(
      expect.arrayContaining(["secretsmanager:GetSecretValue", "secretsmanager:PutResourcePolicy"]),
    );
  });

  it("seals under a key that the admin role alone uses, through Secrets Manager", async () => {
    const made = await recordResources(() =>
      createSecretsKey("acme-secrets", {
        account: "111111111111",
        region: "us-east-2",
        adminRoleArn: admin,
        dataProtection: true,
        tags: {},
      }),
    );
    const { Statement } = JSON.parse(String(made.one("aws:kms/key:Key").inputs.policy));
    const using = Statement.filter(({ Action }: { Action: string[] }) => Action.includes("kms:Decrypt"));
    expect(using).toMatchObject([
      {
        Principal: { AWS: [admin] },
        Condition: { StringEquals: { "kms:ViaService": "secretsmanager.us-east-2.amazonaws.com" } },
      },
    ]);
  });
});
