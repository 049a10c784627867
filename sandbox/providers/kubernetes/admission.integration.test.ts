/** Every admission policy on a real API server: what it refuses and in which words, beside what it lets pass. */
import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AdmissionArgs, planAdmission } from "../../../components/admission/plan.ts";
import { policyName, renderBinding, renderPolicy } from "../../../components/admission/policy.ts";
import { renderBuildPod } from "../../../components/image-builder/build-pod.ts";
import { builderAccount, builderAudience, buildNamespace } from "../../../components/image-builder/contract.ts";
import { shipperAccount, shipperNamespace } from "../../../components/logs/contract.ts";
import { renderDaemon } from "../../../components/logs/daemon.ts";
import { type Answer, startApiServer, type TestApiServer } from "./testing/api-server.ts";
import {
  bindingOf,
  clusterBindingOf,
  type PodWish,
  podOf,
  roleOf,
  serviceImage,
  taskImage,
} from "./testing/objects.ts";

const platform = "union";
const project = "demo-development";
const userRole = "arn:aws:iam::111111111111:role/userflyterole";
const adminRole = "arn:aws:iam::111111111111:role/adminflyterole";
const managers = { user: "ada@vendor.test", groups: ["biplane:managers", "system:authenticated"] };
const operators = { user: "eve@customer.test", groups: ["acme:operators", "system:authenticated"] };

const shipperImage = `registry.test/fluent-bit@sha256:${"0".repeat(64)}`;

const buildImage = `registry.test/buildkit@sha256:${"0".repeat(64)}`;

const args: AdmissionArgs = {
  namespace: platform,
  projectNamespaces: [project],
  images: { platform: [serviceImage], tasks: ["registry.test/tasks", "docker.io/library/python", "ghcr.io"] },
  roles: { [`${platform}/executor`]: adminRole, [`${project}/default`]: userRole },
  operatorGroups: ["acme:operators"],
  exceptions: [shipperNamespace, buildNamespace],
  shipperImage,
  builderImages: { build: buildImage, service: serviceImage },
  management: { group: "biplane:managers", level: "no-delete" },
};

const registration = "/apis/admissionregistration.k8s.io/v1";
const rbac = "/apis/rbac.authorization.k8s.io/v1";

let api: TestApiServer;
beforeAll(async () => {
  api = await startApiServer();
  // Without Pod Security labels: here the policies alone are judged.
  for (const name of [platform, project, shipperNamespace, buildNamespace, "elsewhere"]) {
    await made("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace: name } };
    await made(`/api/v1/namespaces/${name}/serviceaccounts`, account);
  }
  const account = { apiVersion: "v1", kind: "ServiceAccount" };
  for (const [name, namespace] of [
    [shipperAccount, shipperNamespace],
    [builderAccount, buildNamespace],
  ])
    await made(`/api/v1/namespaces/${namespace}/serviceaccounts`, { ...account, metadata: { name, namespace } });
  await made(
    `/api/v1/namespaces/${project}/pods`,
    podOf({ name: "running", namespace: project, image: "quay.io/before:1" }),
  );
  await made(`/api/v1/namespaces/${project}/pods`, podOf({ name: "approved", namespace: project, image: taskImage }));
  await made(`/apis/apps/v1/namespaces/${platform}/deployments`, deployment());
  // Rights in plenty: what these are refused, they are refused by admission.
  for (const name of ["acme:operators", "biplane:managers"]) {
    const binding = clusterBindingOf("cluster-admin", { kind: "Group", name });
    await made(`${rbac}/clusterrolebindings`, { ...binding, metadata: { name: name.replace(":", "-") } });
  }
  for (const policy of planAdmission(args)) {
    const metadata = { name: policyName(policy, platform) };
    const apiVersion = "admissionregistration.k8s.io/v1";
    const kind = "ValidatingAdmissionPolicy";
    const spec = await known(renderPolicy(policy));
    await made(`${registration}/validatingadmissionpolicies`, { apiVersion, kind, metadata, spec });
    const binding = { apiVersion, kind: `${kind}Binding`, metadata, spec: renderBinding(policy, metadata.name) };
    await made(`${registration}/validatingadmissionpolicybindings`, binding);
  }
  // Policies are read anew about once a second; where the last one is in force, all are.
  const inForce = async () => (await asManager("POST", "/api/v1/namespaces", space)).message.includes("'management.");
  for (let waited = 0; !(await inForce()); waited += 200) {
    if (waited > 20_000) throw new Error("the policies do not come into force");
    await sleep(200);
  }
});
afterAll(() => api?.close());

const known = (value: unknown) =>
  new Promise<object>((resolve) => pulumi.output(value as object).apply((settled) => resolve(settled)));
const space = { apiVersion: "v1", kind: "Namespace", metadata: { name: "tried" } };

async function made(path: string, body: object): Promise<void> {
  const { status, message } = await api.ask("POST", `${path}?fieldValidation=Strict`, { body });
  if (status !== 201) throw new Error(`${path}: ${message}`);
}

function deployment(image = serviceImage) {
  const { spec } = podOf({ name: "", namespace: platform, image });
  const labels = { app: "executor" };
  const template = { metadata: { labels }, spec };
  const metadata = { name: "executor", namespace: platform };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { selector: { matchLabels: labels }, template } };
}

