/** A small plane on which every check passes: what the tests break. */
import type { V1Pod, V1PodSpec } from "@kubernetes/client-node";
import type { Collected, FactName, Facts } from "../facts.ts";
import { parsePolicy } from "../reason/iam-policy.ts";
import { type Target, type Targets, targetSchema } from "../target.ts";
import { goodControlPlane, goodRegionFacts } from "./good-region.ts";

const account = "222222222222";
const issuer = "https://oidc.example.test";
const provider = `arn:aws:iam::${account}:oidc-provider/oidc.example.test`;
const registry = "registry.example.test";

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
  kubeconfig: "/nowhere",
  aws: { profile: "none" },
});

export const goodTargets: Targets = { customer: goodTarget, controlPlane: goodControlPlane };

const homes = ["union", "demo-development"];
const roleArn = (name: string) => `arn:aws:iam::${account}:role/${name}`;

export function goodFacts(): Facts {
  return {
    ...goodRegionFacts(),
    namespaces: [
      { metadata: { name: "union", labels: {} } },
      {
        metadata: {
          name: "demo-development",
          labels: { "biplane.dev/org": "acme", "biplane.dev/project": "demo", "biplane.dev/domain": "development" },
        },
      },
    ],
    pods: [
      pod("union", "executor", "executor", "adminflyterole"),
      pod("union", "tunnel", "tunnel-system"),
      pod("demo-development", "r1-a0-0", "default", "userflyterole"),
    ],
    deployments: [],
    services: [{ metadata: { namespace: "union", name: "tunnel" }, spec: { type: "ClusterIP" } }],
    serviceAccounts: [
      ...["executor", "proxy-system", "log-provider"].map((name) => serviceAccount("union", name, "adminflyterole")),
      serviceAccount("demo-development", "default", "userflyterole"),
      { metadata: { namespace: "union", name: "tunnel-system" } },
    ],
    roles: [
      {
        metadata: { namespace: "demo-development", name: "executor" },
        rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "create"] }],
      },
      {
        metadata: { namespace: "union", name: "tunnel-system" },
        rules: [{ apiGroups: [""], resources: ["secrets"], resourceNames: ["identity"], verbs: ["get", "update"] }],
      },
    ],
    clusterRoles: [{ metadata: { name: "discovery" }, rules: [{ nonResourceURLs: ["/version"], verbs: ["get"] }] }],
    roleBindings: [
      {
        metadata: { namespace: "demo-development", name: "executor" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "executor" },
        subjects: [{ kind: "ServiceAccount", namespace: "union", name: "executor" }],
      },
    ],
    clusterRoleBindings: [
      {
        metadata: { name: "discovery" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "discovery" },
        subjects: [{ kind: "Group", name: "system:authenticated" }],
      },
    ],
    networkPolicies: homes.map((namespace) => ({
      metadata: { namespace, name: "default-deny" },
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    })),
    resourceQuotas: homes.map((namespace) => ({
      metadata: { namespace, name: "quota" },
      status: { hard: { "limits.cpu": "8", "limits.memory": "16Gi" } },
    })),
    limitRanges: homes.map((namespace) => ({ metadata: { namespace, name: "limits" }, spec: { limits: [] } })),
    scanned: [{ kind: "Secret", namespace: "union", name: "identity", keys: ["tls.key"], suspicious: [] }],
    iam: {
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
    },
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
    },
  };
}

/** Every fact as read. */
export function collectedFrom(facts: Facts): Collected {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, { read: true, value, request: `read ${name}` }]),
  ) as Collected;
}

export const factNames = Object.keys(goodFacts()) as FactName[];

function pod(namespace: string, name: string, account: string, roleName?: string): V1Pod {
  const identity: Pick<V1PodSpec, "volumes"> = {
    volumes: [
      {
        name: "token",
        projected: { sources: [{ serviceAccountToken: { audience: "sts.amazonaws.com", path: "token" } }] },
      },
    ],
  };
  return {
    metadata: { namespace, name: `${name}-x`, labels: { "app.kubernetes.io/name": name } },
    spec: {
      serviceAccountName: account,
      securityContext: { runAsNonRoot: true, runAsUser: 65532 },
      containers: [
        {
          name: "main",
          image: `${registry}/services@sha256:11`,
          env: roleName ? [{ name: "AWS_ROLE_ARN", value: roleArn(roleName) }] : [],
          resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "128Mi" } },
        },
      ],
      ...(roleName ? identity : {}),
    },
    status: {
      phase: "Running",
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [
        { name: "main", image: "", imageID: `${registry}/services@sha256:11`, ready: true, restartCount: 0 },
      ],
    },
  };
}

function serviceAccount(namespace: string, name: string, roleName: string) {
  return { metadata: { namespace, name, annotations: { "eks.amazonaws.com/role-arn": roleArn(roleName) } } };
}

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
