import { create, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { Secret_MountType } from "../../../gen/flyteidl2/core/security_pb.js";
import { Resources_ResourceName as Name, ResourcesSchema } from "../../../gen/flyteidl2/core/tasks_pb.js";
import { wishesAnnotation } from "../secrets/wishes.ts";
import { annotations, labels } from "./knative.ts";
import { planService } from "./plan.ts";
import { appSettings, command, desired } from "./testing/apps.ts";

const plan = (...app: Parameters<typeof desired>) => planService(desired(...app), appSettings);
const templateOf = (...app: Parameters<typeof desired>) => plan(...app).spec.template;

describe("the Knative Service of an app", () => {
  it("says whose it is and how it is reached, outside of what makes a new revision", () => {
    const service = plan({ securityContext: { allowAnonymous: true } }, { revision: 7n });
    expect(service).toMatchObject({
      apiVersion: "serving.knative.dev/v1",
      kind: "Service",
      metadata: {
        name: "hello",
        namespace: "demo-development",
        labels: { [labels.managedBy]: "biplane-apps", [labels.org]: "acme", [labels.app]: "hello" },
        annotations: {
          [annotations.uid]: "u1",
          [annotations.revision]: "7",
          [annotations.host]: "hello-demo-development",
          [annotations.anonymous]: "true",
        },
      },
    });
    expect(plan().metadata.annotations?.[annotations.anonymous]).toBe("false");
    expect(service.spec).toEqual(plan({}, { revision: 1n, uid: "u2" }).spec);
  });

  it("runs the client's server in shipped code, with the environment of its project", () => {
    const { containers, volumes } = templateOf().spec;
    const [app] = containers;
    const prefix = "s3://metadata/acme/demo/development/apps/hello";
    expect(app).toMatchObject({
      name: "app",
      image: "registry.test/app:v1",
      command: command.map((text) => text.replace("{{.rawOutputDataPrefix}}", prefix)),
      ports: [{ containerPort: 8080 }],
      workingDir: "/workspace",
      resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "1", memory: "1Gi" } },
    });
    const env = Object.fromEntries((app?.env ?? []).map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));
    expect(env).toMatchObject({
      FLYTE_INTERNAL_EXECUTION_PROJECT: "demo",
      FLYTE_INTERNAL_EXECUTION_DOMAIN: "development",
      _U_ORG_NAME: "acme",
      _U_EP_OVERRIDE: "region.acme.test",
      _UNION_EAGER_API_KEY: { secretKeyRef: { name: "biplane-task-identity", key: "api-key" } },
    });
    expect(env).not.toHaveProperty("RUN_NAME");
    expect(volumes.map(({ name }) => name)).toEqual(["tmp", "home", "workspace"]);
    expect(app?.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual(["/tmp", "/home/task", "/workspace"]);
  });

  it("lets no author say who the app is or whom it trusts", () => {
    const env = [
      { key: "_U_ORG_NAME", value: "globex" },
      { key: "HOME", value: "/elsewhere" },
    ];
    const [app] = templateOf({ appPayload: { case: "container", value: { image: "i", env } } }).spec.containers;
    const named = (name: string) => app?.env?.filter((variable) => variable.name === name).map(({ value }) => value);
    expect(named("_U_ORG_NAME")).toEqual(["acme"]);
    expect(named("HOME")).toEqual(["/elsewhere"]);
  });

  it("is restricted in each of its containers, whatever the author wrote", () => {
    const podSpec: JsonObject = {
      containers: [
        { name: "app", image: "i", securityContext: { runAsNonRoot: false, privileged: true, runAsUser: 1000 } },
        { name: "beside", image: "j", securityContext: { capabilities: { add: ["NET_ADMIN"] } } },
      ],
    };
    const { spec } = templateOf({ appPayload: { case: "pod", value: { podSpec } } });
    expect(spec).toMatchObject({ serviceAccountName: "default", automountServiceAccountToken: false });
    for (const { securityContext } of spec.containers) {
      expect(securityContext).toMatchObject({
        runAsNonRoot: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        readOnlyRootFilesystem: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
    }
    // What is forbidden still is for admission to refuse, so that there is one judge.
    expect(spec.containers[0]?.securityContext).toMatchObject({ privileged: true, runAsUser: 1000 });
  });

  it("asks for its secrets as a task does, and for none in an annotation of the author's", () => {
    const secrets = [{ key: "token", envVar: "TOKEN", mountRequirement: Secret_MountType.ENV_VAR }];
    const { metadata } = templateOf({ securityContext: { secrets } });
    expect(JSON.parse(metadata.annotations?.[wishesAnnotation] ?? "")).toEqual([
      { as: "env", name: "token", variable: "TOKEN" },
    ]);
    const forged = {
      [wishesAnnotation]: JSON.stringify([{ as: "env", name: "other", variable: "X" }]),
      "autoscaling.knative.dev/max-scale": "1000",
      team: "red",
    };
    const value = { podSpec: { containers: [{ name: "app", image: "i" }] }, metadata: { annotations: forged } };
    const own = templateOf({ appPayload: { case: "pod", value } }).metadata.annotations;
    expect(own).not.toHaveProperty(wishesAnnotation);
    expect(own).toMatchObject({ team: "red", "autoscaling.knative.dev/max-scale": "1" });
  });

  it("has what its author asked for, up to the cluster's most", () => {
    const resources = create(ResourcesSchema, { requests: [{ name: Name.CPU, value: "64" }] });
    const [app] = templateOf({ appPayload: { case: "container", value: { image: "i", resources } } }).spec.containers;
    expect(app?.resources).toMatchObject({ requests: { cpu: "2" }, limits: { cpu: "2" } });
  });

  it.each([
    ["another organisation", {}, { org: "globex" }, /no apps of organisation "globex"/],
    ["a project that is not here", {}, { project: "other" }, /other\/development is not served .* demo-development/],
    ["a name that is none", {}, { name: "Hello" }, /name "Hello"/],
    ["nothing to run", { appPayload: { case: undefined } }, {}, /neither a container nor a pod/],
    [
      "no container of its own",
      pod({ containers: [{ name: "main", image: "i" }] }),
      {},
      /no container "app"; it has: main/,
    ],
    ["a node to be on", pod({ containers: [{ name: "app" }], nodeName: "n1" }), {}, /has nodeName; allowed are/],
    ["an amount that is none", container([{ name: Name.MEMORY, value: "much" }]), {}, /resources of container "app"/],
  ] as const)("is refused in words for %s", (_what, spec, more, message) => {
    expect(() => plan(spec, more)).toThrow(message);
  });
});

function pod(podSpec: JsonObject) {
  return { appPayload: { case: "pod" as const, value: { podSpec } } };
}

function container(requests: { name: Name; value: string }[]) {
  return { appPayload: { case: "container" as const, value: { image: "i", resources: { requests } } } };
}

describe("scaling", () => {
  const scaling = (autoscaling: NonNullable<Parameters<typeof desired>[0]>["autoscaling"]) => {
    const all = Object.entries(templateOf(autoscaling ? { autoscaling } : {}).metadata.annotations ?? {});
    const own = all.filter(([name]) => name.startsWith("autoscaling.knative.dev/"));
    return Object.fromEntries(own.map(([name, value]) => [name.split("/")[1], value]));
  };

  it("is to none where nobody asks, and to one pod, unless the author says otherwise", () => {
    expect(scaling(undefined)).toEqual({ "min-scale": "0", "max-scale": "1" });
    expect(scaling({ replicas: { min: 1, max: 4 } })).toEqual({ "min-scale": "1", "max-scale": "4" });
  });

  it("is by what the author measures", () => {
    const replicas = { min: 0, max: 2 };
    const concurrency = { metric: { case: "concurrency" as const, value: { targetValue: 5 } } };
    expect(scaling({ replicas, scalingMetric: concurrency })).toMatchObject({ metric: "concurrency", target: "5" });
    const requestRate = { metric: { case: "requestRate" as const, value: { targetValue: 50 } } };
    expect(scaling({ replicas, scalingMetric: requestRate })).toMatchObject({ metric: "rps", target: "50" });
  });

  it.each([
    [0n, "6s", "0s"],
    [30n, "30s", "0s"],
    [300n, "60s", "240s"],
    [3600n, "60s", "3540s"],
  ])("lets the last pod go after %d s without a request", (seconds, window, retention) => {
    expect(scaling({ scaledownPeriod: { seconds } })).toMatchObject({
      window,
      "scale-to-zero-pod-retention-period": retention,
    });
  });
});
