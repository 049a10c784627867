import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { annotationsOf } from "../identity/contract.ts";
import { type Running, renderAutoscaler, renderBudget, renderDeployment } from "./deployment.ts";
import { labelsOf, selectorOf } from "./labels.ts";
import { renderServicePolicy, type Surroundings, tracesEnv } from "./network-policy.ts";
import { grantRole } from "./rbac.ts";
import { checkSpec, peersOf, type ServiceSpec } from "./service-spec.ts";
import { giveServiceTls, type ServiceTlsArgs } from "./service-tls.ts";

export interface WorkloadArgs extends Running {
  spec: ServiceSpec;
  /** Every service of the namespace: who calls this one decides who may come in, by policy and by certificate. */
  all: ServiceSpec[];
  namespace: pulumi.Input<string>;
  around: Surroundings;
  /** By which services of its namespace know each other; `its own` where it brings what it shows itself. */
  tls: ServiceTlsArgs | "its own";
  /** What must be there before its pods start; a component's own `dependsOn` does not reach its children. @default none */
  needs?: pulumi.Resource[];
}

/**
 * One service in its cluster, all from its spec: account, role, NetworkPolicy, Services, Deployment, disruption budget
 * and autoscaler. Proved by `verify-component-executor`, `verify-pod-security-context`, `k8s-platform-accounts-scoped`,
 * `k8s-network-policies-isolate-pods` and, for the region, `cp-multi-az`.
 */
export class Workload extends pulumi.ComponentResource {
  constructor(name: string, args: WorkloadArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:workloads:Workload", name, {}, opts);
    const { all, namespace, around, tls, needs = [] } = args;
    checkSpec(args.spec);
    const spec =
      tls === "its own" ? args.spec : giveServiceTls(name, args.spec, all, { ...tls, namespace, parent: this });
    const place = (object: string) => ({ name: object, namespace, labels: labelsOf(spec.name) });

    const traced = { ...spec, env: { ...spec.env, ...tracesEnv(around.collector) } };
    const policy = new kubernetes.networking.v1.NetworkPolicy(
      name,
      { metadata: place(spec.name), spec: renderServicePolicy(spec, all, around) },
      { parent: this },
    );
    const account = createAccount(name, spec, place, this);
    const role = createRole(name, spec, namespace, { parent: this, formerParent: opts?.parent });
    createServices(name, spec, place, this);
    new kubernetes.apps.v1.Deployment(
      name,
      { metadata: place(spec.name), spec: renderDeployment(traced, args) },
      { parent: this, dependsOn: [policy, account, ...role, ...needs] },
    );
    createKeepers(name, spec, place, this);
    this.registerOutputs({});
  }
}

type Place = (object: string) => kubernetes.types.input.meta.v1.ObjectMeta;

/** An account of its own never mounts a token by default: the pod says whether it talks to the API. */
function createAccount(
  name: string,
  { serviceAccount, name: service, identity }: ServiceSpec,
  place: Place,
  parent: pulumi.Resource,
) {
  const annotations = identity && annotationsOf(identity);
  return new kubernetes.core.v1.ServiceAccount(
    name,
    { metadata: { ...place(serviceAccount ?? service), annotations }, automountServiceAccountToken: false },
    { parent },
  );
}

function createRole(
  name: string,
  { name: service, serviceAccount = service, rules }: ServiceSpec,
  namespace: pulumi.Input<string>,
  { parent, formerParent }: { parent: pulumi.Resource; formerParent?: pulumi.Resource },
): pulumi.Resource[] {
  if (!rules) return [];
  const account = { name: serviceAccount, namespace };
  return [grantRole(name, { role: service, namespace, rules, account, parent, formerParent })];
}

function createServices(
  name: string,
  { name: service, rpcPort, meets, publicPort, webhookPort }: ServiceSpec,
  place: Place,
  parent: pulumi.Resource,
) {
  const selector = selectorOf(service);
  if (rpcPort) {
    const ports = [
      { name: "rpc", port: rpcPort, targetPort: "rpc", appProtocol: "https" },
      ...(webhookPort ? [{ name: "webhook", port: 443, targetPort: "webhook", appProtocol: "https" }] : []),
    ];
    new kubernetes.core.v1.Service(
      name,
      { metadata: place(service), spec: { type: "ClusterIP", selector, ports } },
      { parent },
    );
  }
  if (rpcPort && meets) {
    const ports = [{ name: "rpc", port: rpcPort, targetPort: "rpc", appProtocol: "https" }];
    // Also of pods that start or stop: they have work to hand on.
    const spec = { clusterIP: "None", publishNotReadyAddresses: true, selector, ports };
    new kubernetes.core.v1.Service(`${name}-peers`, { metadata: place(peersOf(service)), spec }, { parent });
  }
  if (publicPort) {
    const ports = [{ name: "public", port: 443, targetPort: "public", nodePort: publicPort.nodePort }];
    new kubernetes.core.v1.Service(
      `${name}-public`,
      { metadata: place(`${service}-public`), spec: { type: "NodePort", selector, ports } },
      { parent },
    );
  }
}

/** What keeps enough of its pods: against drains, and against load. */
function createKeepers(name: string, spec: ServiceSpec, place: Place, parent: pulumi.Resource) {
  const metadata = place(spec.name);
  const budget = renderBudget(spec);
  if (budget) new kubernetes.policy.v1.PodDisruptionBudget(name, { metadata, spec: budget }, { parent });
  const autoscaler = renderAutoscaler(spec);
  if (autoscaler) {
    new kubernetes.autoscaling.v2.HorizontalPodAutoscaler(name, { metadata, spec: autoscaler }, { parent });
  }
}
