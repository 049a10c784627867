import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { rbacGroup } from "../workloads/grant-plan.ts";
import { type Labels, labelsOf, selectorOf } from "../workloads/labels.ts";
import { IsolatedNamespace } from "../workloads/namespace.ts";
import type { Surroundings } from "../workloads/network-policy.ts";
import { grantRole } from "../workloads/rbac.ts";
import type { PlainRule } from "../workloads/service-spec.ts";
import { configLabels, managedConfigs, renderConfigs } from "./configs.ts";
import {
  activatorAccount,
  controllerAccount,
  gateService,
  gatewayAccount,
  gatewayController,
  gatewayName,
  gatewayNamespace,
  gatewayPorts,
  gatewayService,
  managersAnnotation,
  routesPort,
  type ServingSettings,
  servingNamespace,
  servingPrograms,
} from "./contract.ts";
import { bootstrapConfig, renderBootstrap, renderGateway, renderGatewayController } from "./gateway.ts";
import { servingKinds } from "./kinds.ts";
import { programs, renderProgram } from "./programs.ts";
import {
  activatorRules,
  activatorSecretRules,
  certificateRules,
  certificateSecret,
  controllerRules,
  gatewayRules,
  sharedRules,
  webhookRules,
} from "./rights.ts";
import { checkServing } from "./settings.ts";
import { renderGateDoors, renderServingWalls } from "./walls.ts";
import { renderWebhooks } from "./webhooks.ts";

export interface ServingArgs extends ServingSettings {
  org: string;
  /** Namespace of the platform's services, once it is there; the gate is among them. */
  platform: pulumi.Input<string>;
  /** Its name. */
  platformName: string;
  /** Where apps run. */
  projectNamespaces: string[];
  around: Surroundings;
  /** Of each program that can run more than once. */
  replicas: number;
  priority?: pulumi.Input<string>;
  /** BYOC: who else may upgrade, scale and configure it, as the cluster knows them. @default the stack alone */
  managers?: string | undefined;
}

/** Told on the objects themselves, for people who find a change there that is none of the stack's. */
const managedBy = ({ managers }: Pick<ServingArgs, "managers">) =>
  managers === undefined ? {} : { annotations: { [managersAnnotation]: managers } };

const quota = {
  pods: "40",
  "requests.cpu": "8",
  "requests.memory": "16Gi",
  "limits.cpu": "64",
  "limits.memory": "64Gi",
  "services.loadbalancers": "0",
  "services.nodeports": "0",
};
const defaults = { request: { cpu: "20m", memory: "64Mi" }, limit: { cpu: "500m", memory: "256Mi" } };

/**
 * Serves apps in the customer's cluster: Knative Serving, and Kourier's gateway, which nothing but the platform's gate
 * reaches. Proved by `apps-knative-kourier` and `apps-serving-in-cluster`.
 */
export class Serving extends pulumi.ComponentResource {
  /** For whoever makes objects of Knative's kinds. */
  readonly kinds: pulumi.Resource[];
  /** Once their walls stand. */
  readonly namespaces: { serving: pulumi.Output<string>; gateway: pulumi.Output<string> };

  constructor(name: string, args: ServingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:serving:Serving", name, {}, opts);
    checkServing(args);
    const walls = renderServingWalls({ ...args, platform: args.platformName });
    const place = (namespace: keyof typeof walls): Place => {
      const { ready } = isolate(`${name}-${namespace}`, namespace, args, this);
      const policies = Object.entries(walls[namespace]).map(([policy, spec]) =>
        createPolicy(`${name}-${policy}-wall`, { name: policy, namespace: ready }, spec, this),
      );
      return { name, namespace: ready, needs: policies, parent: this };
    };
    const control = place(servingNamespace);
    const front = place(gatewayNamespace);
    const gate = { name: `${gateService}-doors`, namespace: args.platform };
    createPolicy(`${name}-${gateService}`, gate, renderGateDoors(), this);

    this.kinds = servingKinds.map(
      (kind) =>
        new kubernetes.apiextensions.v1.CustomResourceDefinition(`${name}-${kind.metadata.name}`, kind, {
          parent: this,
        }),
    );
    const settings = createConfigs(control, args);
    const rights = createAccounts(control);
    const needs = [...this.kinds, ...settings, ...rights, ...control.needs];
    const [webhook] = servingPrograms.map((program) => createProgram({ ...control, needs }, program, args));
    createWebhooks(control, webhook ? [webhook] : []);
    createGateway(control, front, { args, needs });
    this.namespaces = { serving: control.namespace, gateway: front.namespace };
    this.registerOutputs({});
  }
}