/** Judged as if it were made, and not kept. */
const tried = (path: string, body: object) => api.ask("POST", `${path}?dryRun=All`, { body });
const pod = (wish: Partial<PodWish>) => {
  const { namespace = project } = wish;
  const image = namespace === platform ? serviceImage : taskImage;
  const whole = podOf({ name: "tried", image, ...wish, namespace });
  return tried(`/api/v1/namespaces/${namespace}/pods`, whole);
};
const inNamespace = (kind: string, object: { metadata: { namespace: string } }) =>
  tried(`/api/v1/namespaces/${object.metadata.namespace}/${kind}`, object);
const inRbac = (kind: string, object: { metadata: { namespace: string } }) =>
  tried(`${rbac}/namespaces/${object.metadata.namespace}/${kind}`, object);
const asManager = (method: string, path: string, body?: object, contentType?: string) =>
  api.ask(method, `${path}?dryRun=All`, { body, contentType, as: managers });

function refused({ status, message }: Answer, policy: string, words: string) {
  expect(message).toContain(`ValidatingAdmissionPolicy '${policy}.union.biplane.dev'`);
  expect(message).toContain(words);
  expect([403, 422]).toContain(status);
}

const passed = (answer: Answer) => expect(answer, answer.message).toMatchObject({ status: 201 });

