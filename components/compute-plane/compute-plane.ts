import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Admission } from "../admission/admission.ts";
import { type Management, servingManagers } from "../admission/management.ts";
import { ManagementAccess } from "../admission/management-access.ts";
import { type PlaneBuckets, type PlaneIdentities, taskServiceAccount } from "../identity/contract.ts";
import { ImageBuilder } from "../image-builder/builder.ts";
import { buildNamespace } from "../image-builder/contract.ts";
import type { ImageBuilderSettings } from "../image-builder/settings.ts";
import { shippedLogs, shipperNamespace, type TaskLogSettings } from "../logs/contract.ts";
import { LogShipper } from "../logs/shipper.ts";
import { type MetricsStoreSettings, storeNamespace } from "../metrics-store/contract.ts";
import { MetricsStore } from "../metrics-store/store.ts";
import type { SecretSettings } from "../secrets/backends.ts";
import { userSecretShards } from "../secrets/names.ts";
import { gatewayNamespace, type ServingSettings, servingNamespace } from "../serving/contract.ts";
import { Serving } from "../serving/serving.ts";
import { checkEgress, type Egress } from "../workloads/egress.ts";
import { createConfigFiles, createSecretFiles } from "../workloads/files.ts";
import { rbacGroup } from "../workloads/grant-plan.ts";
import { labelsOf } from "../workloads/labels.ts";
import { IsolatedNamespace } from "../workloads/namespace.ts";
import type { Collector, Scraper } from "../workloads/network-policy.ts";
import { createPlatformPriority } from "../workloads/priority.ts";
import { grantRole } from "../workloads/rbac.ts";
import type { Autoscale } from "../workloads/service-spec.ts";
import { createServiceAuthority } from "../workloads/service-tls.ts";
import { taskActionCrd } from "../workloads/task-action-crd.ts";
import { Workload } from "../workloads/workload.ts";
import type { PlaneCloud } from "./cloud.ts";
import { checkNamespaces, cloudRoles, identityOfTasks } from "./namespaces.ts";
import { type DeclaredProject, onDemandOf, syncClusterRole, syncPermissions } from "./on-demand.ts";
import { appsLease, executorLease, identitySecret, permissionOf } from "./permissions.ts";
import { type ProjectDomain, projectNamespace } from "./project-domain.ts";
import { ProjectNamespace } from "./project-namespace.ts";
import { createWebhook, createWebhookCertificate } from "./secrets-webhook.ts";
import { planComputePlaneServices } from "./services.ts";

export interface ComputePlaneArgs {
  /** Namespace of the platform's services. */
  namespace: string;
  /** Service image, by digest. */
  image: string;
  org: string;
  clusterName: string;
  cloud: PlaneCloud;
  /** The region's public host, without scheme or port. */
  controlPlaneHost: string;
  /** Those on demand are made by the sync service, which runs only where there is one. */
  projects: DeclaredProject[];
  identities: PlaneIdentities;
  buckets: { [Bucket in keyof PlaneBuckets]: pulumi.Input<string> };
  /** Where users' secrets are. */
  secrets: SecretSettings;
  /** The stack refuses to destroy users' secrets that are in the cluster. @default false */
  protectSecrets?: boolean;
  /** Where task pods' logs are kept. @default nowhere: they are told as long as the pods are there */
  logs?: TaskLogSettings;
  /** Where task pods' measures are kept. @default nowhere: they are told while the pods run */
  metricsStore?: MetricsStoreSettings;
  /** The stack refuses to destroy the measures. @default false */
  protectMetrics?: boolean;
  /** Builds task images: with what role, to where, and whose contexts. @default none are built */
  imageBuilder?: ImageBuilderSettings & {
    region: string;
    roleArn: pulumi.Input<string>;
    repositoryUrl: pulumi.Input<string>;
    contextBucket: pulumi.Input<string>;
  };
  /** Serves apps beside tasks. @default none are served */
  apps?: ServingSettings;
  /** Joins the cluster to its region, once. */
  registrationToken: pulumi.Input<string>;
  /** The region comes through Cloudflare, by a connector that runs here. @default the tunnel dials the region's relay */
  connector?: { image: string; token: pulumi.Input<string> };
  /** Browsers and programs come to apps through Cloudflare, by another connector. @default nobody comes to an app */
  appsConnector?: { image: string; token: pulumi.Input<string> };
  /** The application that task pods act as towards the control plane. */
  taskClient: { id: string; secret: pulumi.Input<string> };
  /** Of each service that can run more than once. @default 2 */
  replicas?: number;
  /** Of the same ones, by load. @default always `replicas` */
  autoscale?: Autoscale;
  dnsServers: string[];
  apiPort: pulumi.Input<number>;
  /** Where services and task pods may open TLS connections to. @default open-443 */
  egress?: Egress;
  /** Pods that may read the services' metrics. @default none */
  scraper?: Scraper;
  /** Whom the services tell traces to, in this cluster. @default nobody */
  collector?: Collector;
  /** What the API server is told beyond what the stack knows itself. @default any registry for tasks, no sessions */
  admission?: {
    approvedRegistries?: string[];
    taskImagesByDigest?: boolean;
    operatorGroups?: string[];
  };
  /** BYOC: rights of the vendor's managers. @default none: self-managed */
  management?: Management;
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

/**
 * The customer's side in its cluster: the platform's services, a namespace for each project-domain, and what the API
 * server refuses. Proved by `verify-components-pods`, `ns-per-project`, `k8s-dp-permissions-match-appendix-d`,
 * `builder-base-images-approved` and those that its parts name.
 */
export class ComputePlane extends pulumi.ComponentResource {
  readonly namespaces: string[];

