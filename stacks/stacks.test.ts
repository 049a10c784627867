import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import type { Recorded } from "../components/testing/record-resources.ts";
import { settled } from "../components/testing/settled.ts";
import { customerBaseOutputs, customerOutputs, regionOutputs } from "./outputs.ts";
import { type Built, build, named, objects, podOf } from "./testing/built-stack.ts";
import { byoc, certificate, customerBaseValues, customerValues, regionValues } from "./testing/valid-config.ts";

let region: Built;
let base: Built;
let byocBase: Built;
let customer: Built;

beforeAll(async () => {
  region = await build(regionValues());
  base = await build(customerBaseValues());
  byocBase = await build(customerBaseValues(byoc));
  customer = await build(customerValues());
}, 60_000);

const both = [
  ["region", () => region, ["union-cp"]],
  ["customer", () => customer, ["union", "demo-development", "demo-production"]],
] as const;

describe.each(both)("every %s stack", (shape, built, namespaces) => {
  it("runs each service without root, without a writable root, with limits and three probes", () => {
    const deployments = objects(built(), "Deployment");
    expect(deployments.length).toBe(shape === "region" ? 8 : 5);
    for (const deployment of deployments) {
      const pod = podOf(deployment);
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 65532,
        seccompProfile: { type: "RuntimeDefault" },
      });
      for (const container of pod.containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          capabilities: { drop: ["ALL"] },
        });
        expect(container.resources).toMatchObject({
          requests: { cpu: expect.any(String) },
          limits: { memory: expect.any(String) },
        });
        expect(container).toMatchObject({
          startupProbe: { httpGet: { path: "/healthz" } },
          readinessProbe: { httpGet: { path: "/readyz" } },
          livenessProbe: { httpGet: { path: "/healthz" } },
        });
      }
    }
  });

  it("puts the restricted standard, sums, defaults and default-deny into each namespace", () => {
    const made = objects(built(), "Namespace");
    expect(made.map(({ inputs }) => inputs.metadata.name).sort()).toEqual([...namespaces].sort());
    for (const { inputs } of made) {
      expect(inputs.metadata.labels).toMatchObject({ "pod-security.kubernetes.io/enforce": "restricted" });
      const { name } = inputs.metadata;
      expect(named(objects(built(), "NetworkPolicy"), "default-deny", name).inputs.spec).toEqual({
        podSelector: {},
        policyTypes: ["Ingress", "Egress"],
      });
      named(objects(built(), "ResourceQuota"), "quota", name);
      named(objects(built(), "LimitRange"), "defaults", name);
    }
  });

  it("keeps instance metadata out of every egress rule, and opens no other address family", () => {
    const text = JSON.stringify(objects(built(), "NetworkPolicy").map(({ inputs }) => inputs.spec));
    expect(text).not.toContain("::/0");
    for (const block of text.match(/"cidr":"0\.0\.0\.0\/0"[^}]*/g) ?? []) expect(block).toContain("169.254.0.0/16");
  });

  it("uses no wildcard in any Role and makes no ClusterRole", () => {
    const rules = objects(built(), "Role").flatMap(({ inputs }) => inputs.rules);
    expect(JSON.stringify(rules)).not.toContain('"*"');
    expect(objects(built(), "ClusterRole")).toEqual([]);
    expect(objects(built(), "ClusterRoleBinding")).toEqual([]);
  });
});

const programs = [
  ["region", () => region, regionValues, regionOutputs],
  ["self-managed base", () => base, customerBaseValues, customerBaseOutputs],
  ["byoc base", () => byocBase, () => customerBaseValues(byoc), customerBaseOutputs],
  ["customer", () => customer, customerValues, customerOutputs],
] as const;

/** Types that AWS keeps no tags of. */
const untaggable =
  /Alias|RouteTableAssociation|RolePolicy|Attachment|Bucket(?!$)|GatewayRoute|VaultLock|VaultPolicy|Selection|LogMetricFilter|TopicPolicy|TopicSubscription|EventTarget|RepositoryPolicy|LifecyclePolicy|Schedule$|AccessPolicyAssociation|EndpointConnectionAccepter|ZoneRecord|^Record$/;

