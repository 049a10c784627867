/** The compute plane's services, with their environment as the services themselves read it. */
import type { Input } from "@pulumi/pulumi";
import { adminServiceAccounts, type PlaneBuckets, secretsServiceAccount } from "../identity/contract.ts";
import { builderService, buildNamespace } from "../image-builder/contract.ts";
import type { TaskLogSettings } from "../logs/contract.ts";
import { storeUrl } from "../metrics-store/contract.ts";
import type { SecretSettings } from "../secrets/backends.ts";
import { userSecretShards } from "../secrets/names.ts";
import { type ConnectorArgs, connectorBeside, connectorPort } from "../tunnel/connector.ts";
import { type Autoscale, type FileSource, filesFolder, rpcUrl, type ServiceSpec } from "../workloads/service-spec.ts";
import { planAppGate } from "./app-gate.ts";
import {
  cloudEnvironment,
  dataRoot,
  logEnvironment,
  type PlaneCloud,
  secretEnvironment,
  sessionEnvironment,
  storeEnvironment,
} from "./cloud.ts";
import { type DeclaredProject, onDemandOf, syncAccount, syncPermissions } from "./on-demand.ts";
import { appsAccount, appsLease, executorLease, identitySecret, permissionOf } from "./permissions.ts";
import { projectNamespace } from "./project-domain.ts";
import { eagerSecret } from "./project-plan.ts";
import { projectDefaults, projectQuota } from "./project-quota.ts";

export interface ComputePlaneServicesArgs {
  namespace: string;
  org: string;
  clusterName: string;
  cloud: PlaneCloud;
  controlPlaneHost: string;
  /** What the platform's services are in the cloud. */
  admin: Input<string>;
  buckets: { [Bucket in keyof PlaneBuckets]: Input<string> };
  projects: DeclaredProject[];
  projectNamespaces: string[];
  secrets: SecretSettings;
  /** Of the task pods. @default none: a log is told as long as its pod is there */
  logs?: TaskLogSettings;
  /** By which the log provider asks the metrics store. @default there is none */
  metricsReader?: FileSource;
  /** PEM: by which the builder of task images is known. @default none builds */
  builderAuthority?: Input<string> | undefined;
  /** Apps are served, each at `<app>-<project>-<domain>.<this>`. @default none are */
  appsDomain?: string | undefined;
  /** Cloudflare's connector for apps, beside their gate. @default nobody comes to an app */
  appsConnector?: ConnectorArgs | undefined;
  /** Of the services, by digest: what the platform's own tasks run. */
  image?: string;
  /** Of each service that can run more than once. */
  replicas: number;
  /** Of the same ones, by load. @default always `replicas` */
  autoscale?: Autoscale;
  registration: FileSource;
  /** Cloudflare's connector, through which the region comes. @default the tunnel dials the region's relay */
  connector?: ConnectorArgs;
  /** Certificate and key of the secrets' webhook. */
  webhookTls: FileSource;
  /** What the sync plans by. @default no project is on demand, and there is no sync */
  sync?: { plan: FileSource; taskKey: FileSource };
}

const rpcPort = 8080;
/** Of the secrets' webhook; its Service answers on 443. */
const webhookPort = 8443;

/** A presigned URL lives an hour at most, as documented. */
const presignSeconds = 3600;

