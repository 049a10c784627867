/** What the vendor's managers may do to what serves apps, on a real API server: by RBAC as granted, and by admission alone. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planBindings } from "../../../components/admission/access.ts";
import { homesOf, planManagement, rightsByPlace } from "../../../components/admission/management.ts";
import { servingHomes } from "../../../components/admission/management-serving.ts";
import { policyName, renderBinding, renderPolicy } from "../../../components/admission/policy.ts";
import { renderConfigs } from "../../../components/serving/configs.ts";
import { gatewayName, servingPrograms } from "../../../components/serving/contract.ts";
import { renderGateway } from "../../../components/serving/gateway.ts";
import { renderProgram } from "../../../components/serving/programs.ts";
import { collectLists } from "../../../verify/collect/kubernetes.ts";
import { faultIn, faultInBindings } from "../../../verify/reason/admission.ts";
import { type Answer, startApiServer, type TestApiServer } from "./testing/api-server.ts";
import { bindingOf, clusterBindingOf } from "./testing/objects.ts";

const platform = "union";
const served = { namespace: platform, servesApps: true };
const group = "biplane:managers";
const level = "no-delete";
/** With the rights of the level, and with every right that RBAC knows. */
const manager = { user: "ada@vendor.test", groups: [group, "system:authenticated"] };
const allowed = { user: "bob@vendor.test", groups: [group, "everything", "system:authenticated"] };

const digest = (character: string) => `@sha256:${character.repeat(64)}`;
const imageOf = (name: string, release = "0") => `registry.test:5000/serving/${name}${digest(release)}`;
const images = {
  ...{ activator: imageOf("activator"), autoscaler: imageOf("autoscaler"), controller: imageOf("controller") },
  ...{ webhook: imageOf("webhook"), queue: imageOf("queue"), gateway: imageOf("envoy") },
  gatewayController: imageOf("kourier"),
};
const rbac = "/apis/rbac.authorization.k8s.io/v1";
const deployments = (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments`;
const configs = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`;
const { serving, gateway } = servingHomes;

let api: TestApiServer;
beforeAll(async () => {
  api = await startApiServer();
  for (const name of [platform, serving, gateway]) {
    await made("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
    await made(`/api/v1/namespaces/${name}/serviceaccounts`, account);
  }
  const running = { replicas: 2 };
  const deployed = [
    ...servingPrograms.map(
      (name) => [serving, name, renderProgram(name, { ...running, image: images[name] })] as const,
    ),
    [gateway, gatewayName, renderGateway({ ...running, image: images.gateway })] as const,
  ];
  for (const [namespace, name, spec] of deployed)
    await made(deployments(namespace), { apiVersion: "apps/v1", kind: "Deployment", metadata: { name }, spec });
  for (const [name, data] of Object.entries(renderConfigs({ domain: "apps.acme.test", images })))
    await made(configs(serving), { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data });
  await grant();
  const managers = { kind: "Group", name: group } as const;
  for (const policy of [
    planBindings(
      { namespace: platform, projectNamespaces: [], serving: [serving, gateway] },
      { operators: [], managers },
    ),
    planManagement({ group, level }, served),
  ]) {
    const registration = "/apis/admissionregistration.k8s.io/v1";
    const metadata = { name: policyName(policy, platform) };
    const type = { apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingAdmissionPolicy" };
    await made(`${registration}/validatingadmissionpolicies`, { ...type, metadata, spec: renderPolicy(policy) });
    const binding = { ...type, kind: `${type.kind}Binding`, metadata, spec: renderBinding(policy, metadata.name) };
    await made(`${registration}/validatingadmissionpolicybindings`, binding);
  }
  const tried = { apiVersion: "v1", kind: "Namespace", metadata: { name: "tried" } };
  const inForce = async () => (await as(allowed, "POST", "/api/v1/namespaces", tried)).message.includes("'management.");
  for (let waited = 0; !(await inForce()); waited += 200) {
    if (waited > 20_000) throw new Error("the policy does not come into force");
    await sleep(200);
  }
});
afterAll(() => api?.close());

async function made(path: string, body: object): Promise<void> {
  const { status, message } = await api.ask("POST", `${path}?fieldValidation=Strict`, { body });
  if (status !== 201) throw new Error(`${path}: ${message}`);
}

async function grant(): Promise<void> {
  const everything = { ...clusterBindingOf("cluster-admin", { kind: "Group", name: "everything" }) };
  await made(`${rbac}/clusterrolebindings`, { ...everything, metadata: { name: "everything" } });
  const metadata = { name: "biplane-managers" };
  for (const { namespace, rules } of rightsByPlace(level, homesOf(served))) {
    const kind = namespace === undefined ? "ClusterRole" : "Role";
    const path = namespace === undefined ? rbac : `${rbac}/namespaces/${namespace}`;
    await made(`${path}/${kind.toLowerCase()}s`, { apiVersion: "rbac.authorization.k8s.io/v1", kind, metadata, rules });
    await made(`${path}/${kind.toLowerCase()}bindings`, {
      ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: `${kind}Binding`, metadata },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: metadata.name },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: group }],
    });
  }
}

