import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { IsolatedNamespace } from "./namespace.ts";
import type { ServiceSpec } from "./service-spec.ts";
import { Workload } from "./workload.ts";

const image = `registry.test/biplane/services@sha256:${"a".repeat(64)}`;
const spec = (more: Partial<ServiceSpec> = {}): ServiceSpec => ({
  name: "web",
  entry: "/app/web.mjs",
  env: {},
  replicas: 2,
  rpcPort: 8080,
  ...more,
});
const build = (made: ServiceSpec, preview = false) =>
  recordResources(
    () =>
      new Workload("plane-web", {
        spec: made,
        all: [made],
        namespace: "union",
        image,
        around: { dnsServers: [], apiPort: pulumi.output(6443) },
        tls: "its own",
      }),
    { preview },
  );
const kinds = ({ all }: Awaited<ReturnType<typeof build>>) =>
  all
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ type, name }) => `${type.split(":").at(-1)} ${name}`)
    .sort();

const small = ["Deployment plane-web", "NetworkPolicy plane-web", "ServiceAccount plane-web"];

describe("Workload", () => {
  it("makes one object of each kind that its spec asks for, under the names that deployed stacks have", async () => {
    expect(kinds(await build(spec({ replicas: 1, rpcPort: undefined })))).toEqual(small);
    const whole = spec({
      publicPort: { port: 8443, nodePort: 30443 },
      meets: true,
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
      autoscale: { maxReplicas: 4 },
    });
    expect(kinds(await build(whole))).toEqual(
      [
        ...small,
        "HorizontalPodAutoscaler plane-web",
        "PodDisruptionBudget plane-web",
        "Role plane-web",
        "RoleBinding plane-web",
        "Service plane-web",
        "Service plane-web-peers",
        "Service plane-web-public",
      ].sort(),
    );
  });

  it("lets pods that must know each other find all of them, those that start and stop too", async () => {
    const { all } = await build(spec({ meets: true }));
    const peers = all.find(({ name }) => name === "plane-web-peers");
    expect(peers?.inputs).toMatchObject({
      metadata: { name: "web-peers" },
      spec: { clusterIP: "None", publishNotReadyAddresses: true, selector: { "app.kubernetes.io/name": "web" } },
    });
  });

  it("shows the same objects in a first preview", async () => {
    const whole = spec({ autoscale: { maxReplicas: 4 }, rules: [] });
    expect(kinds(await build(whole, true))).toEqual(kinds(await build(whole)));
  });

  it("binds its rules to its own account, in its own namespace", async () => {
    const rules = [{ apiGroups: [""], resources: ["secrets"], resourceNames: ["one"], verbs: ["get"] }];
    const made = await build(spec({ serviceAccount: "web-system", rules }));
    expect(made.one("kubernetes:rbac.authorization.k8s.io/v1:Role").inputs).toMatchObject({ rules });
    expect(made.one("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding").inputs).toMatchObject({
      metadata: { namespace: "union" },
      subjects: [{ kind: "ServiceAccount", name: "web-system", namespace: "union" }],
    });
  });

  it("starts no pod before its policy, its account and its rights are there", async () => {
    const slow = ["NetworkPolicy", "ServiceAccount", "RoleBinding"];
    const types = [
      "kubernetes:networking.k8s.io/v1:NetworkPolicy",
      "kubernetes:core/v1:ServiceAccount",
      "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
    ];
    const made = await recordResources(
      () => {
        const one = spec({ rules: [] });
        new Workload("web", {
          spec: one,
          all: [one],
          namespace: "union",
          image,
          around: { dnsServers: [], apiPort: 1 },
          tls: "its own",
        });
      },
      { slow: types },
    );
    const { begun } = made.one("kubernetes:apps/v1:Deployment");
    for (const [at, type] of types.entries()) expect(begun, slow[at]).toBeGreaterThan(made.one(type).ended);
  });
});

describe("IsolatedNamespace", () => {
  const make = (namespace: string, more = {}) =>
    recordResources(
      () =>
        new IsolatedNamespace("space", {
          namespace,
          quota: {},
          defaults: { request: { cpu: "1", memory: "1" }, limit: { cpu: "1", memory: "1" } },
          dnsServers: [],
          ...more,
        }),
    );
  const level = async (made: ReturnType<typeof make>) =>
    ((await made).one("kubernetes:core/v1:Namespace").inputs.metadata as { labels: Record<string, string> }).labels[
      "pod-security.kubernetes.io/enforce"
    ];

  it("is restricted, whatever labels it is given and whatever it is called", async () => {
    expect(await level(make("union"))).toBe("restricted");
    expect(await level(make("union", { labels: { "pod-security.kubernetes.io/enforce": "privileged" } }))).toBe(
      "restricted",
    );
    expect(await level(make("union-build"))).toBe("restricted");
  });

  it("is an exception only by name and by asking", async () => {
    expect(await level(make("union-build", { isException: true }))).toBe("privileged");
    await expect(make("union", { isException: true })).rejects.toThrow(
      /union is not among the Pod Security exceptions/,
    );
  });

  it("closes both directions in each of its policies", async () => {
    const policies = (await make("union")).of("kubernetes:networking.k8s.io/v1:NetworkPolicy");
    expect(policies.map(({ name }) => name)).toEqual(["space-default-deny", "space-allow-dns"]);
    for (const { inputs } of policies) expect(inputs.spec).toMatchObject({ policyTypes: ["Ingress", "Egress"] });
  });
});
