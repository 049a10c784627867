/** What a customer's two phases know in every cloud, and the rules between their settings. */
import { z } from "zod";
import { taskClientId } from "../../components/control-plane/tenant-names.ts";
import { host, image, namespace, oneOf, problems, repeated, secret, text, tunnelToken, whole, word } from "./words.ts";

const model = oneOf("byoc", "self-managed").describe(
  "Who operates the cluster; self-managed makes no vendor principal at all",
);
export const level = oneOf("full", "no-delete", "read-only");

interface CloudWords {
  /** As the cloud names clusters and repositories. */
  cluster: z.ZodString;
  clusterKind: string;
  repository: z.ZodString;
  defaultRepository: string;
}

export const customerOf = ({ cluster, clusterKind, repository, defaultRepository }: CloudWords) => ({
  shape: z.literal("customer"),
  model,
  org: word,
  cluster: word.describe("Name that the cluster is registered by"),
  clusterName: cluster.optional().describe(`Name of the ${clusterKind} cluster. @default biplane-<cluster>`),
  bucketPrefix: text('a-z, 0-9 and "-", up to 50 characters', /^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,49}$/)
    .optional()
    .describe("Both buckets' names begin with it. @default biplane-<org>-<cluster>"),
  repository: repository.default(defaultRepository),
});

interface Named {
  org: string;
  cluster: string;
  clusterName?: string;
  bucketPrefix?: string;
}

/** What both phases must come to alike, each by itself. */
export function withNames<Config extends Named>(config: Config) {
  return {
    ...config,
    clusterName: config.clusterName ?? `biplane-${config.cluster}`,
    bucketPrefix: config.bucketPrefix ?? `biplane-${config.org}-${config.cluster}`,
  };
}

interface Checked<Value> {
  value: Value;
  issues: z.core.$ZodRawIssue[];
}

interface Base {
  model: "byoc" | "self-managed";
  management?: unknown;
  privateLink?: unknown;
  network: { existing?: unknown };
  kubernetes: { publicApi: string[]; existing: boolean };
}

export function checkBase({ value, issues }: Checked<Base>): void {
  const problem = problems(issues);
  const { model, kubernetes, network } = value;
  for (const name of ["management", "privateLink"] as const) {
    const given = value[name];
    if (model === "self-managed" && given)
      problem([name], given, "nothing: no vendor has a way into a self-managed plane");
    if (model === "byoc" && !given) problem([name], given, "required for BYOC");
  }
  if (model === "byoc" && kubernetes.publicApi.length > 0) {
    problem(["kubernetes", "publicApi"], kubernetes.publicApi, "nothing for BYOC: its API is never on the internet");
  }
  if (kubernetes.existing && !network.existing) {
    problem(["network", "existing"], undefined, "required with an existing cluster: its network is yours too");
  }
}

const narrowEgress = z.strictObject({
  cloudflareRanges: z.literal(true),
  endpoints: z.array(z.string()).describe("The cluster's API and the cloud's endpoints"),
  region: z
    .array(z.string())
    .optional()
    .describe("The relay's networks, for what speaks to the region alone. @default among endpoints"),
});

const egress = z
  .union([z.literal("open-443"), narrowEgress])
  .default("open-443")
  .describe("Where TLS connections may leave to: anywhere, or Cloudflare's published ranges and the given networks");

const apps = z
  .strictObject({
    domain: host.describe("Apps' hosts lie right below it: <app>-<project>-<domain>.<this>"),
    images: z
      .strictObject({
        activator: image,
        autoscaler: image,
        controller: image,
        webhook: image,
        queue: image.describe("Runs beside every app"),
        gatewayController: image.describe("Kourier's controller"),
        gateway: image.describe("Envoy, as Kourier runs it"),
      })
      .describe("Knative Serving's programs and its gateway's"),
    skipTagResolving: z
      .array(z.string())
      .optional()
      .describe("Registries whose tags Knative takes as they are. @default it asks every registry for the digest"),
    routesBy: oneOf("grpc", "rest")
      .optional()
      .describe("What the gateway's controller speaks. @default grpc, as Kourier's"),
  })
  .describe(
    "Serves apps in the cluster, where the network between nodes has to encrypt, as docs/decisions/0067 says. @default none are served",
  );

const reservedNamespaces = [
  "default",
  "kube-system",
  "kube-public",
  "kube-node-lease",
  "knative-serving",
  "kourier-system",
  "union-metrics",
];