/** Judged as if it were done, and not kept. */
const as = (who: typeof manager, method: string, path: string, body?: object): Promise<Answer> =>
  api.ask(method, method === "GET" ? path : `${path}?dryRun=All`, {
    ...(body ? { body } : {}),
    ...(method === "PATCH" ? { contentType: "application/strategic-merge-patch+json" } : {}),
    as: who,
  });
const patch = (who: typeof manager, path: string, body: object) => as(who, "PATCH", path, body);
const passed = (answer: Answer) => expect(answer, answer.message).toMatchObject({ status: 200 });
function refused({ status, message }: Answer, words: string) {
  expect(message).toContain("ValidatingAdmissionPolicy 'management.union.biplane.dev'");
  expect(message).toContain(words);
  expect(status).toBe(403);
}
const podOf = (spec: object) => ({ spec: { template: { spec } } });
const container = (name: string, changed: object) => podOf({ containers: [{ name, ...changed }] });
const data = (values: object) => ({ data: values });

describe.each([
  { who: "by the rights of their level", as: manager },
  { who: "with every right in RBAC", as: allowed },
])("the vendor's managers, $who", ({ as: who }) => {
  test("upgrade, restart, size and scale each program", async () => {
    for (const [namespace, name, of] of [
      ...servingPrograms.map((program) => [serving, program, program] as const),
      [gateway, gatewayName, "envoy"] as const,
    ]) {
      const path = `${deployments(namespace)}/${name}`;
      passed(await patch(who, path, container(name, { image: imageOf(of, "1") })));
      const tagged = imageOf(of, "1").replace("@", ":v2@");
      passed(await patch(who, path, container(name, { image: tagged, resources: { limits: { memory: "1Gi" } } })));
      passed(await patch(who, `${path}/scale`, { spec: { replicas: 3 } }));
      const restarted = { annotations: { "kubectl.kubernetes.io/restartedAt": "now" } };
      passed(await patch(who, path, { spec: { template: { metadata: restarted } } }));
    }
  });

  test("configure how apps are scaled, and the release of the proxy beside them", async () => {
    const path = `${configs(serving)}/config-autoscaler`;
    passed(await as(who, "GET", path));
    passed(await patch(who, path, data({ "stable-window": "90s" })));
    const proxy = { "queue-sidecar-image": imageOf("queue", "1"), "queue-sidecar-cpu-limit": "2" };
    passed(await patch(who, `${configs(serving)}/config-deployment`, data(proxy)));
  });
});

