import { describe, expect, it } from "vitest";
import { planServing } from "../admission/serving.ts";
import { planProject } from "../compute-plane/project-plan.ts";
import { recordResources } from "../testing/record-resources.ts";
import { managedConfigs, renderConfigs } from "./configs.ts";
import { gatewayNamespace, managersAnnotation, servingNamespace, servingPrograms } from "./contract.ts";
import { renderBootstrap } from "./gateway.ts";
import { servingKinds } from "./kinds.ts";
import { renderProgram } from "./programs.ts";
import {
  activatorRules,
  certificateRules,
  controllerRules,
  gatewayRules,
  sharedRules,
  webhookRules,
} from "./rights.ts";
import { Serving, type ServingArgs } from "./serving.ts";
import { checkServing } from "./settings.ts";
import { renderAppDoors, renderServingWalls } from "./walls.ts";
import { renderWebhooks } from "./webhooks.ts";

const image = (name: string) => `registry.test/${name}@sha256:${"0".repeat(64)}`;
const images = {
  activator: image("activator"),
  autoscaler: image("autoscaler"),
  controller: image("controller"),
  webhook: image("webhook"),
  queue: image("queue"),
  gatewayController: image("kourier"),
  gateway: image("envoy"),
};
const args: ServingArgs = {
  ...{ domain: "apps.acme.example.com", images, org: "acme", platform: "union", platformName: "union" },
  ...{ projectNamespaces: ["demo-development"], around: { dnsServers: [], apiPort: 6443 }, replicas: 2 },
};
const build = (more: Partial<ServingArgs> = {}) => recordResources(() => new Serving("serving", { ...args, ...more }));

describe("Serving", () => {
  it("runs Knative's four programs, the gateway and its controller, under the restricted standard", async () => {
    const made = await build();
    const deployments = made.of("kubernetes:apps/v1:Deployment");
    expect(deployments.map(({ name }) => name.replace("serving-", "")).sort()).toEqual([
      ...["3scale-kourier-gateway", "activator", "autoscaler", "controller", "net-kourier-controller", "webhook"],
    ]);
    for (const { inputs } of deployments) {
      expect(inputs.spec).toMatchObject({
        strategy: { rollingUpdate: { maxUnavailable: 0 } },
        template: {
          spec: {
            securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
            containers: [
              {
                image: expect.stringMatching(/@sha256:/),
                securityContext: {
                  ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
                  capabilities: { drop: ["ALL"] },
                },
                resources: { limits: { cpu: expect.any(String), memory: expect.any(String) } },
              },
            ],
          },
        },
      });
    }
    for (const namespace of [servingNamespace, gatewayNamespace]) {
      const { metadata } = made.one("kubernetes:core/v1:Namespace", `serving-${namespace}`).inputs;
      expect(metadata).toMatchObject({ labels: { "pod-security.kubernetes.io/enforce": "restricted" } });
    }
  });

  it("opens no Service beyond the cluster, and none but to the gateway's public port for the gate", async () => {
    const services = (await build()).of("kubernetes:core/v1:Service");
    expect(services).toHaveLength(6);
    expect(services.map(({ inputs }) => inputs.spec)).toEqual(
      services.map(() => expect.objectContaining({ type: "ClusterIP" })),
    );
    const { spec } = services.find(({ name }) => name === "serving-kourier")?.inputs ?? {};
    expect(spec).toMatchObject({ ports: [{ port: 80, targetPort: 8080 }] });
  });

  it("guards Knative's objects only once the webhook runs, and lets it write its own certificate", async () => {
    const made = await build();
    const webhook = made.one("kubernetes:apps/v1:Deployment", "serving-webhook");
    const kind = "kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration";
    expect(made.one(kind).begun).toBeGreaterThan(webhook.ended);
    expect(made.one("kubernetes:core/v1:Secret").inputs).not.toHaveProperty("data");
  });
});

describe("who manages it beside the stack", () => {
  const told = async (managers?: string) =>
    (await build({ managers })).all.flatMap(({ name, inputs }) => {
      const { annotations = {} } = (inputs.metadata ?? {}) as { annotations?: Record<string, string> };
      return managersAnnotation in annotations ? [`${name}: ${annotations[managersAnnotation]}`] : [];
    });

  it("is told on each program, and on the settings that they may change", async () => {
    const names = [
      "activator",
      "autoscaler",
      "controller",
      "webhook",
      "net-kourier-controller",
      "3scale-kourier-gateway",
    ];
    const all = [...names, ...managedConfigs].map((name) => `serving-${name}: biplane:managers`);
    expect((await told("biplane:managers")).sort()).toEqual(all.sort());
    expect(await told()).toEqual([]);
  });
});