export function planComputePlaneServices(args: ComputePlaneServicesArgs): ServiceSpec[] {
  const { namespace, org, clusterName, cloud, controlPlaneHost, buckets, replicas, autoscale } = args;
  const identity = { cloud: cloud.cloud, name: args.admin };
  const tunnelUrl = rpcUrl("tunnel", namespace);
  // The keys that verify users' tokens are those pinned at registration, not whatever the region says today.
  const verifiesTokens = { TOKEN_ISSUER: `https://${controlPlaneHost}`, TOKEN_KEYS_URL: `${tunnelUrl}/pinned/keys` };
  const onDemand = onDemandOf(args.projects).map(projectNamespace);
  const namespaces = {
    PROJECT_NAMESPACES: args.projectNamespaces.join(","),
    // May not be there yet, and then nobody waits for them.
    ...(onDemand.length > 0 ? { ON_DEMAND_NAMESPACES: onDemand.join(",") } : {}),
  };
  const projects = { PROJECTS: args.projects.map(({ project, domain }) => `${project}/${domain}`).join(",") };
  const service = (name: string) => ({ name, entry: `/app/data/${name}.mjs` });
  const { connector } = args;

  return [
    {
      ...service("tunnel"),
      serviceAccount: permissionOf("tunnel").account,
      rules: permissionOf("tunnel").rules,
      replicas: 1,
      rpcPort,
      calls: ["objectstore", "logs", "secrets"],
      reaches: ["region", "kubernetes-api", ...(connector ? ["cloudflare-tunnel" as const] : [])],
      env: {
        ...(connector ? { CONNECTOR_PORT: String(connectorPort) } : {}),
        CONTROL_PLANE_HOST: controlPlaneHost,
        ORG: org,
        CLUSTER_NAME: clusterName,
        REGISTRATION_TOKEN_FILE: `${filesFolder}/registration/token`,
        IDENTITY_SECRET: identitySecret,
        POD_NAMESPACE: namespace,
        OBJECT_STORE_URL: rpcUrl("objectstore", namespace),
        LOG_PROVIDER_URL: rpcUrl("logs", namespace),
        SECRETS_URL: rpcUrl("secrets", namespace),
      },
      files: { registration: args.registration },
      ...(connector ? { beside: connectorBeside(connector) } : {}),
    },
    {
      ...service("executor"),
      serviceAccount: adminServiceAccounts.executor,
      identity,
      // One works, by its Lease; another is there to go on when it or its node is gone.
      replicas,
      calls: ["tunnel"],
      reaches: ["own-cloud", "kubernetes-api"],
      env: {
        TUNNEL_URL: tunnelUrl,
        ORG: org,
        CLUSTER_NAME: clusterName,
        CONTROL_PLANE_HOST: controlPlaneHost,
        ...namespaces,
        EAGER_SECRET: eagerSecret,
        POD_NAMESPACE: namespace,
        LEADER_LEASE: executorLease,
        EXECUTOR_DEPLOYMENT: "executor",
        ...cloudEnvironment(cloud),
        ...sessionEnvironment(cloud, adminServiceAccounts.executor),
        ...(args.builderAuthority && args.image
          ? {
              IMAGE_BUILD_IMAGE: args.image,
              IMAGE_BUILDER_URL: rpcUrl(builderService, buildNamespace),
              IMAGE_BUILDER_CA: args.builderAuthority,
            }
          : {}),
        LEASE_CAPACITY: "50",
        // A task that asks for more than its project may use gets what the project may use.
        TASK_CPU_REQUEST: projectDefaults.request.cpu,
        TASK_CPU_LIMIT: projectDefaults.limit.cpu,
        TASK_CPU_MAXIMUM: projectQuota["requests.cpu"],
        TASK_MEMORY_REQUEST: projectDefaults.request.memory,
        TASK_MEMORY_LIMIT: projectDefaults.limit.memory,
        TASK_MEMORY_MAXIMUM: projectQuota["requests.memory"],
      },
    },
    {
      ...service("objectstore"),
      serviceAccount: adminServiceAccounts.objectstore,
      identity,
      replicas,
      autoscale,
      rpcPort,
      calls: ["tunnel"],
      reaches: ["own-cloud"],
      env: {
        ...verifiesTokens,
        ORG: org,
        METADATA_BUCKET: buckets.metadata,
        FAST_REGISTRATION_BUCKET: buckets.fastRegistration,
        ...storeEnvironment(cloud, args.admin),
        ...sessionEnvironment(cloud, adminServiceAccounts.objectstore),
        PRESIGN_TTL_SECONDS: String(presignSeconds),
      },
    },
    {
      ...service("logs"),
      serviceAccount: adminServiceAccounts.logs,
      identity,
      replicas,
      autoscale,
      rpcPort,
      calls: ["tunnel"],
      reaches: ["own-cloud", "kubernetes-api"],
      env: {
        ...verifiesTokens,
        ORG: org,
        ...projects,
        ...(args.appsDomain ? { SERVES_APPS: "true" } : {}),
        ...logEnvironment(cloud, args.logs),
        ...sessionEnvironment(cloud, adminServiceAccounts.logs),
        ...(args.metricsReader
          ? { METRICS_STORE_URL: storeUrl, METRICS_STORE_TLS: `${filesFolder}/metrics-store` }
          : {}),
      },
      ...(args.metricsReader ? { files: { "metrics-store": args.metricsReader } } : {}),
    },
    {
      ...service("secrets"),
      serviceAccount: secretsServiceAccount,
      ...(args.secrets.backend === "kubernetes" ? {} : { identity }),
      rules: permissionOf("secrets").rules,
      replicas,
      rpcPort,
      webhookPort,
      calls: ["tunnel"],
      reaches: [...(args.secrets.backend === "kubernetes" ? [] : ["own-cloud" as const]), "kubernetes-api"],
      env: {
        ...verifiesTokens,
        ORG: org,
        POD_NAMESPACE: namespace,
        SECRET_SHARDS: userSecretShards.join(","),
        ...projects,
        WEBHOOK_PORT: String(webhookPort),
        TLS_CERT_FILE: `${filesFolder}/tls/tls.crt`,
        TLS_KEY_FILE: `${filesFolder}/tls/tls.key`,
        ...secretEnvironment(cloud, args.secrets),
        ...(args.secrets.backend === "kubernetes" ? {} : sessionEnvironment(cloud, secretsServiceAccount)),
      },
      files: { tls: args.webhookTls },
    },
    ...(args.appsDomain ? [planAppsService(args, args.appsDomain, { ...namespaces, TUNNEL_URL: tunnelUrl })] : []),
    ...(args.appsDomain
      ? [planAppGate({ controlPlaneHost, domain: args.appsDomain, connector: args.appsConnector, tunnelUrl, replicas })]
      : []),
    ...(args.sync ? [planSyncService(args, args.sync, tunnelUrl)] : []),
  ];
}