describe.each(programs)("every %s program", (_, built, values, outputs) => {
  it("tags every AWS resource that can be tagged, with ours and the customer's", () => {
    const taggable = built().all.filter(
      ({ type }) => type.startsWith("aws:") && !untaggable.test(type.split(":")[2] ?? ""),
    );
    expect(taggable.length).toBeGreaterThan(3);
    for (const { name, type, inputs } of taggable) {
      expect(inputs.tags, `${type} ${name}`).toMatchObject({ team: "platform", "biplane:managed-by": "pulumi" });
    }
  });

  it("answers what outputs.ts promises", async () => {
    expect(outputs.safeParse(await settled(built().outputs)).error).toBeUndefined();
  });

  it("shows the same resources in a first preview, when nothing is known yet", async () => {
    const names = ({ all }: Recorded) => all.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(await build(values(), { preview: true }))).toEqual(names(built()));
  });

  it("gives each resource a name of its own, from plain configuration", () => {
    const seen = built().all.map(({ type, name }) => `${type} ${name}`);
    expect(seen.filter((name, at) => seen.indexOf(name) !== at)).toEqual([]);
  });
});

it("a stack is for any account, or for the one that it names", async () => {
  const type = "pulumi:providers:aws";
  for (const built of [region, base, customer]) expect(built.one(type).inputs).not.toHaveProperty("allowedAccountIds");
  const { one } = await build(customerBaseValues({ account: "111111111111" }), { preview: true });
  expect(one(type).inputs.allowedAccountIds).toBe('["111111111111"]');
});

