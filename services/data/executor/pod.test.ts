import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { Secret_MountType, SecretSchema, SecurityContextSchema } from "../../../gen/flyteidl2/core/security_pb.js";
import { Resources_ResourceName as Name, TaskTemplateSchema } from "../../../gen/flyteidl2/core/tasks_pb.js";
import { cloudPods } from "./cloud-pods.ts";
import { InvalidTaskError } from "./invalid-task.ts";
import { buildPod, labelValue } from "./pod.ts";
import type { TaskAction } from "./task-action.ts";
import { podSettings as settings } from "./testing/pod-settings.ts";

const action: TaskAction = {
  apiVersion: "flyte.org/v1",
  kind: "TaskAction",
  metadata: {
    name: "r1-a0",
    namespace: "demo-development",
    uid: "u-1",
    labels: { "biplane.dev/org": "acme" },
    annotations: { "biplane.dev/run-start-time": "2026-11-22T17:00:00Z" },
  },
  spec: {
    runName: "r1",
    project: "demo",
    domain: "development",
    actionName: "a0",
    taskType: "python",
    taskTemplate: "",
    inputUri: "s3://meta/acme/demo/development/inputs/x",
    runOutputBase: "s3://meta/acme/demo/development/r1",
    envVars: { LOG_LEVEL: "10", RUN_NAME: "forged", SHARED: "run" },
  },
};

function containerTask(args: string[]) {
  return create(TaskTemplateSchema, {
    id: { name: "hello_env.hello" },
    type: "python",
    target: {
      case: "container",
      value: {
        image: "registry.biplane.test/biplane/task@sha256:00",
        args,
        env: [
          { key: "SHARED", value: "task" },
          { key: "_U_ORG_NAME", value: "other" },
        ],
        resources: { requests: [{ name: Name.CPU, value: "250m" }], limits: [] },
      },
    },
  });
}

describe("buildPod of a container task", () => {
  it("makes exactly the pod that the protocol and Pod Security ask for", () => {
    const template = containerTask([
      "a0",
      "--inputs",
      "{{.input}}",
      "--outputs-path",
      "{{.outputPrefix}}",
      "--tgz",
      "s3://fast/x",
    ]);
    expect(buildPod(action, template, 2, settings)).toEqual({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "r1-a0-1",
        namespace: "demo-development",
        labels: {
          run: "r1",
          action: "a0",
          attempt: "2",
          "task-name": "hello_env.hello",
          "biplane.dev/org": "acme",
          "flyte.org/project": "demo",
          "flyte.org/domain": "development",
          "flyte.org/run": "r1",
          "flyte.org/action": "a0",
          "app.kubernetes.io/managed-by": "biplane-executor",
        },
        annotations: { "biplane.dev/primary-container": "main" },
        ownerReferences: [
          { apiVersion: "flyte.org/v1", kind: "TaskAction", name: "r1-a0", uid: "u-1", blockOwnerDeletion: true },
        ],
      },
      spec: {
        serviceAccountName: "default",
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        restartPolicy: "Never",
        terminationGracePeriodSeconds: 10,
        securityContext: {
          runAsUser: 65532,
          runAsGroup: 65532,
          fsGroup: 65532,
          runAsNonRoot: true,
          seccompProfile: { type: "RuntimeDefault" },
        },
        volumes: [
          { name: "tmp", emptyDir: {} },
          { name: "home", emptyDir: {} },
          { name: "workspace", emptyDir: {} },
        ],
        containers: [
          {
            name: "main",
            image: "registry.biplane.test/biplane/task@sha256:00",
            imagePullPolicy: "IfNotPresent",
            args: [
              "a0",
              "--inputs",
              "s3://meta/acme/demo/development/inputs/x/inputs.pb",
              "--outputs-path",
              "s3://meta/acme/demo/development/r1/a0/2",
              "--tgz",
              "s3://fast/x",
            ],
            workingDir: "/workspace",
            env: [
              { name: "HOME", value: "/home/task" },
              { name: "PYTHONUNBUFFERED", value: "1" },
              { name: "DO_NOT_TRACK", value: "1" },
              { name: "LOG_LEVEL", value: "10" },
              { name: "SHARED", value: "task" },
              { name: "ACTION_NAME", value: "a0" },
              { name: "RUN_NAME", value: "r1" },
              { name: "_U_RUN_BASE", value: "s3://meta/acme/demo/development/r1" },
              { name: "FLYTE_ATTEMPT_NUMBER", value: "1" },
              { name: "_U_USE_ACTIONS", value: "1" },
              { name: "_U_ORG_NAME", value: "acme" },
              { name: "FLYTE_INTERNAL_EXECUTION_PROJECT", value: "demo" },
              { name: "FLYTE_INTERNAL_EXECUTION_DOMAIN", value: "development" },
              { name: "_U_EP_OVERRIDE", value: "us-east-2.biplane.test" },
              {
                name: "_UNION_EAGER_API_KEY",
                valueFrom: { secretKeyRef: { name: "eager-api-key", key: "api-key" } },
              },
            ],
            resources: {
              requests: { cpu: "250m", memory: "128Mi" },
              limits: { cpu: "1", memory: "1Gi" },
            },
            securityContext: {
              readOnlyRootFilesystem: true,
              allowPrivilegeEscalation: false,
              capabilities: { drop: ["ALL"] },
            },
            volumeMounts: [
              { name: "tmp", mountPath: "/tmp" },
              { name: "home", mountPath: "/home/task" },
              { name: "workspace", mountPath: "/workspace" },
            ],
          },
        ],
      },
    });
  });

  it("leaves the image's own working directory where no code is shipped", () => {
    const container = buildPod(action, containerTask(["a0"]), 1, settings).spec?.containers[0];
    expect(container?.workingDir).toBeUndefined();
    expect(container?.volumeMounts?.map(({ name }) => name)).toEqual(["tmp", "home"]);
  });

  it("names an unreadable resource as the task's own fault", () => {
    const template = containerTask(["a0"]);
    if (template.target.case === "container") template.target.value.resources?.requests.push({ ...entry("lots") });
    expect(() => buildPod(action, template, 1, settings)).toThrow(InvalidTaskError);
  });
});