  constructor(name: string, args: ComputePlaneArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:compute-plane:ComputePlane", name, {}, opts);
    const { image, dnsServers, apiPort, egress, scraper, collector } = args;
    checkNamespaces(args);
    if (egress) checkEgress(egress);
    const around = { dnsServers, apiPort, egress, scraper, collector };
    const projectNamespaces = args.projects.map(projectNamespace);

    const taskActions = new kubernetes.apiextensions.v1.CustomResourceDefinition(`${name}-taskactions`, taskActionCrd, {
      parent: this,
    });
    const { policies } = admit(name, projectNamespaces, args, this);
    const priority = createPlatformPriority(`${name}-priority`, { namespace: args.namespace, parent: this });
    const { ready: namespace } = new IsolatedNamespace(
      `${name}-namespace`,
      { namespace: args.namespace, labels: { "biplane.dev/org": args.org }, quota, defaults, dnsServers },
      { parent: this },
    );
    const platform: Place = { name, namespace, parent: this };
    const onDemand = onDemandOf(args.projects);
    const projects = args.projects
      .filter((project) => !onDemand.includes(project))
      .flatMap((project) => createProject(platform, project, args).ready);
    const syncRights = letSync(platform, onDemand, args);
    const tunnelSecret = giveItsOwn(platform, identitySecret);
    const protect = (args.protectSecrets ?? false) && args.secrets.backend === "kubernetes";
    const shards = userSecretShards.map((shard) => giveItsOwn(platform, shard, protect));
    const certificate = createWebhookCertificate(name, platform, args.namespace);
    const election = letElect(platform, "executor-election", executorLease);
    const appsElection = args.apps ? letElect(platform, "apps-election", appsLease) : [];
    const shipped = shippedLogs(args.logs);
    if (shipped) {
      const { org } = args;
      const { region } = args.cloud;
      new LogShipper(
        `${name}-logs-shipper`,
        { ...shipped, org, region, projectNamespaces, dnsServers, egress, priority },
        { parent: this },
      );
    }

    const { org, projects: declared, imageBuilder } = args;
    const builder =
      imageBuilder &&
      new ImageBuilder(
        `${name}-image-builder`,
        { ...imageBuilder, services: image, org, projects: declared, around },
        { parent: this },
      );

    let serving: Serving | undefined;
    if (args.apps) {
      const { apps, replicas = 2 } = args;
      serving = new Serving(
        `${name}-serving`,
        {
          ...apps,
          org,
          platform: namespace,
          platformName: args.namespace,
          projectNamespaces,
          around,
          replicas,
          priority,
          managers: args.management && servingManagers(args.management),
        },
        { parent: this },
      );
    }
    if (args.management) {
      const homes = serving ? { serving: serving.namespaces } : {};
      new ManagementAccess(`${name}-managers`, { ...args.management, ...homes, namespace }, { parent: this });
    }

    const store = keepMetrics(platform, projectNamespaces, args, { around, priority });

    const services = planComputePlaneServices({
      ...args,
      metricsReader: store?.reader,
      admin: args.identities.admin,
      builderAuthority: builder?.authority,
      appsDomain: args.apps?.domain,
      projectNamespaces,
      replicas: args.replicas ?? 2,
      registration: createSecretFiles(name, {
        name: "registration",
        namespace,
        content: { token: args.registrationToken },
        parent: this,
      }),
      webhookTls: certificate.tls,
      connector: args.connector && {
        image: args.connector.image,
        token: createSecretFiles(name, {
          name: "connector",
          namespace,
          content: { token: args.connector.token },
          parent: this,
        }),
      },
      appsConnector: args.apps &&
        args.appsConnector && {
          image: args.appsConnector.image,
          token: createSecretFiles(name, {
            name: "apps-connector",
            namespace,
            content: { token: args.appsConnector.token },
            parent: this,
          }),
        },
      ...(onDemand.length > 0 ? { sync: giveSync(platform, onDemand, args) } : {}),
    });
    const needs: Record<string, pulumi.Resource[]> = {
      tunnel: [tunnelSecret],
      executor: [taskActions, ...election, ...projects],
      logs: projects,
      secrets: [...shards, ...projects],
      sync: [...syncRights, ...policies],
      apps: [...(serving?.kinds ?? []), ...appsElection, ...projects],
    };
    const tls = createServiceAuthority(name, args.namespace, this);
    const workloads = services.map(
      (spec) =>
        new Workload(
          `${name}-${spec.name}`,
          { spec, all: services, namespace, image, priority, around, tls, needs: needs[spec.name] },
          { parent: this },
        ),
    );
    const { authority } = certificate;
    createWebhook(
      `${name}-secrets-webhook`,
      { namespace, projectNamespaces, authority, platform: args.namespace },
      { parent: this, dependsOn: workloads },
    );

    const ofApps = args.apps ? [servingNamespace, gatewayNamespace] : [];
    this.namespaces = [args.namespace, ...projectNamespaces, ...exceptionsOf(args), ...besideOf(args), ...ofApps];
    this.registerOutputs({ namespaces: this.namespaces });
  }
}

/** Namespaces that are made below the restricted standard. */
function exceptionsOf({ logs, imageBuilder }: ComputePlaneArgs): string[] {
  return [...(shippedLogs(logs) ? [shipperNamespace] : []), ...(imageBuilder ? [buildNamespace] : [])];
}

/** Namespaces of ours under the restricted standard that hold neither the platform's services nor tasks. */
function besideOf({ metricsStore }: ComputePlaneArgs): string[] {
  return metricsStore ? [storeNamespace] : [];
}

interface Place {
  name: string;
  namespace: pulumi.Output<string>;
  parent: pulumi.Resource;
}

function createProject({ name, namespace, parent }: Place, project: ProjectDomain, args: ComputePlaneArgs) {
  const { org, cloud, controlPlaneHost, taskClient, identities, dnsServers, egress } = args;
  const buildsImages = args.imageBuilder !== undefined;
  const servesApps = args.apps !== undefined;
  const where = projectNamespace(project);
  return new ProjectNamespace(
    `${name}-${where}`,
    {
      ...project,
      org,
      cloud: cloud.cloud,
      identity: identityOfTasks(identities, where),
      apiKey: renderApiKey({ host: controlPlaneHost, org, client: taskClient }),
      platform: namespace,
      dnsServers,
      egress,
      buildsImages,
      servesApps,
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

/** Nobody may create what is not there yet by a Role: the one ClusterRole of the plane, each of its rules by name. */
function letSync(
  { name, namespace, parent }: Place,
  onDemand: ProjectDomain[],
  { namespace: platform, apps }: Pick<ComputePlaneArgs, "namespace" | "apps">,
): pulumi.Resource[] {
  return syncPermissions(onDemand, { servesApps: apps !== undefined })
    .filter(({ where }) => where === "cluster")
    .map(({ account, rules }) => {
      const metadata = { name: syncClusterRole(platform), labels: labelsOf("sync") };
      const role = new kubernetes.rbac.v1.ClusterRole(`${name}-sync`, { metadata, rules }, { parent });
      return new kubernetes.rbac.v1.ClusterRoleBinding(
        `${name}-sync`,
        {
          metadata,
          roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name: role.metadata.name },
          subjects: [{ kind: "ServiceAccount", name: account, namespace }],
        },
        { parent },
      );
    });
}

function keepMetrics(
  { name, namespace, parent }: Place,
  projectNamespaces: string[],
  { metricsStore, org, namespace: platformName, protectMetrics: protect }: ComputePlaneArgs,
  { around, priority }: Pick<ConstructorParameters<typeof MetricsStore>[1], "around" | "priority">,
): MetricsStore | undefined {
  if (!metricsStore) return undefined;
  return new MetricsStore(
    `${name}-metrics-store`,
    { ...metricsStore, org, platform: namespace, platformName, projectNamespaces, around, protect, priority },
    { parent },
  );
}

/** What the sync plans by: all that `createProject` gives a plan, for those on demand. */
function giveSync({ name, namespace, parent }: Place, onDemand: ProjectDomain[], args: ComputePlaneArgs) {
  const { org, controlPlaneHost, taskClient, identities, dnsServers, egress = "open-443" } = args;
  const { cloud } = args.cloud;
  const projects = onDemand.map(({ project, domain }) => ({
    project,
    domain,
    roleArn: identityOfTasks(identities, projectNamespace({ project, domain })),
  }));
  const plan = pulumi.jsonStringify({
    ...{ org, platform: args.namespace, dnsServers, egress },
    ...(cloud === "aws" ? {} : { cloud }),
    projects,
    ...(args.imageBuilder ? { buildsImages: true } : {}),
    ...(args.apps ? { servesApps: true } : {}),
  });
  const apiKey = renderApiKey({ host: controlPlaneHost, org, client: taskClient });
  return {
    plan: createConfigFiles(name, { name: "sync-plan", namespace, content: { "plan.json": plan }, parent }),
    taskKey: createSecretFiles(name, { name: "sync-task-key", namespace, content: { "api-key": apiKey }, parent }),
  };
}

/** Made empty and never compared again: what its service writes there is its own. */
function giveItsOwn({ name, namespace, parent }: Place, secret: string, protect = false): pulumi.Resource {
  return new kubernetes.core.v1.Secret(
    `${name}-${secret}`,
    { metadata: { name: secret, namespace }, type: "Opaque" },
    { parent, ignoreChanges: ["data", "stringData"], protect },
  );
}

/** The Lease is made without a holder and never compared again: what the replicas write there is their own. */
function letElect({ name, namespace, parent }: Place, by: string, held: string): pulumi.Resource[] {
  const { role, account, rules } = permissionOf(by);
  const lease = new kubernetes.coordination.v1.Lease(
    `${name}-${held}`,
    { metadata: { name: held, namespace } },
    { parent, ignoreChanges: ["spec"] },
  );
  const granted = { role, namespace, rules, account: { name: account, namespace }, parent };
  return [lease, grantRole(`${name}-${role}`, granted)];
}

function admit(name: string, projectNamespaces: string[], args: ComputePlaneArgs, parent: pulumi.Resource): Admission {
  const { namespace, image, admission = {}, management, connector, appsConnector, cloud } = args;
  const shipped = shippedLogs(args.logs);
  const onDemand = onDemandOf(args.projects);
  return new Admission(
    `${name}-admission`,
    {
      namespace,
      projectNamespaces,
      exceptions: exceptionsOf(args),
      beside: besideOf(args),
      ...(shipped ? { shipperImage: shipped.image } : {}),
      ...(args.apps ? { queueImage: args.apps.images.queue } : {}),
      ...(args.imageBuilder ? { builderImages: { build: args.imageBuilder.image, service: image } } : {}),
      images: {
        platform: [...new Set([image, ...[connector, appsConnector].flatMap((one) => (one ? [one.image] : []))])],
        tasks: admission.approvedRegistries,
        tasksByDigest: admission.taskImagesByDigest,
      },
      cloud: cloud.cloud,
      roles: cloudRoles(args),
      taskAccount: taskServiceAccount,
      operatorGroups: admission.operatorGroups,
      management,
      ...(onDemand.length > 0
        ? {
            sync: {
              onDemand,
              settings: {
                ...args,
                cloud: cloud.cloud,
                buildsImages: args.imageBuilder !== undefined,
                servesApps: args.apps !== undefined,
              },
            },
          }
        : {}),
    },
    { parent },
  );
}
