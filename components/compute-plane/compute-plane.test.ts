import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { userSecretShards } from "../secrets/names.ts";
import { type Recorded, recordResources } from "../testing/record-resources.ts";
import type { ComputePlaneArgs } from "./args.ts";
import { ComputePlane } from "./compute-plane.ts";
import { allPermissions, syncPermissions } from "./on-demand.ts";
import { notGranted, permissionOf, permissions } from "./permissions.ts";

const projects = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ project: `team${at}`, domain: "development" }));

const identities = { admin: pulumi.output("arn:admin"), user: pulumi.output("arn:user") };

const build = (more: Partial<ComputePlaneArgs> = {}, preview = false, slow: string[] = []) =>
  recordResources(
    () =>
      new ComputePlane("compute-plane", {
        namespace: "union",
        image: `registry.test/biplane/services@sha256:${"a".repeat(64)}`,
        org: "acme",
        clusterName: "main",
        cloud: { cloud: "aws", region: "us-east-2" },
        controlPlaneHost: "us-east-2.biplane.test",
        projects: projects(2),
        identities,
        buckets: { metadata: "m", fastRegistration: "f" },
        secrets: { backend: "kubernetes" },
        registrationToken: "registration-token-of-a-test",
        taskClient: { id: "acme-tasks", secret: "client-secret-of-a-test" },
        dnsServers: [],
        apiPort: 6443,
        ...more,
      }),
    { preview, slow },
  );
const names = ({ all }: Recorded) => all.map(({ type, name }) => `${type} ${name}`).sort();
const kind = ({ all }: Recorded, name: string) => all.filter(({ type }) => type.endsWith(`:${name}`));
const text = (made: Recorded) => JSON.stringify(made.all.map(({ inputs }) => inputs));

describe("ComputePlane", () => {
  it("costs each project-domain the same 14 objects, however many there are", async () => {
    const counts: number[] = [];
    for (const count of [1, 3, 8]) {
      const made = await build({ projects: projects(count) });
      counts.push(made.all.filter(({ type }) => type.startsWith("kubernetes:")).length);
      expect(kind(made, "ValidatingAdmissionPolicy"), `${count} projects`).toHaveLength(10);
    }
    const [one = 0, few = 0, many = 0] = counts;
    expect((few - one) / 2).toBe(14);
    expect((many - one) / 7).toBe(14);
  });

  it("shows the same objects in a first preview", async () => {
    const management = { group: "biplane:managers", level: "full" as const };
    expect(names(await build({ management }, true))).toEqual(names(await build({ management })));
  });

  it("gives the vendor nothing in the cluster unless it manages it", async () => {
    const alone = await build();
    expect([...kind(alone, "ClusterRole"), ...kind(alone, "ClusterRoleBinding")]).toEqual([]);
    expect(text(alone)).not.toContain('"Group"');
    const managed = await build({ management: { group: "biplane:managers", level: "no-delete" } });
    expect(kind(managed, "ClusterRoleBinding").map(({ name }) => name)).toEqual(["compute-plane-managers"]);
    expect(text(managed)).not.toContain('cluster-admin","kind');
  });

  it("annotates each project's account with its own role, where there is one", async () => {
    const made = await build({ identities: { ...identities, projects: { "team1-development": "arn:of-team1" } } });
    const role = (namespace: string) =>
      (
        made.one("kubernetes:core/v1:ServiceAccount", `compute-plane-${namespace}`).inputs.metadata as {
          annotations: Record<string, string>;
        }
      ).annotations["eks.amazonaws.com/role-arn"];
    expect([role("team0-development"), role("team1-development")]).toEqual(["arn:user", "arn:of-team1"]);
    const { spec } = made.one(
      "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy",
      "compute-plane-admission-accounts",
    ).inputs as { spec: { variables: { name: string; expression: string }[] } };
    expect(spec.variables.find(({ name }) => name === "given")?.expression).toBe(
      '{"team0-development/default": "arn:user", "team1-development/default": "arn:of-team1", ' +
        '"union/executor": "arn:admin", "union/log-provider": "arn:admin", "union/proxy-system": "arn:admin"}',
    );
  });

  it("names on AWS the session of each service that takes the admin role after its account, and of no other", async () => {
    const aws = {
      backend: "aws-secrets-manager" as const,
      prefix: "union/acme/",
      keyArn: "arn:key",
      resourcePolicy: "{}",
    };
    const named = async (more: Partial<ComputePlaneArgs> = {}) =>
      kind(await build(more), "Deployment").flatMap(({ inputs }) => {
        const { template } = inputs.spec as {
          template: { spec: { serviceAccountName: string; containers: { env?: { name: string; value: string }[] }[] } };
        };
        return template.spec.containers
          .flatMap(({ env = [] }) => env.filter(({ name }) => name === "AWS_ROLE_SESSION_NAME"))
          .map(({ value }) => `${template.spec.serviceAccountName} as ${value}`);
      });
    const three = ["executor", "log-provider", "proxy-system"].map((account) => `${account} as ${account}`);
    expect((await named()).sort()).toEqual(three);
    expect((await named({ secrets: aws })).sort()).toEqual([...three, "secrets as secrets"]);
    const cloud = { cloud: "gcp" as const, region: "us-east4", project: "acme-data" };
    expect(await named({ cloud })).toEqual([]);
  });

  it("narrows every way out alike", async () => {
    const egress = { cloudflareRanges: true as const, endpoints: ["10.40.0.0/16"] };
    const made = await build({ egress });
    for (const { name, inputs } of kind(made, "NetworkPolicy")) {
      expect(JSON.stringify(inputs.spec), name).not.toContain("0.0.0.0/0");
      expect(inputs.spec, name).toMatchObject({ policyTypes: ["Ingress", "Egress"] });
    }
  });

  it.each<[string, Partial<ComputePlaneArgs>, RegExp]>([
    [
      "two projects in one namespace",
      {
        projects: [
          { project: "a-b", domain: "c" },
          { project: "a", domain: "b-c" },
        ],
      },
      /<project>-<domain> is "a-b-c"/,
    ],
    [
      "a project in the platform's namespace",
      { namespace: "a-b", projects: [{ project: "a", domain: "b" }] },
      /is "a-b"; allowed: a name of its own/,
    ],
    ["a project in Kubernetes' own", { projects: [{ project: "kube", domain: "system" }] }, /is "kube-system"/],
    [
      "a project with an exception's name",
      { projects: [{ project: "union", domain: "build" }] },
      /is "union-build"; .*Rename the project or the domain/,
    ],
    ["a narrow egress to nowhere", { egress: { cloudflareRanges: true, endpoints: [] } }, /^egress\.endpoints is \[\]/],
  ])("refuses %s", async (_, more, message) => {
    await expect(build(more)).rejects.toThrow(message);
  });
});