describe("the build namespace", () => {
  /** As the builder makes it, with one thing changed. */
  const building = async (spec: object = {}, container: object = {}) => {
    const whole = renderBuildPod({ name: "tried", image: buildImage, seconds: 60 });
    const [own] = whole.spec?.containers ?? [];
    return tried(`/api/v1/namespaces/${buildNamespace}/pods`, {
      ...whole,
      spec: { ...whole.spec, ...spec, containers: [{ ...own, ...container }] },
    });
  };
  const secured = (changed: object) => {
    const [own] = renderBuildPod({ name: "", image: "", seconds: 1 }).spec?.containers ?? [];
    return { securityContext: { ...own?.securityContext, ...changed } };
  };
  const token = { projected: { sources: [{ serviceAccountToken: { path: "token" } }] } };
  const volumes = (more: object) => ({
    volumes: [...["state", "run", "tmp"].map((name) => ({ name, emptyDir: {} })), { name: "tls", ...more }],
  });

  test("lets a build in as it is made, and the service under its account", async () => {
    passed(await building());
    const service = { serviceAccountName: builderAccount };
    const none = secured({ allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } });
    passed(await building(service, { ...none, image: serviceImage }));
    refused(await building(service), "image-builder", "could become more than it is");
    refused(
      await building(service, secured({ allowPrivilegeEscalation: false })),
      "image-builder",
      "keeps a capability",
    );
  });

  test.each<[string, object, object]>([
    ["runs another image", {}, { image: "registry.test/miner:1" }],
    ["runs another image", {}, { image: serviceImage }],
    ["mounts a folder of the node", volumes({ hostPath: { path: "/" } }), {}],
    ["holds a token", volumes(token), {}],
    ["shares the node's network", { hostNetwork: true }, {}],
    ["shares the node's network", { hostPID: true }, {}],
    ["listens on the node's own address", {}, { ports: [{ containerPort: 1, hostPort: 1 }] }],
    ["could run as root", {}, secured({ runAsUser: 0 })],
    ["could run as root", { securityContext: { runAsUser: 1000 } }, {}],
    ["is privileged", {}, secured({ privileged: true })],
    ["is privileged, or sees what is masked", { hostUsers: false }, secured({ procMount: "Unmasked" })],
    ["keeps a capability", {}, secured({ capabilities: { drop: ["ALL"], add: ["SETUID", "SYS_ADMIN"] } })],
    ["keeps a capability", {}, secured({ capabilities: { add: ["SETUID", "SETGID"] } })],
  ])("refuses a build that %s", async (words, spec, container) => {
    refused(await building(spec, container), "image-builder", words);
  });

  test("refuses any account but its own two", async () => {
    const account = {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "other", namespace: buildNamespace },
    };
    await made(`/api/v1/namespaces/${buildNamespace}/serviceaccounts`, account);
    refused(await building({ serviceAccountName: "other" }), "image-builder", "runs as account other");
  });
});

describe("the log shipper's namespace", () => {
  /** As the DaemonSet makes it, with one thing changed. */
  const shipped = async (spec: object = {}, container: object = {}) => {
    const files = { kind: "configMap" as const, name: "shipper", checksum: "0" };
    const daemon = renderDaemon({ kind: "fluent-bit", image: shipperImage, region: "us-east-2", files });
    const { template } = (await known(daemon)) as { template: { spec: { containers: object[] } } };
    const whole = { ...template.spec, ...spec, containers: [{ ...template.spec.containers[0], ...container }] };
    const metadata = { name: "tried", namespace: shipperNamespace };
    return inNamespace("pods", { apiVersion: "v1", kind: "Pod", metadata, spec: whole } as Placed);
  };
  interface Placed {
    metadata: { namespace: string };
  }
  const security = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } };
  const volumes = (path: string) => ({
    volumes: [...["files", "offsets"].map((name) => ({ name, emptyDir: {} })), { name: "logs", hostPath: { path } }],
  });

  test("runs the shipper as the kit makes it", async () => passed(await shipped()));

  test.each<[string, object, object, string]>([
    ["another account", { serviceAccountName: "default" }, {}, "runs as account default"],
    ["another image", {}, { image: `quay.io/x@sha256:${"0".repeat(64)}` }, "another image than the log shipper's"],
    ["a tag", {}, { image: "registry.test/fluent-bit:5" }, "another image than the log shipper's"],
    ["another folder of the node", volumes("/etc"), {}, "another folder of the node"],
    ["the logs' folder in another writing", volumes("/var/log/pods/"), {}, "another folder of the node"],
    [
      "logs that it could write",
      {},
      { volumeMounts: [{ name: "logs", mountPath: "/x" }] },
      "could write the nodes' logs",
    ],
    ["the node's network", { hostNetwork: true }, {}, "shares the node's network"],
    ["a privileged container", {}, { securityContext: { privileged: true } }, "could become more than it is"],
    [
      "a container that may escalate",
      {},
      { securityContext: { ...security, allowPrivilegeEscalation: true } },
      "could become",
    ],
    [
      "a capability",
      {},
      { securityContext: { ...security, capabilities: { drop: ["ALL"], add: ["SYS_ADMIN"] } } },
      "keeps a capability",
    ],
    [
      "capabilities that are not dropped",
      {},
      { securityContext: { ...security, capabilities: {} } },
      "keeps a capability",
    ],
    [
      "a port of the node",
      {},
      { ports: [{ containerPort: 2020, hostPort: 2020 }] },
      "listens on the node's own address",
    ],
  ])("refuses %s", async (_, spec, container, words) => {
    refused(await shipped(spec, container), "log-shipper", words);
  });

  test("looks at a second container as well", async () => {
    const helper = {
      name: "helper",
      image: shipperImage,
      securityContext: { ...security, readOnlyRootFilesystem: false },
    };
    refused(await shipped({ initContainers: [helper] }), "log-shipper", "could become more than it is");
  });

  test("is no home for sessions and roles of strangers", async () => {
    const at = `/api/v1/namespaces/${shipperNamespace}/pods/tried/exec`;
    refused(await api.ask("POST", at), "sessions", "asks for pods/exec of union-logs/tried");
    const role = roleOf(shipperNamespace, { apiGroups: [""], resources: ["secrets"], verbs: ["get"] });
    refused(await inRbac("roles", role), "roles", "reaches every Secret");
  });
});

