/** What the components render, judged: the vendor's management role reaches no data and no more rights, at any level. */
import { describe, expect, it } from "vitest";
import { renderAdminPolicy, renderTrust, renderUserPolicy } from "../../../components/identity/aws-policies.ts";
import { renderBoundary } from "../../../components/management/boundary.ts";
import {
  type ManagementLevel,
  managementLevels,
  renderManagementPolicy,
} from "../../../components/management/levels.ts";
import { renderManagementTrust } from "../../../components/management/trust.ts";
import { parsePolicy } from "../iam-policy.ts";
import { type Goal, reach, tell } from "./reach.ts";
import type { Entity, World } from "./world.ts";

const account = "222222222222";
const region = "us-east-2";
const arn = (name: string) => `arn:aws:iam::${account}:${name}`;
const parse = (document: object) => parsePolicy(JSON.stringify(document));
const buckets = { metadata: "acme-metadata", fastRegistration: "acme-fast-reg" };
const scope = { account, region, cluster: "main", buckets, repository: "union/tasks", nodeRoleName: "main-node" };
const provider = arn("oidc-provider/oidc.test");
const vendorArn = "arn:aws:iam::999999999999:role/biplane-management";
const clusterArn = `arn:aws:eks:${region}:${account}:cluster/main`;
const keyArn = `arn:aws:kms:${region}:${account}:key/data`;

const pods = (namespace: string, serviceAccount: string) =>
  parse(renderTrust({ providerArn: provider, issuer: "oidc.test", subjects: [{ namespace, serviceAccount }] }));
const role = (name: string, more: Partial<Entity>): Entity => ({
  arn: arn(`role/${name}`),
  kind: "role",
  inline: [],
  attached: [],
  ...more,
});

const boundaryArn = arn("policy/main-management-boundary");
const boundaryOf = (level: ManagementLevel) => ({
  arn: boundaryArn,
  document: parse(renderBoundary(level, scope, boundaryArn)),
});
const adminPolicy = renderAdminPolicy({
  buckets,
  region,
  account,
  secretPrefix: "biplane/acme",
  logGroup: "/biplane/acme/main",
});

function plane(level: ManagementLevel, more: Partial<World> = {}): World {
  const boundary = boundaryOf(level);
  return {
    account,
    carries: { "sts:externalid": ["0123456789abcdef"] },
    entities: [
      {
        arn: vendorArn,
        kind: "role",
        inline: [{ document: parse({ Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] }) }],
        attached: [],
      },
      role("main-management", {
        trust: parse(renderManagementTrust({ principals: [vendorArn], externalId: "0123456789abcdef" })),
        inline: [{ document: parse(renderManagementPolicy(level, scope, boundary.arn)) }],
        boundary,
      }),
      role("adminflyterole", { trust: pods("union", "executor"), inline: [{ document: parse(adminPolicy) }] }),
      role("userflyterole", {
        trust: pods("demo-development", "default"),
        inline: [{ document: parse(renderUserPolicy({ org: "acme", buckets })) }],
      }),
      role("main-node", {
        trust: parse({
          Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
        }),
      }),
    ],
    policies: [
      boundary,
      {
        arn: "arn:aws:iam::aws:policy/AmazonS3FullAccess",
        document: parse({ Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }] }),
      },
    ],
    resources: [
      {
        arn: keyArn,
        policy: parse({
          Statement: [{ Effect: "Allow", Principal: { AWS: arn("root") }, Action: "kms:*", Resource: "*" }],
        }),
      },
    ],
    clusters: [{ arn: clusterArn, providerArn: provider }],
    accessEntries: [
      { clusterArn, principalArn: arn("role/main-node"), power: "node" },
      { clusterArn, principalArn: arn("role/main-management"), power: "none" },
    ],
    ...more,
  };
}

const goals: [string, Goal][] = [
  [
    "read an object of the metadata bucket",
    { action: "s3:GetObject", resource: "arn:aws:s3:::acme-metadata/acme/demo/development/r/a" },
  ],
  ["write a code bundle", { action: "s3:PutObject", resource: "arn:aws:s3:::acme-fast-reg/acme/x" }],
  [
    "list the keys of a bucket",
    { action: "s3:ListBucket", resource: "arn:aws:s3:::acme-metadata", context: { "s3:prefix": ["acme/"] } },
  ],
  ["open a bucket", { action: "s3:PutBucketPolicy", resource: "arn:aws:s3:::acme-metadata" }],
  [
    "read a secret",
    {
      action: "secretsmanager:GetSecretValue",
      resource: `arn:aws:secretsmanager:${region}:${account}:secret:biplane/acme/x`,
    },
  ],
  [
    "read logs",
    {
      action: "logs:GetLogEvents",
      resource: `arn:aws:logs:${region}:${account}:log-group:/biplane/acme/main:log-stream:x`,
    },
  ],
  [
    "query logs",
    { action: "logs:StartQuery", resource: `arn:aws:logs:${region}:${account}:log-group:/biplane/acme/main:*` },
  ],
  ["decrypt with the data's key", { action: "kms:Decrypt", resource: keyArn }],
  [
    "push a layer",
    { action: "ecr:UploadLayerPart", resource: `arn:aws:ecr:${region}:${account}:repository/union/tasks` },
  ],
  ["push an image", { action: "ecr:PutImage", resource: `arn:aws:ecr:${region}:${account}:repository/union/tasks` }],
  ["become a platform role", { action: "sts:AssumeRole", resource: arn("role/adminflyterole") }],
  [
    "rewrite a platform role",
    { action: "iam:PutRolePolicy", resource: arn("role/adminflyterole"), context: { "iam:permissionsboundary": null } },
  ],
  [
    "rewrite its own policy",
    {
      action: "iam:PutRolePolicy",
      resource: arn("role/main-management"),
      context: { "iam:permissionsboundary": [boundaryArn] },
    },
  ],
  ["rewrite its boundary", { action: "iam:CreatePolicyVersion", resource: boundaryArn }],
  ["lose its boundary", { action: "iam:DeleteRolePermissionsBoundary", resource: arn("role/main-management") }],
  ["make an access entry", { action: "eks:CreateAccessEntry", resource: clusterArn }],
  ["publish the cluster's API", { action: "eks:UpdateClusterConfig", resource: clusterArn }],
];