describe("task pods' logs", () => {
  const image = `registry.test/fluent-bit@sha256:${"b".repeat(64)}`;
  const logs = { logGroup: "/biplane/acme/main", shipper: "fluent-bit" as const, image, roleArn: "arn:shipper" };
  const logProvider = (made: Recorded) => {
    const { spec } = made.one("kubernetes:apps/v1:Deployment", "compute-plane-logs").inputs as {
      spec: { template: { spec: { containers: { env: { name: string; value: string }[] }[] } } };
    };
    const env = spec.template.spec.containers[0]?.env ?? [];
    return Object.fromEntries(env.map(({ name, value }) => [name, value]));
  };

  it("are told as long as their pods are there, unless they are shipped and read where they are kept", async () => {
    const without = await build();
    expect(kind(without, "DaemonSet")).toEqual([]);
    expect(logProvider(without).LOG_GROUP).toBeUndefined();
    const made = await build({ logs });
    expect(kind(made, "DaemonSet").map(({ name }) => name)).toEqual(["compute-plane-logs-shipper"]);
    expect(logProvider(made)).toMatchObject({
      LOG_GROUP: "/biplane/acme/main",
      AWS_REGION: "us-east-2",
      PROJECTS: "team0/development,team1/development",
    });
  });

  it("are shipped from a namespace that is an exception, which each policy knows as one", async () => {
    const made = await build({ logs });
    const policies = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding";
    const homes = (policy: string) =>
      JSON.stringify(made.one(policies, `compute-plane-admission-${policy}`).inputs).includes("union-logs");
    const known = ["services", "sessions", "roles", "bindings", "accounts", "tokens", "log-shipper"];
    const all = made.of(policies).map(({ name }) => name.replace("compute-plane-admission-", ""));
    expect(all.filter(homes).sort()).toEqual(known.sort());
    expect(text(made)).toContain('"union-logs/fluentbit-system\\": \\"arn:shipper');
  });
});