describe("images", () => {
  test("an image of no approved registry is refused, with the registries that are", async () => {
    refused(
      await pod({ image: "quay.io/evil/miner:1" }),
      "images",
      "image quay.io/evil/miner:1 is not from an approved registry; allowed: registry.test/tasks, docker.io/library/python, ghcr.io. Push it",
    );
  });

  test.each([
    "python:3.11",
    "docker.io/library/python:3.11",
    "ghcr.io/acme/any:1",
    "registry.test/tasks/a/b@sha256:abc",
  ])("%s is of an approved one", async (image) => passed(await pod({ image })));

  test.each([
    "registry.test/tasks-of-others/x:1",
    "ghcr.io.evil.test/x:1",
    "ghcr.io:5000/x:1",
    "pythonic:1",
    "evil/python:3.11",
    "evil.test/docker.io/library/python:1",
  ])("%s only looks like one", async (image) => {
    refused(await pod({ image }), "images", `image ${image} is not`);
  });

  test("a second container and an init container are looked at as well", async () => {
    const evil = { name: "helper", image: "quay.io/x:1" };
    refused(await pod({ spec: { initContainers: [evil] } }), "images", "image quay.io/x:1");
  });

  test("the platform runs its own image by digest, and no other", async () => {
    passed(await pod({ namespace: platform }));
    refused(
      await pod({ namespace: platform, image: "registry.test/biplane/services:latest" }),
      "images",
      "is named by a tag; allowed: by digest. Name it as registry.test/biplane/services:latest@sha256:",
    );
    refused(await pod({ namespace: platform, image: taskImage }), "images", "allowed: registry.test/biplane/services.");
  });

  test("other namespaces are none of ours", async () => {
    passed(await pod({ namespace: "elsewhere", image: "quay.io/any:1" }));
  });
});