/** One works, by its Lease, as of the executor. */
function planAppsService(
  { namespace, org, cloud, controlPlaneHost, buckets, replicas }: ComputePlaneServicesArgs,
  domain: string,
  env: Record<string, string>,
): ServiceSpec {
  return {
    name: "apps",
    entry: "/app/data/apps.mjs",
    serviceAccount: appsAccount,
    replicas,
    calls: ["tunnel"],
    reaches: ["kubernetes-api"],
    env: {
      ...env,
      ORG: org,
      CONTROL_PLANE_HOST: controlPlaneHost,
      APPS_DOMAIN: domain,
      EAGER_SECRET: eagerSecret,
      DATA_ROOT: dataRoot(cloud, buckets.metadata),
      POD_NAMESPACE: namespace,
      LEADER_LEASE: appsLease,
      // An app that asks for more than its project may use gets what the project may use, as a task does.
      APP_CPU_REQUEST: projectDefaults.request.cpu,
      APP_CPU_LIMIT: projectDefaults.limit.cpu,
      APP_CPU_MAXIMUM: projectQuota["requests.cpu"],
      APP_MEMORY_REQUEST: projectDefaults.request.memory,
      APP_MEMORY_LIMIT: projectDefaults.limit.memory,
      APP_MEMORY_MAXIMUM: projectQuota["requests.memory"],
    },
  };
}

/** One pod: two at once would only make the same objects twice over. */
function planSyncService(
  { namespace, projects }: ComputePlaneServicesArgs,
  files: NonNullable<ComputePlaneServicesArgs["sync"]>,
  tunnelUrl: string,
): ServiceSpec {
  const [events] = syncPermissions(onDemandOf(projects)).filter(({ where }) => where === "platform");
  return {
    name: "sync",
    entry: "/app/data/sync.mjs",
    serviceAccount: syncAccount,
    ...(events ? { rules: events.rules } : {}),
    replicas: 1,
    calls: ["tunnel"],
    reaches: ["kubernetes-api"],
    env: {
      TUNNEL_URL: tunnelUrl,
      POD_NAMESPACE: namespace,
      SYNC_DEPLOYMENT: "sync",
      PLAN_FILE: `${filesFolder}/plan/plan.json`,
      TASK_KEY_FILE: `${filesFolder}/task-key/api-key`,
    },
    files: { plan: files.plan, "task-key": files.taskKey },
  };
}