describe("users' secrets", () => {
  const webhook = async (made: Recorded) => {
    const { webhooks } = made.one(
      "kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration",
      "compute-plane-secrets-webhook",
    ).inputs as { webhooks: Record<string, unknown>[] };
    return webhooks[0] ?? {};
  };
  const environment = (made: Recorded) => {
    const { spec } = made.one("kubernetes:apps/v1:Deployment", "compute-plane-secrets").inputs as {
      spec: { template: { spec: { containers: { env: { name: string; value: string }[] }[] } } };
    };
    const env = spec.template.spec.containers[0]?.env ?? [];
    return Object.fromEntries(env.map(({ name, value }) => [name, value]));
  };
  const account = (made: Recorded) =>
    made.one("kubernetes:core/v1:ServiceAccount", "compute-plane-secrets").inputs.metadata as {
      annotations?: Record<string, string>;
    };

  it("reach a pod by a webhook that is asked about the projects' pods that ask, and must answer", async () => {
    expect(await webhook(await build())).toMatchObject({
      failurePolicy: "Fail",
      sideEffects: "NoneOnDryRun",
      clientConfig: { service: { name: "secrets", namespace: "union", path: "/mutate", port: 443 } },
      rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
      namespaceSelector: {
        matchExpressions: [
          { key: "kubernetes.io/metadata.name", operator: "In", values: ["team0-development", "team1-development"] },
        ],
      },
      matchConditions: [{ expression: '"biplane.dev/secrets" in object.metadata.?annotations.orValue({})' }],
    });
  });

  it("are in the cluster without a cloud role, or in the cloud's manager with it", async () => {
    const inCluster = await build();
    expect(account(inCluster).annotations).toBeUndefined();
    expect(environment(inCluster)).toMatchObject({
      SECRET_BACKEND: "kubernetes",
      PROJECTS: "team0/development,team1/development",
    });
    const prefix = "union/acme/";
    const secrets = { backend: "aws-secrets-manager" as const, prefix, keyArn: "arn:key", resourcePolicy: "{}" };
    const inCloud = await build({ secrets });
    expect(account(inCloud).annotations).toEqual({ "eks.amazonaws.com/role-arn": "arn:admin" });
    expect(environment(inCloud)).toMatchObject({
      SECRET_BACKEND: "aws-secrets-manager",
      AWS_REGION: "us-east-2",
      SECRET_PREFIX: prefix,
      SECRET_KEY_ARN: "arn:key",
      SECRET_RESOURCE_POLICY: "{}",
    });
  });

  it("rest in Secrets that the stack makes and never compares again", async () => {
    const made = kind(await build(), "Secret").filter(({ name }) => name.startsWith("compute-plane-user-secrets-"));
    expect(made.map(({ inputs }) => (inputs.metadata as { name: string }).name)).toEqual(userSecretShards);
  });
});

describe("permissions", () => {
  it("use no wildcard, and read Secrets by name only", () => {
    for (const { role, rules } of permissions) {
      for (const { apiGroups, resources, verbs, resourceNames } of rules) {
        expect([...apiGroups, ...resources, ...verbs], role).not.toContain("*");
        if (resources.includes("secrets")) {
          const known = { tunnel: ["tunnel-identity"], secrets: userSecretShards }[role];
          expect([resourceNames, verbs], role).toEqual(known ? [known, expect.any(Array)] : [undefined, ["create"]]);
        }
        for (const verb of ["escalate", "bind", "impersonate", "deletecollection"])
          expect(verbs, role).not.toContain(verb);
      }
    }
  });

  it("are all that the plane grants, and all of it", async () => {
    const made = await build({ projects: projects(1) });
    const granted = kind(made, "Role").map(({ inputs }) => [(inputs.metadata as { name: string }).name, inputs.rules]);
    expect(Object.fromEntries(granted)).toEqual(
      Object.fromEntries(permissions.map(({ role, rules }) => [role, rules])),
    );
  });

  it("account for every role of appendix D: granted narrowed, or not granted with a reason", () => {
    const documented = [
      "clustersync-resource",
      "union-executor",
      "proxy-system",
      "operator-system",
      "flytepropeller-role",
      "flytepropeller-webhook-role",
      "proxy-system-secret",
      "union-operator-admission",
      "release-name-fluentbit",
      "opencost",
      "release-name-kube-state-metrics",
      "release-name-grafana-clusterrole",
      "union-operator-prometheus",
      "prometheus-operator",
      "release-name-dcgm-exporter",
    ];
    const decided = [...allPermissions(projects(1)).flatMap(({ standsFor }) => standsFor), ...Object.keys(notGranted)];
    expect(decided.sort()).toEqual(documented.sort());
  });

  it("are found by name or not at all", () => {
    expect(permissionOf("tunnel").account).toBe("tunnel-system");
    expect(() => permissionOf("operator")).toThrow(/no permission is named operator/);
  });
});

