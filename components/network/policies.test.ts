import { describe, expect, it } from "vitest";
import { renderEndpointPolicy } from "./endpoint-policies.ts";
import { clusterEndpoints } from "./endpoints.ts";

const at = { account: "111111111111", region: "us-east-2" };

describe("renderEndpointPolicy", () => {
  const statements = (service: string) => renderEndpointPolicy(service, at)?.Statement ?? [];

  it.each(["s3", "sts", "ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager"])(
    "lets %s serve nobody without naming whose principals, whose roles or which objects",
    (service) => {
      expect(statements(service).length).toBeGreaterThan(0);
      for (const statement of statements(service)) {
        const narrowed = "Condition" in statement || Array.isArray(statement.Resource);
        expect(narrowed, statement.Sid).toBe(true);
      }
    },
  );

  it.each(["kms", "logs", "secretsmanager"])("keeps %s inside the account on both ends", (service) => {
    expect(statements(service)).toEqual([
      expect.objectContaining({
        Condition: {
          StringEquals: { "aws:PrincipalAccount": at.account, "aws:ResourceAccount": at.account },
        },
      }),
    ]);
  });

  it("lets a pod trade its token, for roles of this account only", () => {
    expect(statements("sts")).toContainEqual(
      expect.objectContaining({
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: { "aws:ResourceAccount": at.account } },
      }),
    );
  });

  it("lets nodes read the layers that ECR keeps in its own bucket, and write nothing there", () => {
    const owned = statements("s3").find(({ Sid }) => Sid === "AwsOwnedObjects");
    expect(owned?.Action).toBe("s3:GetObject");
    expect(owned?.Resource).toContain("arn:aws:s3:::prod-us-east-2-starport-layer-bucket/*");
  });

  it("stays within what an endpoint policy may be: 20,480 characters", () => {
    for (const service of ["s3", ...clusterEndpoints]) {
      expect(JSON.stringify(renderEndpointPolicy(service, at) ?? {}).length).toBeLessThan(20_480);
    }
  });
});