function entry(value: string) {
  const template = create(TaskTemplateSchema, {
    target: { case: "container", value: { resources: { requests: [{ name: Name.MEMORY, value }] } } },
  });
  const made = template.target.case === "container" ? template.target.value.resources?.requests[0] : undefined;
  if (!made) throw new Error("no entry");
  return made;
}

describe("buildPod of a pod template", () => {
  const podTask = (podSpec: object, primaryContainerName = "primary") =>
    create(TaskTemplateSchema, {
      type: "python",
      config: { primary_container_name: "primary" },
      target: {
        case: "k8sPod",
        value: {
          podSpec: JSON.parse(JSON.stringify(podSpec)),
          primaryContainerName,
          metadata: { labels: { team: "a", run: "forged" } },
        },
      },
    });

  const authored = {
    serviceAccountName: "someone",
    automountServiceAccountToken: true,
    restartPolicy: "Always",
    hostNetwork: true,
    securityContext: { runAsUser: 1000, runAsNonRoot: false },
    volumes: [{ name: "data", emptyDir: { sizeLimit: "1Gi" } }],
    initContainers: [{ name: "prepare", image: "i", securityContext: { privileged: true } }],
    containers: [
      {
        name: "primary",
        image: "p",
        args: ["a0", "{{.runName}}"],
        volumeMounts: [{ name: "data", mountPath: "/tmp" }],
      },
      {
        name: "sidecar",
        image: "s",
        args: ["{{.actionName}}"],
        securityContext: { allowPrivilegeEscalation: true, capabilities: { add: ["NET_ADMIN"] } },
      },
    ],
  };

  it("keeps the author's containers and lays the restrictions over them", () => {
    const pod = buildPod(action, podTask(authored), 1, settings);
    expect(pod.spec?.serviceAccountName).toBe("default");
    expect(pod.spec?.automountServiceAccountToken).toBe(false);
    expect(pod.spec?.restartPolicy).toBe("Never");
    expect(pod.spec?.securityContext).toMatchObject({ runAsUser: 1000, runAsNonRoot: true });
    expect(pod.spec?.containers[1]?.securityContext).toEqual({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    });
    // Admission refuses these two; they are not silently taken out.
    expect(pod.spec?.hostNetwork).toBe(true);
    expect(pod.spec?.initContainers?.[0]?.securityContext).toMatchObject({ privileged: true });
  });

  it("fills templates everywhere, gives the identity to the primary container only, and mounts nothing twice", () => {
    const [primary, sidecar] = buildPod(action, podTask(authored), 1, settings).spec?.containers ?? [];
    expect(primary?.args).toEqual(["a0", "r1"]);
    expect(sidecar?.args).toEqual(["a0"]);
    expect(primary?.env?.some(({ name }) => name === "_UNION_EAGER_API_KEY")).toBe(true);
    expect(sidecar?.env).toBeUndefined();
    expect(primary?.volumeMounts).toEqual([
      { name: "data", mountPath: "/tmp" },
      { name: "home", mountPath: "/home/task" },
    ]);
  });

  it("does not let the author's labels pass for the platform's", () => {
    const pod = buildPod(action, podTask(authored), 1, settings);
    expect(pod.metadata?.labels).toMatchObject({ team: "a", run: "r1" });
  });

  it.each([
    ["another name", podTask(authored, "elsewhere"), /primary container is "elsewhere"; it has: primary, sidecar/],
    ["no containers", podTask({}), /it has: none/],
    ["no target", create(TaskTemplateSchema, { type: "sql" }), /task type "sql" has no target/],
  ])("refuses a template with %s and says what there is", (_, template, message) => {
    expect(() => buildPod(action, template, 1, settings)).toThrow(message);
  });
});