describe("project-domains on demand", () => {
  const declared = [...projects(1), { project: "later", domain: "production", onDemand: true }];
  const account = (made: Recorded) => kind(made, "ServiceAccount").map(({ name }) => name);

  it("are known to policies, roles and services, and get no object from the stack", async () => {
    const made = await build({ projects: declared });
    expect(names(made).filter((name) => name.includes("later-production"))).toEqual([]);
    const { spec } = made.one(
      "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding",
      "compute-plane-admission-pods",
    ).inputs;
    expect(JSON.stringify(spec)).toContain('["union","team0-development","later-production"]');
    const env = JSON.stringify(made.one("kubernetes:apps/v1:Deployment", "compute-plane-executor").inputs);
    expect(env).toContain('{"name":"ON_DEMAND_NAMESPACES","value":"later-production"}');
  });

  it("bring the sync, its rights and its fence; without them there is none of these", async () => {
    const [without, made] = [await build(), await build({ projects: declared })];
    expect(account(without)).not.toContain("compute-plane-sync");
    expect(names(without).filter((name) => name.includes("sync"))).toEqual([]);
    expect(account(made)).toContain("compute-plane-sync");
    const [role, ...more] = kind(made, "ClusterRole");
    expect(more).toEqual([]);
    const [cluster, platform] = syncPermissions(declared.slice(1));
    expect(role?.inputs).toMatchObject({ metadata: { name: "union-sync" }, rules: cluster?.rules });
    expect(made.one("kubernetes:rbac.authorization.k8s.io/v1:Role", "compute-plane-sync").inputs).toMatchObject({
      rules: platform?.rules,
    });
    expect(
      made.one("kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding", "compute-plane-sync").inputs,
    ).toMatchObject({ subjects: [{ kind: "ServiceAccount", name: "sync", namespace: "union" }] });
    expect(names(made)).toContain(
      "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy compute-plane-admission-sync",
    );
  });

  const syncPlan = (made: Recorded): unknown => {
    const { data } = made.one("kubernetes:core/v1:ConfigMap", "compute-plane-sync-plan").inputs as {
      data: Record<string, string>;
    };
    return JSON.parse(data["plan.json"] ?? "");
  };

  it("are told to the sync with their own roles, and with what every plan needs", async () => {
    const made = await build({
      projects: declared,
      identities: { ...identities, projects: { "later-production": "arn:of-later" } },
    });
    expect(syncPlan(made)).toEqual({
      org: "acme",
      platform: "union",
      dnsServers: [],
      egress: "open-443",
      projects: [{ project: "later", domain: "production", roleArn: "arn:of-later" }],
    });
  });

  it("start the sync only once its fence stands", async () => {
    const binding = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding";
    const made = await build({ projects: declared }, false, [binding]);
    const { begun } = made.one("kubernetes:apps/v1:Deployment", "compute-plane-sync");
    expect(begun).toBeGreaterThan(made.one(binding, "compute-plane-admission-sync").ended);
  });

  it("give the sync names only: no rule without, no wildcard, no Secret read, nothing deleted", () => {
    const [cluster] = syncPermissions(declared.slice(1));
    for (const { apiGroups, resources, verbs, resourceNames } of cluster?.rules ?? []) {
      expect(resourceNames?.length, resources.join()).toBeGreaterThan(0);
      expect([...apiGroups, ...resources, ...verbs, ...(resourceNames ?? [])]).not.toContain("*");
      expect(verbs).not.toContain("delete");
      if (resources.includes("secrets")) expect(verbs).toEqual(["create", "patch"]);
      const handsOn = verbs.some((verb) => ["bind", "escalate"].includes(verb));
      expect(handsOn, resources.join()).toBe(resources.includes("roles"));
    }
    expect(syncPermissions([])).toEqual([]);
  });
});

