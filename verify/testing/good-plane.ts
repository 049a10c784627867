/** A small plane on which every check passes: what the tests break. */
import type { Collected, FactName, Facts } from "../facts.ts";
import { parsePolicy } from "../reason/iam-policy.ts";
import { type Target, type Targets, targetSchema } from "../target.ts";
import { goodAccount, goodPrincipals, keyArn } from "./good-account.ts";
import { account, goodCluster, registry, releasedDigest, roleArn } from "./good-cluster.ts";
import { goodControlPlane, goodRegionFacts } from "./good-region.ts";

const issuer = "https://oidc.example.test";
const provider = `arn:aws:iam::${account}:oidc-provider/oidc.example.test`;

export const goodTarget: Target = targetSchema.parse({
  org: "acme",
  model: "self-managed",
  cloud: "aws",
  account,
  region: "us-east-2",
  clusterName: "acme-local",
  projects: [{ project: "demo", domain: "development" }],
  buckets: { metadata: "acme-metadata", fastRegistration: "acme-fast-reg" },
  repository: "acme/images",
  registryHosts: [registry],
  releasedDigests: [releasedDigest],
  kubeconfig: "/nowhere",
  aws: { profile: "none" },
});

export const goodTargets: Targets = { customer: goodTarget, controlPlane: goodControlPlane };

export function goodFacts(): Facts {
  const iam = goodIam();
  return {
    ...goodRegionFacts(),
    ...goodCluster(),
    scanned: [{ kind: "Secret", namespace: "union", name: "identity", keys: ["tls.key"], suspicious: [] }],
    ...goodAccount(),
    iam,
    principals: goodPrincipals(iam),
    buckets: ["acme-metadata", "acme-fast-reg"].map((name) => ({
      name,
      region: "us-east-2",
      encryption: "AES256",
      publicAccessBlocked: true,
      versioning: "Enabled",
      policy: tlsOnly(name),
      corsOrigins: [],
      corsMethods: [],
      replicationTargets: [],
      keys: ["acme/demo/development/r1/a0/1/outputs.pb"],
    })),
    repositories: [
      {
        name: "acme/images",
        arn: `arn:aws:ecr:us-east-2:${account}:repository/acme/images`,
        encryption: "AES256",
        scanOnPush: true,
        immutableTags: true,
      },
    ],
    cluster: {
      name: "acme-local",
      arn: `arn:aws:eks:us-east-2:${account}:cluster/acme-local`,
      issuer,
      publicEndpoint: false,
      privateEndpoint: true,
      logTypes: ["audit"],
      encryptedResources: ["secrets"],
      secretsKeyArn: keyArn,
      vpcId: "vpc-1",
      groupIds: ["sg-cluster"],
    },
  };
}

function goodIam(): Facts["iam"] {
  return {
    account,
    users: [],
    oidcProviders: [{ arn: provider, url: "oidc.example.test", clientIds: ["sts.amazonaws.com"] }],
    roles: [
      role(
        "adminflyterole",
        ["executor", "proxy-system", "log-provider"].map((name) => `union:${name}`),
        [
          ["s3:GetObject", ["arn:aws:s3:::acme-metadata/*"]],
          ["secretsmanager:GetSecretValue", [`arn:aws:secretsmanager:us-east-2:${account}:secret:acme/*`]],
          ["logs:GetLogEvents", [`arn:aws:logs:us-east-2:${account}:log-group:/biplane/acme/*`]],
        ],
      ),
      role("userflyterole", ["demo-development:default"], [["s3:GetObject", ["arn:aws:s3:::acme-metadata/acme/*"]]]),
    ],
  };
}

/** Every fact as read. */
export function collectedFrom(facts: Facts): Collected {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, { read: true, value, request: `read ${name}` }]),
  ) as Collected;
}

export const factNames = Object.keys(goodFacts()) as FactName[];

function role(name: string, subjects: string[], grants: [action: string, resources: string[]][]) {
  const host = issuer.replace("https://", "");
  const condition = {
    [`${host}:aud`]: "sts.amazonaws.com",
    [`${host}:sub`]: subjects.map((s) => `system:serviceaccount:${s}`),
  };
  const trust = {
    Effect: "Allow",
    Principal: { Federated: provider },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: { StringEquals: condition },
  };
  const statements = grants.map(([Action, Resource]) => ({ Effect: "Allow", Action, Resource }));
  return {
    name,
    arn: roleArn(name),
    trust: parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: [trust] })),
    inline: [{ name: "own", document: parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements })) }],
    attached: [],
  };
}

function tlsOnly(bucket: string) {
  const Resource = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
  const Condition = { Bool: { "aws:SecureTransport": "false" } };
  return parsePolicy(
    JSON.stringify({
      Version: "2012-10-17",
      Statement: { Effect: "Deny", Principal: "*", Action: "s3:*", Resource, Condition },
    }),
  );
}