interface Place {
  name: string;
  namespace: pulumi.Output<string>;
  needs: pulumi.Resource[];
  parent: pulumi.Resource;
}

function isolate(name: string, namespace: string, { org, around }: ServingArgs, parent: pulumi.Resource) {
  const labels = { "biplane.dev/org": org };
  return new IsolatedNamespace(name, { namespace, labels, quota, defaults, dnsServers: around.dnsServers }, { parent });
}

function createPolicy(
  name: string,
  metadata: { name: string; namespace: pulumi.Input<string> },
  spec: kubernetes.types.input.networking.v1.NetworkPolicySpec,
  parent: pulumi.Resource,
): pulumi.Resource {
  const labels = labelsOf("serving");
  return new kubernetes.networking.v1.NetworkPolicy(name, { metadata: { ...metadata, labels }, spec }, { parent });
}

function createConfigs({ name, namespace, parent }: Place, settings: ServingArgs): pulumi.Resource[] {
  const managed = new Set<string>(managedConfigs);
  return Object.entries(renderConfigs(settings)).map(
    ([config, data]) =>
      new kubernetes.core.v1.ConfigMap(
        `${name}-${config}`,
        {
          metadata: {
            ...{ name: config, namespace, labels: configLabels(config) },
            ...(managed.has(config) ? managedBy(settings) : {}),
          },
          data,
        },
        { parent },
      ),
  );
}

/** @returns what a program needs before it starts */
function createAccounts(place: Place): pulumi.Resource[] {
  const { name, namespace, parent } = place;
  const everywhere = {
    [controllerAccount]: [...controllerRules, ...webhookRules],
    [activatorAccount]: activatorRules,
    [gatewayAccount]: gatewayRules,
  };
  const ofCertificates: Record<string, PlainRule[]> = {
    [controllerAccount]: certificateRules,
    [activatorAccount]: activatorSecretRules,
  };
  const certificate = new kubernetes.core.v1.Secret(
    `${name}-${certificateSecret}`,
    { metadata: { name: certificateSecret, namespace, labels: labelsOf("serving") }, type: "Opaque" },
    // Made empty and never compared again: the webhook writes its certificate into it.
    { parent, ignoreChanges: ["data", "stringData"] },
  );
  return Object.entries(everywhere).flatMap(([account, rules]) => {
    const shared = [...sharedRules, ...(ofCertificates[account] ?? [])];
    return [
      new kubernetes.core.v1.ServiceAccount(
        `${name}-${account}`,
        { metadata: { name: account, namespace, labels: labelsOf("serving") } },
        { parent },
      ),
      ...grantEverywhere(place, account, rules),
      grantRole(`${name}-${account}`, {
        ...{ role: account, namespace, parent },
        rules: shared.map(({ resourceNames, ...rule }) => (resourceNames ? { ...rule, resourceNames } : rule)),
        account: { name: account, namespace },
      }),
      certificate,
    ];
  });
}

function grantEverywhere({ name, namespace, parent }: Place, account: string, rules: PlainRule[]): pulumi.Resource[] {
  const metadata = { name: `${servingNamespace}-${account}`, labels: labelsOf("serving") };
  const role = new kubernetes.rbac.v1.ClusterRole(`${name}-${account}`, { metadata, rules }, { parent });
  const binding = new kubernetes.rbac.v1.ClusterRoleBinding(
    `${name}-${account}`,
    {
      metadata,
      roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: account, namespace }],
    },
    { parent },
  );
  return [binding];
}