describe("apps", () => {
  const image = `registry.test/serving@sha256:${"b".repeat(64)}`;
  const programs = { activator: image, autoscaler: image, controller: image, webhook: image, queue: image };
  const apps = {
    domain: "apps.acme.test",
    images: { ...programs, gatewayController: image, gateway: image },
  };
  const declared = [...projects(1), { project: "later", domain: "production", onDemand: true }];

  it("are made by a service of their own, which asks for no more than Knative's Services, and only where they are served", async () => {
    const [without, made] = [await build({ projects: declared }), await build({ projects: declared, apps })];
    expect(names(without).filter((name) => name.endsWith("compute-plane-apps"))).toEqual([]);
    const { spec } = made.one("kubernetes:apps/v1:Deployment", "compute-plane-apps").inputs;
    const env = JSON.stringify(spec);
    for (const [name, value] of Object.entries({
      ...{ APPS_DOMAIN: "apps.acme.test", DATA_ROOT: "s3://m", ORG: "acme", LEADER_LEASE: "apps" },
      ...{ PROJECT_NAMESPACES: "team0-development,later-production", ON_DEMAND_NAMESPACES: "later-production" },
    }))
      expect(env).toContain(`{"name":"${name}","value":"${value}"}`);
    expect(made.one("kubernetes:core/v1:ServiceAccount", "compute-plane-apps").inputs).not.toHaveProperty(
      "metadata.annotations",
    );
    expect(made.one("kubernetes:coordination.k8s.io/v1:Lease", "compute-plane-apps").inputs).toMatchObject({
      metadata: { name: "apps" },
    });
    expect(
      made.one("kubernetes:rbac.authorization.k8s.io/v1:Role", "compute-plane-team0-development-apps").inputs,
    ).toMatchObject({ rules: permissionOf("apps").rules });
    const kinds = kind(made, "CustomResourceDefinition").filter(({ name }) => name.includes("serving.knative.dev"));
    const { begun } = made.one("kubernetes:apps/v1:Deployment", "compute-plane-apps");
    for (const { ended } of kinds) expect(begun).toBeGreaterThan(ended);
  });

  const management = { group: "biplane:managers", level: "no-delete" as const };
  const homes = ["knative-serving", "kourier-system"];
  const bound = (made: Recorded) =>
    kind(made, "RoleBinding").flatMap(({ inputs }) => {
      const { subjects = [], metadata } = inputs as {
        subjects?: { kind: string }[];
        metadata: { namespace: string };
      };
      return subjects.some((subject) => subject.kind === "Group") ? [metadata.namespace] : [];
    });

  it("are managed by the vendor where it operates the plane, once their namespaces stand, and by nobody else", async () => {
    const namespace = "kubernetes:core/v1:Namespace";
    const made = await build({ apps, management }, false, [namespace]);
    expect(bound(made).sort()).toEqual([...homes, "union"]);
    const role = made.one("kubernetes:rbac.authorization.k8s.io/v1:Role", "compute-plane-managers-serving");
    expect(role.begun).toBeGreaterThan(made.one(namespace, "compute-plane-serving-knative-serving").ended);
    expect(bound(await build({ management }))).toEqual(["union"]);
    for (const other of [
      await build({ apps }),
      await build({ apps, management: { ...management, level: "read-only" } }),
    ]) {
      expect(bound(other).filter((where) => homes.includes(where))).toEqual([]);
      expect(text(other)).not.toContain("biplane.dev/managers");
    }
  });

  it("are let in by the sync's plan, rights and fence too, in what is made on demand", async () => {
    const made = await build({ projects: declared, apps });
    const { data } = made.one("kubernetes:core/v1:ConfigMap", "compute-plane-sync-plan").inputs as {
      data: Record<string, string>;
    };
    expect(JSON.parse(data["plan.json"] ?? "")).toMatchObject({ servesApps: true });
    const [role] = kind(made, "ClusterRole").filter(({ name }) => name === "compute-plane-sync");
    expect(JSON.stringify(role?.inputs)).toContain('"allow-apps"');
    const fence = made.one(
      "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy",
      "compute-plane-admission-sync",
    );
    expect(JSON.stringify(fence.inputs)).toContain("allow-apps");
  });
});