describe("the rights", () => {
  const everywhere = [...controllerRules, ...webhookRules, ...activatorRules, ...gatewayRules];

  it("reach no Secret in the whole cluster, and name every group, kind and verb", () => {
    expect(everywhere.filter(({ resources }) => resources.includes("secrets"))).toEqual([]);
    const words = [...everywhere, ...sharedRules, ...certificateRules].flatMap((rule) => [
      ...rule.apiGroups,
      ...rule.resources,
      ...rule.verbs,
    ]);
    expect(words.filter((word) => word.includes("*"))).toEqual([]);
    expect(words).not.toContain("escalate");
    expect(words).not.toContain("impersonate");
  });

  it("change no webhook but Knative's own", () => {
    const changing = everywhere.filter(
      ({ apiGroups, verbs }) => apiGroups.includes("admissionregistration.k8s.io") && verbs.includes("update"),
    );
    expect(changing.map(({ resourceNames }) => resourceNames)).toEqual([
      ["webhook.serving.knative.dev", "validation.webhook.serving.knative.dev", "config.webhook.serving.knative.dev"],
    ]);
  });

  it("hold by admission in the projects' namespaces and in serving's own alone", () => {
    const { conditions, validations } = planServing({ projectNamespaces: ["demo-development"] });
    expect(conditions?.[0]?.expression).toContain("system:serviceaccount:knative-serving:");
    expect(validations[0]?.expression).toContain(
      'variables.where in ["demo-development", "knative-serving", "kourier-system"]',
    );
  });
});

describe("the walls", () => {
  const walls = renderServingWalls({
    ...{ around: { apiPort: 6443 }, platform: "union", projectNamespaces: ["demo-development"] },
  });

  it("let the platform's gate alone send apps' requests to the gateway", () => {
    const { ingress } = walls[gatewayNamespace].gateway;
    expect(ingress.filter(({ ports }) => ports.some(({ port }) => port === 8080))).toEqual([
      {
        from: [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "union" } },
            podSelector: { matchLabels: { "app.kubernetes.io/name": "app-gate" } },
          },
        ],
        ports: [{ protocol: "TCP", port: 8080 }],
      },
    ]);
  });

  it("let the gateway reach routes, activator and apps, and neither the API nor anything outside", () => {
    const text = JSON.stringify(walls[gatewayNamespace].gateway.egress);
    expect(text).not.toContain("ipBlock");
    expect(text).toContain("net-kourier-controller");
    expect(text).toContain('"values":["demo-development"]');
  });

  it("keep an app's pods from everybody but gateway, activator and autoscaler", () => {
    const { ingress, egress, policyTypes, podSelector } = renderAppDoors();
    expect(podSelector).toEqual({ matchExpressions: [{ key: "serving.knative.dev/revision", operator: "Exists" }] });
    expect(egress).toBeUndefined();
    expect(policyTypes).toEqual(["Ingress", "Egress"]);
    expect(JSON.stringify(ingress).match(/"app.kubernetes.io\/name":"[^"]+"/g)).toEqual([
      '"app.kubernetes.io/name":"3scale-kourier-gateway"',
      '"app.kubernetes.io/name":"activator"',
      '"app.kubernetes.io/name":"autoscaler"',
    ]);
  });

  it("stand in a project's namespace where apps are served, and nowhere else", () => {
    const policies = (servesApps: boolean) =>
      Object.keys(
        planProject({ project: "demo", domain: "development" }, { org: "acme", dnsServers: [], servesApps }).namespace
          .policies,
      );
    expect(policies(true)).toEqual([...policies(false), "allow-apps"]);
  });
});

describe("Knative's settings", () => {
  it("name apps by project and domain, ask the one gateway, and scale to zero", () => {
    const configs = renderConfigs({ ...args, skipTagResolving: ["registry.test"] });
    expect(configs["config-network"]).toMatchObject({
      "ingress-class": "kourier.ingress.networking.knative.dev",
      "domain-template": "{{.Name}}-{{.Namespace}}.{{.Domain}}",
    });
    expect(configs["config-domain"]).toEqual({ "apps.acme.example.com": "" });
    expect(configs["config-autoscaler"]).toEqual({ "enable-scale-to-zero": "true" });
    expect(configs["config-deployment"]).toMatchObject({
      "queue-sidecar-image": images.queue,
      "registries-skipping-tag-resolving": "registry.test",
    });
  });

  it("ask the gateway's controller over gRPC as Kourier's, or by REST where it speaks that", () => {
    const source = (routesBy?: "grpc" | "rest") =>
      JSON.parse(renderBootstrap(routesBy)["envoy-bootstrap.yaml"] ?? "").dynamic_resources.cds_config;
    expect(source()).toEqual({ resource_api_version: "V3", ads: {} });
    expect(source("rest").api_config_source).toMatchObject({ api_type: "REST", cluster_names: ["xds_cluster"] });
  });

  it("have a kind for all that Knative's programs watch, and its webhook guards each", () => {
    const names = servingKinds.map(({ metadata }) => metadata.name);
    expect(names).toHaveLength(12);
    expect(names).toContain("services.serving.knative.dev");
    const [guard] = renderWebhooks(servingNamespace).mutating;
    expect(JSON.stringify(guard)).toContain('"serverlessservices"');
    expect(JSON.stringify(guard)).not.toContain('"images"');
  });

  it.each(servingPrograms)("tell %s who it is and where it is", (program) => {
    const { template } = renderProgram(program, { image: images[program], replicas: 1 });
    expect(JSON.stringify(template)).toContain('"name":"SYSTEM_NAMESPACE","valueFrom"');
    expect(JSON.stringify(template)).toContain('"value":"config-logging"');
  });
});

describe("what a customer says", () => {
  it.each([
    [{ domain: "Apps.example.com" }, /apps\.domain/],
    [{ domain: "apps" }, /apps\.domain/],
    [{ images: { ...images, queue: "registry.test/queue:1" } }, /apps\.images\.queue/],
  ])("is refused: %j", (wrong, told) => {
    expect(() => checkServing({ ...args, ...wrong })).toThrow(told);
  });
});