export const metricsStore = z
  .strictObject({
    image: image.describe("Prometheus, by digest"),
    retentionDays: whole(1, 400).default(15).describe("How long measures are kept, if the disk has room for them"),
    sizeGiB: whole(1, 4_000).default(20).describe("Of the disk, of which measures take four fifths"),
  })
  .describe(
    "Keeps what tasks use, in the cluster, on a disk under a key of yours; the cluster needs its cloud's disk driver. @default it is told while their pods run",
  );

export const workloads = {
  phase: z.literal("workloads"),
  link: oneOf("none", "private-link", "inside")
    .default("none")
    .describe("How this machine reaches a private API: by the region's PrivateLink, or from inside the network"),
  managementLevel: level.default("no-delete").describe("BYOC: what the vendor's group may do in the cluster"),
  controlPlaneHost: host.describe("The region's endpoint"),
  images: z.strictObject({
    services: image,
    task: image.optional(),
    connector: image
      .optional()
      .describe("Cloudflare's cloudflared, for tunnelToken and appsTunnelToken. @default the tunnel dials the region"),
  }),
  projects: z
    .array(
      z.strictObject({
        project: word,
        domain: word,
        onDemand: z
          .boolean()
          .default(false)
          .describe("true: its namespace is made when the region has the project, without another `up`"),
      }),
    )
    .min(1, { error: "at least one project and domain" })
    .describe("Each pair gets a namespace <project>-<domain>"),
  isolation: oneOf("shared", "project")
    .default("shared")
    .describe("project: each project-domain has a role that reaches its own prefix only"),
  namespace: namespace.default("union").describe("Namespace of the platform's services"),
  egress,
  apps: apps.optional(),
  approvedRegistries: z
    .array(z.string())
    .optional()
    .describe("Registries that task images may come from. @default any"),
  taskImagesByDigest: z.boolean().default(false).describe("Task pods run images by digest only"),
  consoleOrigin: z
    .url({ protocol: /^https$/, error: "an https origin" })
    .optional()
    .describe("Where the console is served from. @default https://<controlPlaneHost>"),
  dataPlaneClientId: z.string().min(1).optional().describe("Application that task pods act as. @default <org>-tasks"),
  registrationToken: secret.describe("Joins the cluster to its region; from the region's outputs"),
  tunnelToken: tunnelToken.optional().describe("With images.connector: what it runs with; from the region's outputs"),
  appsTunnelToken: tunnelToken
    .optional()
    .describe("With apps and images.connector: what browsers and programs come to apps by; from the region's outputs"),
  dataPlaneClientSecret: secret.describe("Secret of dataPlaneClientId; from the region's outputs"),
};

interface Workloads {
  projects: { project: string; domain: string }[];
  namespace: string;
  images: { connector?: string };
  tunnelToken?: string;
  appsTunnelToken?: string;
  apps?: unknown;
  roles: { admin: string; user: string };
}

export function checkWorkloads({ value, issues }: Checked<Workloads>): void {
  const problem = problems(issues);
  const names = value.projects.map(({ project, domain }) => `${project}-${domain}`);
  for (const [at, name] of repeated(names, (name) => name)) {
    problem(["projects", at], name, "each namespace <project>-<domain> once");
  }
  for (const [at, name] of names.entries()) {
    if (name === value.namespace) problem(["projects", at], name, "another namespace than the platform's");
  }
  if (reservedNamespaces.includes(value.namespace)) {
    problem(["namespace"], value.namespace, "a namespace that Kubernetes does not use itself");
  }
  const tunnels = value.tunnelToken !== undefined || value.appsTunnelToken !== undefined;
  if ((value.images.connector !== undefined) !== tunnels) {
    const at = tunnels ? ["images", "connector"] : ["tunnelToken"];
    problem(at, undefined, "images.connector and a tunnel's token, or neither");
  }
  if (value.appsTunnelToken !== undefined && value.apps === undefined) {
    problem(["apps"], undefined, "required with appsTunnelToken");
  }
  if (value.roles.admin === value.roles.user) {
    problem(["roles", "user"], value.roles.user, "another name than the admin role's");
  }
}

interface Served {
  org: string;
  controlPlaneHost: string;
  consoleOrigin?: string;
  dataPlaneClientId?: string;
}

export function withConsole<Config extends Served>(config: Config) {
  return {
    ...config,
    consoleOrigin: config.consoleOrigin ?? `https://${config.controlPlaneHost}`,
    dataPlaneClientId: config.dataPlaneClientId ?? taskClientId(config.org),
  };
}