describe("pods", () => {
  test.each<[string, Partial<PodWish>]>([
    ["shares the node's network, processes or memory", { spec: { hostNetwork: true } }],
    ["shares the node's network, processes or memory", { spec: { hostPID: true } }],
    ["mounts a folder of the node (hostPath)", { spec: { volumes: [{ name: "v", hostPath: { path: "/" } }] } }],
    ["listens on the node's own address (hostPort)", { container: { ports: [{ containerPort: 80, hostPort: 80 }] } }],
    ["has a privileged container", { container: { securityContext: { privileged: true } } }],
    ["chooses its node past the scheduler (nodeName)", { spec: { nodeName: "node-1" } }],
    ["runs as account builder; allowed: the namespace's own, default", { spec: { serviceAccountName: "builder" } }],
    [
      "mounts a token of the Kubernetes API; allowed: none, or one for sts",
      { spec: { automountServiceAccountToken: true } },
    ],
    ["takes the platform's priority system-node-critical", { spec: { priorityClassName: "system-node-critical" } }],
  ])("a task pod that %s is refused", async (words, wish) => {
    await account(project, "builder");
    refused(await pod(wish), "pods", `pod tried ${words}`);
  });

  test("a task pod with the cloud's token passes, as EKS's webhook writes it, and one with the image builder's", async () => {
    for (const audience of ["sts.amazonaws.com", builderAudience]) {
      const sources = [{ serviceAccountToken: { audience, path: "token" } }];
      passed(await pod({ spec: { volumes: [{ name: "aws-iam-token", projected: { sources } }] } }));
    }
    const own = [{ serviceAccountToken: { path: "token" } }];
    refused(await pod({ spec: { volumes: [{ name: "t", projected: { sources: own } }] } }), "pods", "mounts a token");
  });

  test("a task pod that asks for secrets is let in with what the webhook gave it, and not without", async () => {
    const asked = { "biplane.dev/secrets": '[{"as":"file","name":"key"}]' };
    refused(await pod({ annotations: asked }), "pods", "pod tried asks for secrets and was given none");
    passed(await pod({ annotations: { ...asked, "biplane.dev/secrets-from": "task-secrets-0" } }));
  });

  test("the platform's pods may use the API, and cannot write their own files", async () => {
    passed(await pod({ namespace: platform, spec: { automountServiceAccountToken: true } }));
    const writable = { securityContext: { allowPrivilegeEscalation: false } };
    refused(await pod({ namespace: platform, container: writable }), "pods", "whose own files can be written");
  });

  test("a pod that ran before its policy may still be labelled, and gets no other image", async () => {
    const path = `/api/v1/namespaces/${project}/pods/running?dryRun=All`;
    const patch = (body: object) =>
      api.ask("PATCH", path, { body, contentType: "application/strategic-merge-patch+json" });
    const labelled = await patch({ metadata: { labels: { seen: "yes" } } });
    expect(labelled.status, labelled.message).toBe(200);
    refused(
      await patch({ spec: { containers: [{ name: "main", image: "quay.io/after:1" }] } }),
      "images",
      "quay.io/after:1",
    );
  });
});

async function account(namespace: string, name: string) {
  const body = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } };
  await api.ask("POST", `/api/v1/namespaces/${namespace}/serviceaccounts`, { body });
}

describe("ways in", () => {
  const service = (spec: object) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "tried", namespace: project },
    spec: { ports: [{ port: 80 }], ...spec },
  });

  test.each(["NodePort", "LoadBalancer"])("a service of type %s is refused", async (type) => {
    refused(
      await inNamespace("services", service({ type })),
      "services",
      `service tried is of type ${type}; allowed: ClusterIP.`,
    );
  });

  test("a service that names another host, or takes its address, is refused; one of the cluster passes", async () => {
    const external = service({ type: "ExternalName", externalName: "evil.test" });
    refused(await inNamespace("services", external), "services", "is of type ExternalName");
    refused(
      await inNamespace("services", service({ externalIPs: ["1.2.3.4"] })),
      "services",
      "takes the address 1.2.3.4",
    );
    passed(await inNamespace("services", service({})));
  });

  test.each(["exec", "attach", "portforward", "proxy"])(
    "a session by %s is for the customer's operators only",
    async (way) => {
      const path = `/api/v1/namespaces/${project}/pods/running/${way}?command=id&container=main&stdout=true`;
      refused(
        await api.ask("POST", path),
        "sessions",
        `test-admin asks for pods/${way} of demo-development/running; allowed: the groups acme:operators.`,
      );
      // Past admission: no node runs the pod, and that is what is told now.
      expect((await api.ask("POST", path, { as: operators })).message).not.toContain("ValidatingAdmissionPolicy");
    },
  );

  test("a debugging container is put into no pod", async () => {
    const body = { spec: { ephemeralContainers: [{ name: "debug", image: taskImage }] } };
    const path = `/api/v1/namespaces/${project}/pods/approved/ephemeralcontainers?dryRun=All`;
    const answer = await api.ask("PATCH", path, { body, contentType: "application/strategic-merge-patch+json" });
    refused(answer, "sessions", "asks for pods/ephemeralcontainers");
  });
});