describe("a region stack", () => {
  it("refuses hosts of another zone than the one it writes to, in the preview", async () => {
    const values = regionValues({ edge: { zoneId: "zone", zoneName: "other.test", originPullCa: certificate } });
    await expect(build(values, { preview: true })).rejects.toThrow(
      'biplane:edge.zoneName is "other.test"; allowed: the zone that us-east-2.biplane.test belongs to',
    );
    const own = regionValues({ edge: { zoneId: "zone", zoneName: "biplane.test", originPullCa: certificate } });
    expect((await build(own, { preview: true })).all.length).toBe(region.all.length);
  });

  it("tells of nodes that do not answer either balancer, and of each NAT gateway without ports", () => {
    const alarms = region.of("aws:cloudwatch/metricAlarm:MetricAlarm").map(({ inputs }) => inputs);
    const of = (metric: string) =>
      alarms.filter(({ metricName }) => metricName === metric).map(({ dimensions }) => dimensions);
    expect(of("UnHealthyHostCount")).toEqual(
      ["gateway", "relay"].map((way) => ({
        LoadBalancer: expect.stringContaining(way),
        TargetGroup: expect.stringContaining(way),
      })),
    );
    expect(of("ErrorPortAllocation")).toHaveLength(3);
    expect(new Set(of("ErrorPortAllocation").map((each) => JSON.stringify(each))).size).toBe(3);
  });

  it("gives the services hashes of the tenants' secrets, never these", () => {
    const { stringData } = named(objects(region, "Secret"), "bootstrap").inputs as {
      stringData?: Record<string, string>;
    };
    const text = stringData?.["bootstrap.json"] ?? "";
    expect(text).not.toContain("random-");
    const secretSha256 = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(JSON.parse(text)).toEqual({
      applications: ["acme", "globex"].flatMap((org) => [
        { org, clientId: `${org}-admin`, secretSha256, role: "admin", places: [] },
        { org, clientId: `${org}-tasks`, secretSha256, role: "task", places: [] },
      ]),
      registrations: ["acme", "globex"].map((org) => ({
        org,
        cluster: "main",
        tokenSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      })),
      people: [],
    });
  });

  it("hands the tenants' secrets out as one secret output", async () => {
    expect(await pulumi.isSecret(region.outputs.tenants as pulumi.Output<unknown>)).toBe(true);
    expect(await settled(region.outputs.tenants)).toMatchObject({
      acme: { clientId: "acme-admin", clientSecret: "random-tenant-acme-admin" },
      globex: { registrationToken: "random-tenant-globex-main-registration" },
    });
  });

  it("mounts the owner's login into the migrations alone", () => {
    const users = [...objects(region, "Deployment"), ...objects(region, "Job")].filter((made) =>
      JSON.stringify(podOf(made)).includes("database-owner"),
    );
    expect(users.map(({ inputs }) => inputs.metadata.name)).toEqual([expect.stringMatching(/^migrate-[0-9a-f]{8}$/)]);
  });

  it("gives the clusters' signing key to the cluster service alone", () => {
    const users = objects(region, "Deployment").filter((made) =>
      JSON.stringify(podOf(made)).includes('"cluster-authority"'),
    );
    expect(users.map(({ inputs }) => inputs.metadata.name)).toEqual(["cluster"]);
  });

  it("opens the gateway and the relay by NodePort, and nothing else", () => {
    const open = objects(region, "Service").filter(
      ({ inputs }) => ((inputs.spec as { type?: string }).type ?? "ClusterIP") !== "ClusterIP",
    );
    expect(
      open.map(({ inputs }) => [
        inputs.metadata.name,
        (inputs.spec as { ports: { nodePort: number }[] }).ports[0]?.nodePort,
      ]),
    ).toEqual([
      ["gateway-public", 30443],
      ["relay-public", 30444],
    ]);
  });

  it("holds one bucket, the audit's, and one pod's role, which adds to it: there is no way to customers' objects", () => {
    expect(region.of("aws:s3/bucket:Bucket").map(({ inputs }) => inputs.bucket)).toEqual([
      "biplane-audit-us-east-2-biplane-test",
    ]);
    const annotated = objects(region, "ServiceAccount").filter((made) =>
      JSON.stringify(made.inputs).includes("role-arn"),
    );
    expect(annotated.map(({ inputs }) => inputs.metadata.name)).toEqual(["audit"]);
    const role = region.one("aws:iam/rolePolicy:RolePolicy", "biplane-us-east-2-audit-export").inputs;
    expect(JSON.parse(String(role.policy)).Statement[0]).toEqual({
      Effect: "Allow",
      Action: ["s3:PutObject"],
      Resource: "arn:aws:s3:::biplane-audit-us-east-2-biplane-test/records/*",
    });
  });

  it("gives each service its own certificate, and names its callers", () => {
    const told = Object.fromEntries(
      objects(region, "Deployment").map((deployment) => {
        const pod = podOf(deployment);
        const callers = pod.containers[0]?.env?.find(({ name }) => name === "SERVICE_CALLERS")?.value ?? "";
        const mounted = JSON.stringify(pod).match(/[a-z]+-service-tls/)?.[0];
        return [deployment.inputs.metadata.name, [mounted, callers]];
      }),
    );
    expect(told).toEqual({
      audit: ["audit-service-tls", ""],
      gateway: ["gateway-service-tls", ""],
      actions: ["actions-service-tls", "gateway,relay"],
      cluster: ["cluster-service-tls", "gateway,dataproxy,relay"],
      dataproxy: ["dataproxy-service-tls", "gateway,runs"],
      identity: ["identity-service-tls", "gateway,runs,actions,cluster,dataproxy"],
      relay: ["relay-service-tls", "actions,cluster,dataproxy,relay"],
      runs: ["runs-service-tls", "gateway,dataproxy"],
    });
  });

  it("starts what uses the database once it is migrated, and mounts nothing that is not there yet", async () => {
    const job = "kubernetes:batch/v1:Job";
    const secret = "kubernetes:core/v1:Secret";
    const made = await build(regionValues(), { slow: [job, secret] });
    const begun = (name: string) => made.one("kubernetes:apps/v1:Deployment", `control-plane-${name}`).begun;
    for (const name of ["identity", "runs", "actions", "cluster"])
      expect(begun(name)).toBeGreaterThan(made.one(job).ended);
    expect(begun("gateway")).toBeGreaterThan(made.one(secret, "control-plane-gateway-tls").ended);
    expect(made.one(job).begun).toBeGreaterThan(made.one(secret, "control-plane-database-owner").ended);
  });

  it("makes a new migration for a new image, and only then", async () => {
    const jobOf = (built: Built) => objects(built, "Job")[0]?.inputs.metadata.name;
    const image = `registry.test/biplane/services@sha256:${"b".repeat(64)}`;
    expect(jobOf(await build(regionValues()))).toBe(jobOf(region));
    expect(jobOf(await build(regionValues({ images: { services: image } })))).not.toBe(jobOf(region));
  }, 60_000);
});

/** Every different principal that any role of the stack trusts. */
function principalsOf(built: Built): unknown[] {
  const seen = built.of("aws:iam/role:Role").flatMap(({ inputs }) => {
    const { Statement } = JSON.parse(String(inputs.assumeRolePolicy)) as { Statement: { Principal: unknown }[] };
    return Statement.map(({ Principal }) => JSON.stringify(Principal));
  });
  return [...new Set(seen)].sort().map((text) => JSON.parse(text));
}

