import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { joinChecksums } from "./files.ts";
import { labelsOf, selectorOf } from "./labels.ts";
import { renderServicePolicy, type Surroundings } from "./network-policy.ts";
import { renderPod, renderServing } from "./pods.ts";
import type { ServiceSpec } from "./service-spec.ts";

export interface WorkloadArgs {
  spec: ServiceSpec;
  /** Every service of the namespace: who calls this one decides who may come in. */
  all: ServiceSpec[];
  namespace: pulumi.Input<string>;
  /** Service image, by digest. */
  image: string;
  around: Surroundings;
  /** What must be there before its pods start; a component's own `dependsOn` does not reach its children. @default none */
  needs?: pulumi.Resource[];
}

/** One service in its cluster: account, Deployment, Services and NetworkPolicy, all from its spec. */
export class Workload extends pulumi.ComponentResource {
  constructor(name: string, args: WorkloadArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:workloads:Workload", name, {}, opts);
    const { spec, all, namespace, around, needs = [] } = args;
    const place = (object: string) => ({ name: object, namespace, labels: labelsOf(spec.name) });

    const policy = new kubernetes.networking.v1.NetworkPolicy(
      name,
      { metadata: place(spec.name), spec: renderServicePolicy(spec, all, around) },
      { parent: this },
    );
    const account = createAccount(name, spec, place, this);
    createServices(name, spec, place, this);
    new kubernetes.apps.v1.Deployment(
      name,
      { metadata: place(spec.name), spec: renderDeployment(args) },
      { parent: this, dependsOn: [policy, account, ...needs] },
    );
    this.registerOutputs({});
  }
}

type Place = (object: string) => kubernetes.types.input.meta.v1.ObjectMeta;

/** A spec of its own never mounts a token by default: the pod says whether it talks to the API. */
function createAccount(
  name: string,
  { serviceAccount, name: service, roleArn }: ServiceSpec,
  place: Place,
  parent: pulumi.Resource,
) {
  const annotations = roleArn ? { "eks.amazonaws.com/role-arn": roleArn } : undefined;
  return new kubernetes.core.v1.ServiceAccount(
    name,
    { metadata: { ...place(serviceAccount ?? service), annotations }, automountServiceAccountToken: false },
    { parent },
  );
}

function createServices(
  name: string,
  { name: service, rpcPort, publicPort }: ServiceSpec,
  place: Place,
  parent: pulumi.Resource,
) {
  const selector = selectorOf(service);
  if (rpcPort) {
    const ports = [{ name: "rpc", port: rpcPort, targetPort: "rpc", appProtocol: "kubernetes.io/h2c" }];
    new kubernetes.core.v1.Service(
      name,
      { metadata: place(service), spec: { type: "ClusterIP", selector, ports } },
      { parent },
    );
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

function renderDeployment({ spec, image }: WorkloadArgs): kubernetes.types.input.apps.v1.DeploymentSpec {
  const { name, files = {}, single = false } = spec;
  const port = spec.publicPort?.port ?? spec.rpcPort;
  const env = { ...(port ? { PORT: String(port) } : {}), ...spec.env };
  const serviceAccount = spec.serviceAccount ?? name;
  const usesApi = spec.reaches?.includes("kubernetes-api") ?? false;
  return {
    replicas: spec.replicas,
    selector: { matchLabels: selectorOf(name) },
    strategy: single
      ? { type: "Recreate" }
      : { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    revisionHistoryLimit: 3,
    template: {
      metadata: { labels: labelsOf(name), annotations: { "biplane.dev/files": joinChecksums(files) } },
      spec: renderPod({ name, image, entry: spec.entry, env, files, serviceAccount, usesApi }, renderServing(spec)),
    },
  };
}