describe("rights", () => {
  const core = (resources: string[], verbs: string[], more = {}) => ({ apiGroups: [""], resources, verbs, ...more });

  test("a role with a wildcard, with every Secret, or by which its holder could grow is refused", async () => {
    refused(await inRbac("roles", roleOf(project, core(["*"], ["get"]))), "roles", "role tried has a rule with *");
    refused(await inRbac("roles", roleOf(project, core(["pods"], ["*"]))), "roles", "has a rule with *");
    refused(await inRbac("roles", roleOf(project, core(["secrets"], ["get"]))), "roles", "reaches every Secret");
    refused(await inRbac("roles", roleOf(project, core(["users"], ["impersonate"]))), "roles", "may make itself more");
    passed(await inRbac("roles", roleOf(project, core(["secrets"], ["get"], { resourceNames: ["one"] }))));
    refused(await inRbac("roles", roleOf(project, core(["secrets"], ["create", "list"]))), "roles", "reaches every");
    passed(await inRbac("roles", roleOf(project, core(["secrets"], ["create"]))));
  });

  test("a binding to a cluster role, or of a stranger, is refused", async () => {
    const subject = { kind: "ServiceAccount", name: "executor", namespace: platform };
    const admin = { kind: "ClusterRole" as const, name: "cluster-admin" };
    refused(
      await inRbac("rolebindings", bindingOf({ namespace: project, role: admin, subject })),
      "bindings",
      "binding tried gives the cluster role cluster-admin",
    );
    for (const stranger of [
      { kind: "ServiceAccount", name: "default", namespace: "elsewhere" },
      { kind: "User", name: "ada@vendor.test" },
      { kind: "Group", name: "system:authenticated" },
      { kind: "Group", name: "biplane:managers" },
    ]) {
      const binding = bindingOf({ namespace: project, subject: stranger });
      refused(await inRbac("rolebindings", binding), "bindings", `names ${stranger.kind} ${stranger.name}`);
    }
    passed(await inRbac("rolebindings", bindingOf({ namespace: project, subject })));
    passed(
      await inRbac(
        "rolebindings",
        bindingOf({ namespace: platform, subject: { kind: "Group", name: "biplane:managers" } }),
      ),
    );
  });

  test("no account of ours and nobody at large gets a role in the whole cluster", async () => {
    const bind = (role: string, subject: { kind: string; name: string; namespace?: string }) =>
      tried(`${rbac}/clusterrolebindings`, clusterBindingOf(role, subject));
    const ours = { kind: "ServiceAccount", name: "default", namespace: project };
    refused(await bind("view", ours), "cluster-bindings", "binding tried gives ServiceAccount default a role");
    const accounts = { kind: "Group", name: `system:serviceaccounts:${platform}` };
    refused(await bind("view", accounts), "cluster-bindings", `gives Group ${accounts.name}`);
    refused(
      await bind("cluster-admin", { kind: "Group", name: "system:authenticated" }),
      "cluster-bindings",
      "gives Group",
    );
    passed(await bind("view", { kind: "Group", name: "acme:operators" }));
    passed(await bind("view", { kind: "ServiceAccount", name: "default", namespace: "elsewhere" }));
  });

  test("an account names the cloud role that the stack gave it, or none", async () => {
    const named = (namespace: string, name: string, role: string) =>
      inNamespace("serviceaccounts", {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name, namespace, annotations: { "eks.amazonaws.com/role-arn": role } },
      } as { metadata: { namespace: string } });
    passed(await named(platform, "executor", adminRole));
    refused(
      await named(project, "helper", adminRole),
      "accounts",
      `account demo-development/helper names cloud role ${adminRole}; allowed: none.`,
    );
    refused(await named(platform, "executor", userRole), "accounts", `allowed: ${adminRole}`);
  });

  test("a token is never kept in a Secret", async () => {
    const secret = (type: string) => ({
      apiVersion: "v1",
      kind: "Secret",
      type,
      metadata: { name: "tried", namespace: project, annotations: { "kubernetes.io/service-account.name": "default" } },
    });
    const kept = secret("kubernetes.io/service-account-token");
    refused(await inNamespace("secrets", kept), "tokens", "secret tried would hold an account's token for ever");
    passed(await inNamespace("secrets", secret("Opaque")));
  });

  test("our namespaces stay restricted", async () => {
    const level = (name: string, standard: string) =>
      api.ask("PATCH", `/api/v1/namespaces/${name}?dryRun=All`, {
        body: { metadata: { labels: { "pod-security.kubernetes.io/enforce": standard } } },
        contentType: "application/merge-patch+json",
      });
    refused(
      await level(project, "privileged"),
      "namespaces",
      "has the Pod Security level privileged; allowed: restricted",
    );
    expect((await level(project, "restricted")).status).toBe(200);
    expect((await level("elsewhere", "privileged")).status).toBe(200);
  });
});