describe("a customer's base", () => {
  const vendor = [
    "aws:iam/policy:Policy",
    "aws:ec2/vpcEndpointService:VpcEndpointService",
    "aws:lb/loadBalancer:LoadBalancer",
  ];

  it("self-managed: makes no principal, endpoint service or role of a vendor at all", () => {
    expect(JSON.stringify(base.all)).not.toContain("999999999999");
    for (const type of vendor) expect(base.of(type)).toEqual([]);
    for (const principal of principalsOf(base)) expect(JSON.stringify(principal)).toMatch(/Service|oidc-provider/);
  });

  it("byoc: makes one role and one endpoint service of the vendor, and no other way", () => {
    for (const type of vendor) expect(byocBase.of(type).length, type).toBe(1);
    const foreign = principalsOf(byocBase).filter((principal) => JSON.stringify(principal).includes("999999999999"));
    expect(foreign).toEqual([{ AWS: ["arn:aws:iam::999999999999:role/operations"] }]);
  });

  it("byoc: lets the vendor's role into Kubernetes by its one narrow group", () => {
    const entry = byocBase.one("aws:eks/accessEntry:AccessEntry", "biplane-main-management");
    expect(entry.inputs.kubernetesGroups).toEqual(["biplane:managers"]);
  });
});

describe("a customer stack", () => {
  it("names no principal but its own account's pods", () => {
    expect(principalsOf(customer)).toEqual([{ Federated: "arn:aws:iam::111111111111:oidc-provider/oidc.test" }]);
  });

  it("gives task pods the user role and no Kubernetes token", () => {
    for (const namespace of ["demo-development", "demo-production"]) {
      const { inputs } = named(objects(customer, "ServiceAccount"), "default", namespace);
      expect(inputs).toMatchObject({
        automountServiceAccountToken: false,
        metadata: { annotations: { "eks.amazonaws.com/role-arn": "arn:aws:iam::111111111111:role/userflyterole" } },
      });
    }
  });

  it("hands a Kubernetes token only to those who use the API", () => {
    const holders = objects(customer, "Deployment").filter((made) => podOf(made).automountServiceAccountToken);
    expect(holders.map(({ inputs }) => inputs.metadata.name).sort()).toEqual(["executor", "logs", "secrets", "tunnel"]);
  });

  it("lets nobody read Secrets but the tunnel its own one and the secrets service those of users", () => {
    const reading = objects(customer, "Role").filter(({ inputs }) => JSON.stringify(inputs.rules).includes("secrets"));
    const named = (resourceNames: string[], ...verbs: string[]) => [
      { apiGroups: [""], resources: ["secrets"], resourceNames, verbs },
    ];
    const making = [{ apiGroups: [""], resources: ["secrets"], verbs: ["create"] }];
    const users = Array.from({ length: 8 }, (_, at) => `user-secrets-${at}`);
    const rules = reading.map(({ inputs }) => inputs.rules);
    expect(rules).toHaveLength(4);
    expect(rules).toEqual(
      expect.arrayContaining([
        named(["tunnel-identity"], "get", "patch", "update"),
        named(users, "get", "patch"),
        making,
      ]),
    );
    expect(rules.filter((one) => JSON.stringify(one) === JSON.stringify(making))).toHaveLength(2);
  });

  it("makes the tunnel's Secret empty and the task pods' API key as the client reads it", () => {
    const secrets = objects(customer, "Secret");
    expect(named(secrets, "tunnel-identity", "union").inputs).not.toHaveProperty("stringData");
    const { stringData } = named(secrets, "eager-api-key", "demo-development").inputs as {
      stringData?: Record<string, string>;
    };
    expect(Buffer.from(stringData?.["api-key"] ?? "", "base64").toString()).toBe(
      "us-east-2.biplane.test:acme-tasks:client-secret-of-a-test:acme",
    );
  });

  it("starts each service once its rights and Secrets are there", async () => {
    const binding = "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding";
    const crd = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition";
    const secret = "kubernetes:core/v1:Secret";
    const made = await build(customerValues(), { slow: [binding, crd, secret] });
    const begun = (name: string) => made.one("kubernetes:apps/v1:Deployment", `compute-plane-${name}`).begun;
    const ended = (type: string, name: string) => made.one(type, `compute-plane-${name}`).ended;
    expect(begun("executor")).toBeGreaterThan(ended(crd, "taskactions"));
    expect(begun("executor")).toBeGreaterThan(ended(binding, "demo-production-executor"));
    expect(begun("logs")).toBeGreaterThan(ended(binding, "demo-production-logs"));
    expect(begun("tunnel")).toBeGreaterThan(ended(binding, "tunnel"));
    expect(begun("tunnel")).toBeGreaterThan(ended(secret, "registration"));
    expect(begun("tunnel")).toBeGreaterThan(ended(secret, "tunnel-identity"));
  });

  it("keeps tasks' measures on a disk under a key of the plane's, or under the one that is given", async () => {
    const image = `registry.test/prometheus@sha256:${"e".repeat(64)}`;
    const classOf = (made: Awaited<ReturnType<typeof build>>) =>
      made.one("kubernetes:storage.k8s.io/v1:StorageClass").inputs.parameters as Record<string, string>;
    expect(objects(customer, "StorageClass")).toEqual([]);
    const made = await build(customerValues({ metricsStore: { image } }));
    const key = made.all.find(({ type, name }) => type === "aws:kms/key:Key" && name.endsWith("metrics-key"));
    expect(String(key?.inputs.policy)).toContain("ec2.us-east-2.amazonaws.com");
    expect(classOf(made)).toMatchObject({ encrypted: "true", kmsKeyId: expect.stringContaining("metrics-key") });
    expect(made.one("kubernetes:storage.k8s.io/v1:StorageClass").inputs.reclaimPolicy).toBe("Retain");
    const given = "arn:aws:kms:us-east-2:222222222222:key/11111111-2222-3333-4444-555555555555";
    const adopted = await build(customerValues({ metricsStore: { image }, keys: { metrics: given } }));
    expect(classOf(adopted).kmsKeyId).toBe(given);
    const reader = made.one("kubernetes:apps/v1:Deployment", "compute-plane-logs").inputs;
    expect(JSON.stringify(reader)).toContain("https://metrics-store.union-metrics.svc.cluster.local:9090");
  });

  it("keeps the task pods' logs where it is told what ships them, in the one namespace below the standard", async () => {
    expect(customer.of("aws:cloudwatch/logGroup:LogGroup")).toEqual([]);
    const logs = { image: `registry.test/fluent-bit@sha256:${"c".repeat(64)}`, retentionDays: 90 };
    const made = await build(customerValues({ logs }));
    expect(made.one("aws:cloudwatch/logGroup:LogGroup").inputs).toMatchObject({
      ...{ name: "/biplane/acme/main", retentionInDays: 90, tags: { team: "platform", "biplane:org": "acme" } },
    });
    const levels = objects(made, "Namespace").map(({ inputs: { metadata } }) => [
      metadata.name,
      metadata.labels?.["pod-security.kubernetes.io/enforce"],
    ]);
    expect(levels.filter(([, level]) => level !== "restricted")).toEqual([["union-logs", "privileged"]]);
    for (const kind of ["ResourceQuota", "LimitRange"]) {
      expect(objects(made, kind).some(({ inputs }) => inputs.metadata.namespace === "union-logs")).toBe(true);
    }
    const begun = made.one("kubernetes:apps/v1:DaemonSet").begun;
    expect(begun).toBeGreaterThan(made.one("aws:cloudwatch/logGroup:LogGroup").ended);
  });

  it("opens nothing beyond the cluster", () => {
    const types = objects(customer, "Service").map(({ inputs }) => (inputs.spec as { type: string }).type);
    expect(new Set(types)).toEqual(new Set(["ClusterIP"]));
    expect(customer.all.filter(({ type }) => type.startsWith("aws:lb/"))).toEqual([]);
  });

  it("tells the services what they are, by the names that they read", () => {
    const env = podOf(named(objects(customer, "Deployment"), "objectstore")).containers[0]?.env;
    expect(Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]))).toEqual({
      PORT: "8080",
      TOKEN_ISSUER: "https://us-east-2.biplane.test",
      TOKEN_KEYS_URL: "https://tunnel.union.svc.cluster.local:8080/pinned/keys",
      SERVICE_TLS_FOLDER: "/etc/biplane/service-tls",
      SERVICE_CALLERS: "tunnel",
      ORG: "acme",
      METADATA_BUCKET: "biplane-acme-main-metadata",
      FAST_REGISTRATION_BUCKET: "biplane-acme-main-fast-reg",
      AWS_REGION: "us-east-2",
      AWS_ROLE_SESSION_NAME: "proxy-system",
      PRESIGN_TTL_SECONDS: "3600",
    });
  });
});

describe("the program", () => {
  it("refuses a stack without a shape", async () => {
    await expect(build({})).rejects.toThrow(/biplane:shape is missing/);
  });
});