describe("labelValue", () => {
  it.each([
    ["hello_env.hello", "hello_env.hello"],
    ["-a b/c-", "a_b_c"],
    ["é", ""],
    ["x".repeat(80), "x".repeat(63)],
  ])("turns %s into a label", (text, label) => expect(labelValue(text)).toBe(label));
});

describe("a task's secrets", () => {
  const asking = (...secrets: MessageInitShape<typeof SecretSchema>[]) =>
    buildPod(
      action,
      create(TaskTemplateSchema, {
        ...containerTask(["a0"]),
        securityContext: create(SecurityContextSchema, { secrets: secrets.map((one) => create(SecretSchema, one)) }),
      }),
      1,
      settings,
    );
  const { ENV_VAR, FILE } = Secret_MountType;

  it("are asked for by name, as variables and as files, and are nowhere in the pod", () => {
    const pod = asking(
      { key: "by-env", envVar: "BY_ENV", mountRequirement: ENV_VAR },
      { key: "by-file", mountRequirement: FILE },
      { key: "in-group", group: "some", mountRequirement: ENV_VAR },
    );
    expect(JSON.parse(pod.metadata?.annotations?.["biplane.dev/secrets"] ?? "")).toEqual([
      { as: "env", name: "by-env", variable: "BY_ENV" },
      { as: "file", name: "by-file" },
      { as: "env", name: "in-group", variable: "SOME_IN_GROUP" },
    ]);
  });

  it("are not asked for by a task that declares none, whatever its pod template says", () => {
    const metadata = { annotations: { "biplane.dev/secrets": "[]", "biplane.dev/secrets-from": "x", own: "kept" } };
    const podSpec = { containers: [{ name: "main", image: "i" }] };
    const template = create(TaskTemplateSchema, {
      target: { case: "k8sPod", value: { primaryContainerName: "main", metadata, podSpec } },
    });
    expect(buildPod(action, template, 1, settings).metadata?.annotations).toEqual({
      own: "kept",
      "biplane.dev/primary-container": "main",
    });
  });

  it.each([
    ["a name that leaves its folder", { key: "../x", mountRequirement: FILE }, /"\.\.\/x" is no name of one/],
    ["a variable that is none", { key: "1st", mountRequirement: ENV_VAR }, /"1ST" is no name of a variable/],
    ["a variable of the platform", { key: "k", envVar: "RUN_NAME" }, /RUN_NAME is the platform's/],
    ["the platform's own key", { key: "k", envVar: "_UNION_EAGER_API_KEY" }, /is the platform's/],
  ])("are refused for %s", (_, secret, message) => {
    expect(() => asking(secret)).toThrow(message);
    expect(() => asking(secret)).toThrow(InvalidTaskError);
  });

  it("are no more than 100", () => {
    const many = Array.from({ length: 101 }, (_, at) => ({ key: `k${at}`, mountRequirement: FILE }));
    expect(() => asking(...many)).toThrow(/up to 100/);
  });
});

describe("a pod on Azure", () => {
  it("bears the label by which AKS gives it its identity, whatever the task says, and knows its storage account", () => {
    const cloud = cloudPods("azure", "acmedata");
    const pod = { metadata: { labels: { "azure.workload.identity/use": "false" } }, primaryContainerName: "main" };
    const podSpec = { containers: [{ name: "main", image: "i" }] };
    const template = create(TaskTemplateSchema, {
      type: "python",
      target: { case: "k8sPod", value: { ...pod, podSpec } },
    });
    const { metadata, spec } = buildPod(action, template, 1, { ...settings, cloud });
    expect(metadata?.labels).toMatchObject({ "azure.workload.identity/use": "true" });
    expect(spec?.containers[0]?.env).toContainEqual({ name: "AZURE_STORAGE_ACCOUNT_NAME", value: "acmedata" });
  });

  it("is no other one elsewhere", () => {
    const pods = (["aws", "gcp"] as const).map((cloud) => cloudPods(cloud, undefined));
    for (const { labels, environment } of pods) expect([labels, environment]).toEqual([{}, {}]);
  });
});
