import { describe, expect, it } from "vitest";
import { renderAdminPolicy, renderNoTrust, renderSessionTrust, renderTrust, renderUserPolicy } from "./aws-policies.ts";

const buckets = { metadata: "acme-metadata", fastRegistration: "acme-fast-reg" };
const admin = renderAdminPolicy({
  buckets,
  region: "us-east-2",
  account: "222222222222",
  secretPrefix: "union/acme",
  logGroup: "/biplane/acme/main",
});
const user = renderUserPolicy({ org: "acme", buckets });

const actions = (policy: typeof admin | typeof user) => policy.Statement.flatMap(({ Action }) => Action);
const families = (policy: typeof admin | typeof user) => [
  ...new Set(actions(policy).map((action) => action.split(":")[0])),
];

describe("renderTrust", () => {
  const trust = renderTrust({
    providerArn: "arn:aws:iam::222222222222:oidc-provider/oidc.test",
    issuer: "oidc.test",
    subjects: [
      { namespace: "union", serviceAccount: "executor" },
      { namespace: "union", serviceAccount: "proxy-system" },
    ],
  });

  it("names each service account and the audience, by equality, and nobody else", () => {
    expect(trust.Statement).toEqual([
      {
        Effect: "Allow",
        Principal: { Federated: "arn:aws:iam::222222222222:oidc-provider/oidc.test" },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            "oidc.test:aud": "sts.amazonaws.com",
            "oidc.test:sub": ["system:serviceaccount:union:executor", "system:serviceaccount:union:proxy-system"],
          },
        },
      },
    ]);
  });
});

describe("renderSessionTrust", () => {
  it("binds each account to the one name of its session, in a statement of its own", () => {
    const subjects = ["executor", "proxy-system"].map((serviceAccount) => ({ namespace: "union", serviceAccount }));
    const trust = renderSessionTrust({ providerArn: "arn:provider", issuer: "oidc.test", subjects });
    expect(trust.Statement).toEqual(
      subjects.map(({ serviceAccount }) => ({
        Effect: "Allow",
        Principal: { Federated: "arn:provider" },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            "oidc.test:aud": "sts.amazonaws.com",
            "oidc.test:sub": `system:serviceaccount:union:${serviceAccount}`,
            "sts:RoleSessionName": serviceAccount,
          },
        },
      })),
    );
  });
});

describe("renderUserPolicy", () => {
  it("gives object storage only", () => {
    expect(families(user)).toEqual(["s3"]);
  });

  it("reaches objects of its own organisation only, and lists only these", () => {
    expect(user.Statement[0]?.Resource).toEqual([
      "arn:aws:s3:::acme-metadata/acme/*",
      "arn:aws:s3:::acme-fast-reg/acme/*",
    ]);
    expect(user.Statement[1]).toMatchObject({
      Action: ["s3:ListBucket"],
      Resource: ["arn:aws:s3:::acme-metadata", "arn:aws:s3:::acme-fast-reg"],
      Condition: { StringLike: { "s3:prefix": ["acme/*"] } },
    });
  });
});

describe("renderUserPolicy within one project and domain", () => {
  const own = renderUserPolicy({ org: "acme", within: { project: "demo", domain: "production" }, buckets });

  it("reaches that prefix of both buckets, and lists only it", () => {
    expect(own.Statement[0]?.Resource).toEqual([
      "arn:aws:s3:::acme-metadata/acme/demo/production/*",
      "arn:aws:s3:::acme-fast-reg/acme/demo/production/*",
    ]);
    expect(own.Statement[1]?.Condition).toEqual({ StringLike: { "s3:prefix": ["acme/demo/production/*"] } });
  });

  it("differs from the shared one in nothing else", () => {
    expect(JSON.stringify(own).replaceAll("acme/demo/production/", "acme/")).toBe(JSON.stringify(user));
  });
});

describe("renderNoTrust", () => {
  it("allows nobody at all", () => {
    expect(renderNoTrust("arn:provider").Statement.map(({ Effect }) => Effect)).toEqual(["Deny"]);
  });
});

describe("renderAdminPolicy", () => {
  it("gives the three documented families", () => {
    expect(families(admin)).toEqual(["s3", "secretsmanager", "logs"]);
  });

  it("reaches no secret outside the plane's prefix, and only reads logs", () => {
    expect(admin.Statement.find(({ Sid }) => Sid === "Secrets")?.Resource).toEqual([
      "arn:aws:secretsmanager:us-east-2:222222222222:secret:union/acme/*",
    ]);
    const logs = actions(admin).filter((action) => action.startsWith("logs:"));
    expect(logs.every((action) => /^logs:(Describe|Filter|Get)/.test(action))).toBe(true);
  });
});

describe("the admin's rights", () => {
  const rightsOf = (session: string) =>
    admin.Statement.filter(({ Condition }) => Condition.StringLike["aws:userid"].includes(`*:${session}`)).flatMap(
      ({ Action }) => Action,
    );

  it("are each one service's, told by its session's name, and nobody's who has the role alone", () => {
    expect(admin.Statement.flatMap(({ Condition }) => Condition.StringLike["aws:userid"]).sort()).toEqual(
      ["executor", "executor", "log-provider", "proxy-system", "proxy-system", "proxy-system", "secrets"].map(
        (session) => `*:${session}`,
      ),
    );
  });

  it("let the executor read, the object store read and write, and the others touch no object", () => {
    expect(rightsOf("executor")).toEqual(["s3:GetObject", "s3:ListBucket"]);
    expect(rightsOf("proxy-system")).toEqual(expect.arrayContaining(["s3:GetObject", "s3:PutObject", "s3:ListBucket"]));
    expect(rightsOf("log-provider").every((action) => action.startsWith("logs:"))).toBe(true);
    expect(rightsOf("secrets").every((action) => action.startsWith("secretsmanager:"))).toBe(true);
  });
});

describe("both policies", () => {
  it.each([
    ["admin", admin],
    ["user", user],
  ])("%s: no wildcard action, no wildcard resource", (_, policy) => {
    expect(actions(policy).filter((action) => action.includes("*"))).toEqual([]);
    expect(policy.Statement.flatMap(({ Resource }) => Resource)).not.toContain("*");
  });
});