describe("the vendor's managers, even with every right in RBAC", () => {
  const activator = `${deployments(serving)}/activator`;

  test.each([
    ["another repository", imageOf("evil", "1")],
    ["the same path of another registry", `evil.test/serving/activator${digest("1")}`],
    ["a repository below it", imageOf("activator/evil", "1")],
    ["a repository that begins like it", imageOf("activator-evil", "1")],
    ["a tag", "registry.test:5000/serving/activator:v2"],
  ])("run no image of %s", async (_, image) => {
    refused(
      await patch(allowed, activator, container("activator", { image })),
      `runs ${image} in deployment activator`,
    );
  });

  test.each<[string, object]>([
    ["a variable", container("activator", { env: [{ name: "MORE", value: "x" }] })],
    ["arguments", container("activator", { args: ["--more"] })],
    ["a command", container("activator", { command: ["/bin/sh"] })],
    ["a probe", container("activator", { livenessProbe: { httpGet: { path: "/other" } } })],
    ["privileges", container("activator", { securityContext: { runAsUser: 1 } })],
    ["another account", podOf({ serviceAccountName: "controller" })],
    ["a token", podOf({ volumes: [{ name: "more", secret: { secretName: "webhook-certs" } }] })],
    ["the node's network", podOf({ hostNetwork: true })],
    ["a container before it", podOf({ initContainers: [{ name: "more", image: imageOf("activator") }] })],
    ["other labels", { spec: { template: { metadata: { labels: { team: "a" } } } } }],
  ])("give a program no %s", async (_, body) => {
    refused(await patch(allowed, activator, body), "changes what pods of deployment activator are");
  });

  test("put no container beside one", async () => {
    const more = podOf({ containers: [{ name: "more", image: imageOf("activator") }] });
    refused(await patch(allowed, activator, more), `runs ${imageOf("activator")} in deployment activator`);
  });

  test.each<[string, object, string]>([
    ["another program", { "queue-sidecar-image": imageOf("evil", "1") }, "puts another program beside every app"],
    ["a tag", { "queue-sidecar-image": "registry.test:5000/serving/queue:v2" }, "puts another program beside"],
    ["no program", { "queue-sidecar-image": null }, "puts another program beside every app"],
    ["another program by the old name", { queueSidecarImage: imageOf("evil") }, "that are the customer stack's"],
    ["tokens", { "queue-sidecar-token-audiences": "sts.amazonaws.com" }, "that are the customer stack's"],
    ["tags that move", { "registries-skipping-tag-resolving": null }, "that are the customer stack's"],
  ])("put beside every app %s", async (_, values, words) => {
    refused(await patch(allowed, `${configs(serving)}/config-deployment`, data(values)), words);
  });

  test("seal no settings, and change no others", async () => {
    const path = `${configs(serving)}/config-gc`;
    refused(await patch(allowed, path, { immutable: true }), "seals settings config-gc");
    for (const other of ["config-network", "config-observability", "config-features", "config-domain"])
      refused(await patch(allowed, `${configs(serving)}/${other}`, data({ more: "x" })), "asks for /configmaps:UPDATE");
    refused(await as(allowed, "DELETE", path), "asks for /configmaps:DELETE");
  });

  test("make and change nothing else there", async () => {
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "own" } };
    const spec = { containers: [{ name: "own", image: imageOf("activator") }] };
    for (const namespace of [serving, gateway]) {
      refused(
        await as(allowed, "POST", `/api/v1/namespaces/${namespace}/pods`, { ...pod, spec }),
        "asks for /pods:CREATE",
      );
      const account = `/api/v1/namespaces/${namespace}/serviceaccounts`;
      refused(
        await as(allowed, "POST", account, { ...pod, kind: "ServiceAccount" }),
        "asks for /serviceaccounts:CREATE",
      );
      refused(
        await as(allowed, "POST", `/api/v1/namespaces/${namespace}/secrets`, { ...pod, kind: "Secret" }),
        "asks for",
      );
    }
    refused(await as(allowed, "DELETE", activator), "asks for apps/deployments:DELETE");
    const other = { ...renderProgram("activator", { image: images.activator, replicas: 1 }) };
    const made = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "own" }, spec: other };
    refused(await as(allowed, "POST", deployments(serving), made), "asks for apps/deployments:CREATE");
  });
});

test("RBAC alone keeps them from other settings, Secrets and logs", async () => {
  for (const path of [
    `${configs(serving)}/config-network`,
    configs(serving),
    configs(gateway),
    `/api/v1/namespaces/${serving}/secrets/webhook-certs`,
    `/api/v1/namespaces/${gateway}/pods/x/log`,
  ])
    expect((await as(manager, "GET", path)).status, path).toBe(403);
});

test("they are bound in the platform's and in serving's namespaces, and in no other way there", async () => {
  const bind = (namespace: string, name: string) =>
    api.ask("POST", `${rbac}/namespaces/${namespace}/rolebindings?dryRun=All`, {
      body: bindingOf({ namespace, subject: { kind: "Group", name } }),
    });
  for (const namespace of [platform, serving, gateway]) {
    expect((await bind(namespace, group)).status).toBe(201);
    expect((await bind(namespace, "strangers")).message).toContain("names Group strangers");
  }
});

test("the fence is read back by the collector as the kit words it, and APP-02 finds no fault in it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "biplane-fence-"));
  try {
    const file = join(folder, "kubeconfig");
    writeFileSync(file, api.kubeconfig, { mode: 0o600 });
    const { admissionPolicies, admissionBindings } = await collectLists(file);
    if (!(admissionPolicies.read && admissionBindings.read)) throw new Error("the policies were not read");
    const wanted = planManagement({ group, level }, served);
    const name = policyName(wanted, platform);
    const found = admissionPolicies.value.find(({ metadata }) => metadata?.name === name);
    expect(faultIn(found, wanted)).toBeUndefined();
    expect(faultInBindings(name, admissionBindings.value)).toBeUndefined();
    expect(faultIn(found, planManagement({ group, level: "full" }, served))).toBe("lacks rule 1 of 7");
    expect(faultIn(found, planManagement({ group: "others", level }, served))).toBe("holds for others than it should");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