function createProgram(place: Place, program: keyof typeof programs, args: ServingArgs): pulumi.Resource {
  const { name, namespace, needs, parent } = place;
  const { service } = programs[program];
  if (service) createService(place, { ...service, selector: selectorOf(program) });
  const { images, replicas, priority } = args;
  const spec = renderProgram(program, { image: images[program], replicas, priority });
  return new kubernetes.apps.v1.Deployment(
    `${name}-${program}`,
    { metadata: { name: program, namespace, labels: labelsOf(program), ...managedBy(args) }, spec },
    { parent, dependsOn: needs },
  );
}

interface ServiceOf {
  name: string;
  selector: Labels;
  ports: { name: string; port: number; targetPort: number }[];
}

/** Never more than ClusterIP: the way in is the tunnel's. */
function createService({ name, namespace, parent }: Place, { name: service, selector, ports }: ServiceOf) {
  return new kubernetes.core.v1.Service(
    `${name}-${service}`,
    {
      metadata: { name: service, namespace, labels: labelsOf("serving") },
      spec: { type: "ClusterIP", selector, ports },
    },
    { parent },
  );
}

/** Only once the webhook answers: until then nothing of Knative's could be made. Its program fills in what it guards. */
function createWebhooks({ name, namespace, parent }: Place, dependsOn: pulumi.Resource[]): void {
  const { mutating, validating } = renderWebhooks(namespace);
  const options = { parent, dependsOn, ignoreChanges: ["webhooks"] };
  const { MutatingWebhookConfiguration, ValidatingWebhookConfiguration } = kubernetes.admissionregistration.v1;
  for (const one of mutating) new MutatingWebhookConfiguration(`${name}-${one.metadata.name}`, one, options);
  for (const one of validating) new ValidatingWebhookConfiguration(`${name}-${one.metadata.name}`, one, options);
}

function createGateway(control: Place, front: Place, { args, needs }: { args: ServingArgs; needs: pulumi.Resource[] }) {
  const { images, replicas, priority, routesBy } = args;
  const { name, parent } = control;
  const controller = new kubernetes.apps.v1.Deployment(
    `${name}-${gatewayController}`,
    {
      metadata: {
        ...{ name: gatewayController, namespace: control.namespace, labels: labelsOf(gatewayController) },
        ...managedBy(args),
      },
      // One: it holds every route in memory, and the gateways go on with what they know while it is replaced.
      spec: renderGatewayController({ image: images.gatewayController, replicas: 1, priority }),
    },
    { parent, dependsOn: needs },
  );
  const at = (port: number, targetPort: number) => [{ name: "http", port, targetPort }];
  createService(control, {
    ...{ name: gatewayController, selector: selectorOf(gatewayController) },
    ports: at(routesPort, routesPort),
  });
  const selector = selectorOf(gatewayName);
  createService(front, { name: gatewayService, selector, ports: at(80, gatewayPorts.public) });
  createService(front, { name: `${gatewayService}-internal`, selector, ports: at(80, gatewayPorts.internal) });
  const config = new kubernetes.core.v1.ConfigMap(
    `${name}-${bootstrapConfig}`,
    {
      metadata: { name: bootstrapConfig, namespace: front.namespace, labels: labelsOf(gatewayName) },
      data: renderBootstrap(routesBy),
    },
    { parent },
  );
  new kubernetes.apps.v1.Deployment(
    `${name}-${gatewayName}`,
    {
      metadata: {
        ...{ name: gatewayName, namespace: front.namespace, labels: labelsOf(gatewayName) },
        ...managedBy(args),
      },
      spec: renderGateway({ image: images.gateway, replicas, priority }),
    },
    { parent, dependsOn: [controller, config, ...front.needs] },
  );
}
