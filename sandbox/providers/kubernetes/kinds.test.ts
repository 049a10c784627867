import { expect, test } from "vitest";
import { diff } from "../machine/lifecycle.ts";
import { kubernetesPackage } from "./index.ts";

const pkg = kubernetesPackage({});

function replaced(token: string, olds: object, news: object) {
  const type = pkg.typeOf(token);
  if (!type) throw new Error(`${token} is not known`);
  const [, apiVersion = "", kind] = token.split(":");
  const base = { apiVersion: apiVersion.replace("core/", ""), kind, metadata: { name: "n" } };
  return diff(type, { ...base, ...olds }, { ...base, ...news });
}

test("what the API server refuses to change is replaced, and removed first since the name is taken", () => {
  const changes: [string, object, object][] = [
    ["kubernetes:batch/v1:Job", { spec: { template: { a: 1 } } }, { spec: { template: { a: 2 } } }],
    ["kubernetes:apps/v1:Deployment", { spec: { selector: { a: 1 } } }, { spec: { selector: { a: 2 } } }],
    ["kubernetes:core/v1:Service", { spec: { clusterIP: "None" } }, { spec: { clusterIP: "10.0.0.1" } }],
    ["kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", { roleRef: { name: "a" } }, { roleRef: { name: "b" } }],
    ["kubernetes:core/v1:Secret", { immutable: true, data: { a: "1" } }, { immutable: true, data: { a: "2" } }],
  ];
  for (const [token, olds, news] of changes) {
    expect(replaced(token, olds, news), token).toMatchObject({ replace: true, deleteBeforeReplace: true });
  }
});

test("an object that gets another name is made before the old one goes", () => {
  const news = { metadata: { name: "m" } };
  expect(replaced("kubernetes:batch/v1:Job", {}, news)).toMatchObject({ replace: true, deleteBeforeReplace: false });
});

test("a budget, an autoscaler, an admission policy and what it is bound to change in place", () => {
  const changes: [string, object, object][] = [
    ["kubernetes:policy/v1:PodDisruptionBudget", { maxUnavailable: 1 }, { maxUnavailable: 2 }],
    ["kubernetes:autoscaling/v2:HorizontalPodAutoscaler", { maxReplicas: 3 }, { maxReplicas: 4 }],
    [
      "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy",
      { validations: [{ expression: "true" }] },
      { validations: [{ expression: "false" }] },
    ],
    [
      "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding",
      { matchResources: { a: 1 } },
      { matchResources: { a: 2 } },
    ],
  ];
  for (const [token, olds, news] of changes) {
    const { changes: found, replace } = replaced(token, { spec: olds }, { spec: news });
    expect([found.length, replace], token).toEqual([1, false]);
  }
});

test("an image or a replica count changes in place", () => {
  const change = replaced("kubernetes:apps/v1:Deployment", { spec: { replicas: 1 } }, { spec: { replicas: 2 } });
  expect(change).toMatchObject({ replace: false });
});

test("a secret's content is replaced whole, unless the provider is told that it is mutable", async () => {
  const change = () => replaced("kubernetes:core/v1:Secret", { data: { a: "1" } }, { data: { a: "2" } }).replace;
  expect(change()).toBe(true);
  await pkg.configure?.({ kubeconfig: "{}", enableSecretMutable: "true" });
  expect(change()).toBe(false);
  await pkg.configure?.({ kubeconfig: "{}" });
});

test("custom kinds are known, charts and patches are not", () => {
  expect(pkg.typeOf("kubernetes:flyte.org/v1:TaskAction")).toBeDefined();
  expect(pkg.typeOf("kubernetes:helm.sh/v3:Release")).toBeUndefined();
  expect(pkg.typeOf("kubernetes:apps/v1:DeploymentPatch")).toBeUndefined();
  expect(pkg.typeOf("kubernetes:yaml:ConfigFile")).toBeUndefined();
});