describe.each(managementLevels)("the management role at level %s", (level) => {
  it.each(goals)("cannot %s, by any way that is known", (_, goal) => {
    for (const principal of [vendorArn, arn("role/main-management")]) {
      const found = reach(plane(level), principal, goal);
      expect(tell(found)).toMatch(/^none, \d+ paths examined$/);
    }
  });
});

describe("the management role", () => {
  const [, object] = goals[0] ?? [];

  it("is really taken by the vendor, and does its work", () => {
    const upgrade = { action: "eks:UpdateClusterVersion", resource: clusterArn };
    expect(reach(plane("full"), vendorArn, upgrade).path).toHaveLength(2);
    expect(reach(plane("read-only"), vendorArn, upgrade).reached).toBe("no");
    const remove = { action: "eks:DeleteNodegroup", resource: `arn:aws:eks:${region}:${account}:nodegroup/main/a/1` };
    expect(reach(plane("full"), vendorArn, remove).reached).toBe("yes");
    expect(reach(plane("no-delete"), vendorArn, remove).reached).toBe("no");
  });

  it("makes a role of its own only under the boundary, and gains nothing by it", () => {
    const made = arn("role/main-managed-x");
    const create = (boundaryArn: string | null): Goal => ({
      action: "iam:CreateRole",
      resource: made,
      context: { "iam:permissionsboundary": boundaryArn === null ? null : [boundaryArn] },
    });
    expect(reach(plane("full"), vendorArn, create(boundaryArn)).reached).toBe("yes");
    expect(reach(plane("full"), vendorArn, create(null)).reached).toBe("no");
    expect(reach(plane("full"), vendorArn, create(arn("policy/other"))).reached).toBe("no");
  });

  it("with power over pods reaches data: the residual that Kubernetes' own rules must narrow, with its witness", () => {
    const accessEntries = [{ clusterArn, principalArn: arn("role/main-management"), power: "pods" as const }];
    const found = object && reach(plane("read-only", { accessEntries }), vendorArn, object);
    expect(found?.path).toEqual([
      `${vendorArn}: sts:AssumeRole ${arn("role/main-management")}`,
      expect.stringContaining(`access entry (pods) of ${clusterArn}, then a pod with the service account of`),
      expect.stringContaining("s3:GetObject"),
    ]);
  });

  it("stays out though a bucket's own policy lets everybody in: what the boundary refuses stays refused", () => {
    const open = parse({ Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:*", Resource: "*" }] });
    const given = plane("full", { resources: [{ arn: "arn:aws:s3:::acme-metadata", policy: open }] });
    expect(object && tell(reach(given, arn("role/main-management"), object))).toMatch(/^none/);
  });

  it("takes no other role though that role's trust lets everybody in", () => {
    const trust = parse({
      Statement: [{ Effect: "Allow", Principal: "*", Action: "sts:AssumeRole" }],
    });
    const given = plane("full");
    const entities = given.entities.map((entity) =>
      entity.arn.endsWith("/adminflyterole") ? { ...entity, trust } : entity,
    );
    expect(object && tell(reach({ ...given, entities }, arn("role/main-management"), object))).toMatch(/^none/);
  });

  it("gains nothing when somebody gives it everything, as long as its boundary stands", () => {
    const all = parse({ Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] });
    const given = rewritten(plane("full"), (own) => ({ ...own, inline: [{ document: all }] }));
    for (const [, goal] of goals) {
      expect(tell(reach(given, arn("role/main-management"), goal))).toMatch(/^none/);
    }
  });

  it.each<[string, (world: World) => World]>([
    [
      "its boundary is taken away and its policy widened",
      (given) =>
        rewritten(given, ({ boundary: _, ...own }) => ({
          ...own,
          inline: [{ document: parse({ Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }] }) }],
        })),
    ],
    [
      "roles may be made without the boundary",
      (given) =>
        rewritten(given, ({ boundary: _, ...own }) => ({
          ...own,
          inline: [
            {
              document: parse({
                Statement: [
                  {
                    Effect: "Allow",
                    Action: ["iam:CreateRole", "iam:PutRolePolicy"],
                    Resource: arn("role/main-managed-*"),
                  },
                ],
              }),
            },
          ],
        })),
    ],
    [
      "a bucket's policy lets its session in",
      (given) => ({
        ...given,
        entities: given.entities.map(({ boundary: _, ...entity }) => entity),
        resources: [
          {
            arn: "arn:aws:s3:::acme-metadata",
            policy: parse({ Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:*", Resource: "*" }] }),
          },
        ],
      }),
    ],
  ])("is caught when %s", (_, sabotage) => {
    expect(object && reach(sabotage(plane("full")), vendorArn, object).reached).toBe("yes");
  });
});

function rewritten(world: World, change: (entity: Entity) => Entity): World {
  return {
    ...world,
    entities: world.entities.map((entity) => (entity.arn.endsWith("/main-management") ? change(entity) : entity)),
  };
}
