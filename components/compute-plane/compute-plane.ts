import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { adminServiceAccounts, type PlaneBuckets } from "../identity/contract.ts";
import { createSecretFiles } from "../workloads/files.ts";
import { IsolatedNamespace } from "../workloads/namespace.ts";
import { grantRole, tunnelRules } from "../workloads/rbac.ts";
import { taskActionCrd } from "../workloads/task-action-crd.ts";
import { Workload } from "../workloads/workload.ts";
import { type ProjectDomain, ProjectNamespace, projectNamespace } from "./project-namespace.ts";
import { identitySecret, planComputePlaneServices } from "./services.ts";

export interface ComputePlaneArgs {
  /** Namespace of the platform's services. */
  namespace: string;
  /** Service image, by digest. */
  image: string;
  org: string;
  clusterName: string;
  region: string;
  /** The region's public host, without scheme or port. */
  controlPlaneHost: string;
  projects: ProjectDomain[];
  adminRoleArn: pulumi.Input<string>;
  userRoleArn: pulumi.Input<string>;
  buckets: { [Bucket in keyof PlaneBuckets]: pulumi.Input<string> };
  /** Joins the cluster to its region, once. */
  registrationToken: pulumi.Input<string>;
  /** The application that task pods act as towards the control plane. */
  taskClient: { id: string; secret: pulumi.Input<string> };
  /** Of each service that can run more than once. @default 2 */
  replicas?: number;
  dnsServers: string[];
  apiPort: pulumi.Input<number>;
}

/** Room for every service twice over during a roll-out; nothing here is reachable from outside the cluster. */
const quota = {
  pods: "60",
  "requests.cpu": "8",
  "requests.memory": "16Gi",
  "limits.cpu": "64",
  "limits.memory": "64Gi",
  "services.loadbalancers": "0",
  "services.nodeports": "0",
};

const defaults = { request: { cpu: "20m", memory: "64Mi" }, limit: { cpu: "500m", memory: "256Mi" } };

/** The customer's side in its cluster: the platform's services and a namespace for each project-domain. */
export class ComputePlane extends pulumi.ComponentResource {
  readonly namespaces: string[];

  constructor(name: string, args: ComputePlaneArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:compute-plane:ComputePlane", name, {}, opts);
    const { image, dnsServers, apiPort } = args;
    const around = { dnsServers, apiPort };

    const taskActions = new kubernetes.apiextensions.v1.CustomResourceDefinition(`${name}-taskactions`, taskActionCrd, {
      parent: this,
    });
    const { ready: namespace } = new IsolatedNamespace(
      `${name}-namespace`,
      { namespace: args.namespace, labels: { "biplane.dev/org": args.org }, quota, defaults, dnsServers },
      { parent: this },
    );
    const platform: Place = { name, namespace, parent: this };
    const projects = args.projects.flatMap((project) => createProject(platform, project, args).ready);
    const tunnelReady = giveTunnelItsSecret(platform);

    const services = planComputePlaneServices({
      ...args,
      projectNamespaces: args.projects.map(projectNamespace),
      replicas: args.replicas ?? 2,
      registration: createSecretFiles(name, {
        name: "registration",
        namespace,
        content: { token: args.registrationToken },
        parent: this,
      }),
    });
    const needs: Record<string, pulumi.Resource[]> = {
      tunnel: tunnelReady,
      executor: [taskActions, ...projects],
      logs: projects,
    };
    for (const spec of services) {
      new Workload(
        `${name}-${spec.name}`,
        { spec, all: services, namespace, image, around, needs: needs[spec.name] },
        { parent: this },
      );
    }

    this.namespaces = [args.namespace, ...args.projects.map(projectNamespace)];
    this.registerOutputs({ namespaces: this.namespaces });
  }
}

interface Place {
  name: string;
  namespace: pulumi.Output<string>;
  parent: pulumi.Resource;
}

function createProject({ name, namespace, parent }: Place, project: ProjectDomain, args: ComputePlaneArgs) {
  const { org, controlPlaneHost, taskClient, userRoleArn, dnsServers } = args;
  return new ProjectNamespace(
    `${name}-${projectNamespace(project)}`,
    {
      ...project,
      org,
      userRoleArn,
      apiKey: renderApiKey({ host: controlPlaneHost, org, client: taskClient }),
      platform: namespace,
      serviceAccounts: adminServiceAccounts,
      dnsServers,
    },
    { parent },
  );
}

/** The client's own form of an API key: base64 of host, client id, client secret and organisation. */
function renderApiKey({ host, org, client }: { host: string; org: string; client: ComputePlaneArgs["taskClient"] }) {
  return pulumi
    .secret(client.secret)
    .apply((secret) => Buffer.from([host, client.id, secret, org].join(":")).toString("base64"));
}

/** Made empty and never compared again: what the tunnel writes there is its own. */
function giveTunnelItsSecret({ name, namespace, parent }: Place): pulumi.Resource[] {
  const secret = new kubernetes.core.v1.Secret(
    `${name}-${identitySecret}`,
    { metadata: { name: identitySecret, namespace }, type: "Opaque" },
    { parent, ignoreChanges: ["data", "stringData"] },
  );
  const grant = grantRole(`${name}-tunnel`, {
    role: "tunnel",
    namespace,
    rules: tunnelRules(identitySecret),
    account: { name: "tunnel-system", namespace },
    parent,
  });
  return [secret, grant];
}