describe("the vendor's managers, even with every right in RBAC", () => {
  const merge = "application/merge-patch+json";
  const path = `/apis/apps/v1/namespaces/${platform}/deployments/executor`;

  test("restart and scale, and change nothing of what runs", async () => {
    const restart = {
      spec: { template: { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": "now" } } } },
    };
    expect((await asManager("PATCH", path, restart, merge)).status).toBe(200);
    expect((await asManager("PATCH", path, { spec: { replicas: 3 } }, merge)).status).toBe(200);
    expect((await asManager("PATCH", `${path}/scale`, { spec: { replicas: 3 } }, merge)).status).toBe(200);
    const containers = [{ name: "main", image: "evil.test/x:1" }];
    const other = { spec: { template: { spec: { containers } } } };
    refused(await asManager("PATCH", path, other, merge), "management", "changes what deployment executor runs");
    const relabelled = { spec: { template: { metadata: { labels: { app: "executor", more: "x" } } } } };
    refused(await asManager("PATCH", path, relabelled, merge), "management", "changes what deployment");
  });

  test.each<[string, string, string, object?]>([
    [
      "run a pod of their own",
      "POST",
      `/api/v1/namespaces/${platform}/pods`,
      podOf({ name: "x", namespace: platform, image: serviceImage }),
    ],
    [
      "run one beside Kubernetes' own",
      "POST",
      "/api/v1/namespaces/elsewhere/pods",
      podOf({ name: "x", namespace: "elsewhere", image: "a:1" }),
    ],
    [
      "mint a token",
      "POST",
      `/api/v1/namespaces/${project}/serviceaccounts/default/token`,
      { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { audiences: ["sts.amazonaws.com"] } },
    ],
    [
      "write a Secret",
      "POST",
      `/api/v1/namespaces/${project}/secrets`,
      { apiVersion: "v1", kind: "Secret", metadata: { name: "x" } },
    ],
    [
      "make a deployment",
      "POST",
      `/apis/apps/v1/namespaces/${platform}/deployments`,
      { ...deployment(), metadata: { name: "x", namespace: platform } },
    ],
    [
      "grant rights",
      "POST",
      `${rbac}/clusterroles`,
      { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "x" }, rules: [] },
    ],
    ["delete a namespace", "DELETE", `/api/v1/namespaces/${project}`],
    ["delete a pod at this level", "DELETE", `/api/v1/namespaces/${project}/pods/running`],
    ["open a session where no other policy holds", "POST", "/api/v1/namespaces/elsewhere/pods/running/exec"],
    ["reach a kubelet", "POST", "/api/v1/nodes/node-1/proxy/run"],
  ])("do not %s", async (_, method, at, body) => {
    // A session cannot be tried dry.
    const dry = /\/(exec|run)$/.test(at) ? "" : "?dryRun=All";
    refused(await api.ask(method, `${at}${dry}`, { body, as: managers }), "management", "ada@vendor.test");
  });

  test("drain nodes and ask what they may", async () => {
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "running", namespace: project } };
    const evicted = await asManager("POST", `/api/v1/namespaces/${project}/pods/running/eviction`, eviction);
    expect(evicted.message).not.toContain("ValidatingAdmissionPolicy");
    const question = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: { verb: "get", resource: "secrets" } },
    };
    passed(await asManager("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", question));
  });
});
