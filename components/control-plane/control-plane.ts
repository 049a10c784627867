import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as tls from "@pulumi/tls";
import { Admission } from "../admission/admission.ts";
import type { DatabaseConnection } from "../database/aws.ts";
import type { ServerCertificate } from "../edge/cloudflare.ts";
import { createConfigFiles, createSecretFiles } from "../workloads/files.ts";
import { IsolatedNamespace } from "../workloads/namespace.ts";
import type { Collector, Scraper, Surroundings } from "../workloads/network-policy.ts";
import { OneOffJob } from "../workloads/one-off-job.ts";
import type { Place } from "../workloads/place.ts";
import { createPlatformPriority } from "../workloads/priority.ts";
import { type Autoscale, type FileSource, filesFolder, type ServiceSpec } from "../workloads/service-spec.ts";
import { createServiceAuthority } from "../workloads/service-tls.ts";
import { Workload } from "../workloads/workload.ts";
import {
  type AuditExport,
  type ControlPlaneFiles,
  planControlPlaneServices,
  type UpstreamProvider,
} from "./services.ts";
import { renderBootstrap, type TenantCredentials } from "./tenants.ts";
import { createTunnelReconciler, type TunnelReconcilerArgs } from "./tunnel-reconciler.ts";

export interface ControlPlaneArgs {
  /** Namespace of the services. */
  namespace: string;
  /** Service image, by digest. */
  image: string;
  endpoint: string;
  relayHost: string;
  database: DatabaseConnection & {
    /** Where the database's address may lie, as CIDRs: network policies know no names. */
    addresses: string[];
    /** PEM bundle that signs the database's certificate. @default the image's own trust */
    authority?: string;
  };
  gatewayCertificate: ServerCertificate;
  /** PEM of the authority whose clients alone the gateway serves: the edge's authenticated origin pulls. */
  originPullAuthority: pulumi.Input<string>;
  clusterAuthority: ServerCertificate;
  relayCertificate: ServerCertificate;
  tenants: TenantCredentials[];
  /** What the relay dials clusters by that Cloudflare leads to, as JSON. @default every cluster dials the relay */
  connectors?: pulumi.Input<string> | undefined;
  /** Keeps tunnels of Cloudflare as they were made. @default nobody does, until the next `up` */
  tunnelReconciler?: TunnelReconcilerArgs | undefined;
  nodePorts: { gateway: number; relay: number };
  /** Of each service that can run more than once. @default 2 */
  replicas?: number;
  /** Of the same ones, by load. @default always `replicas` */
  autoscale?: Autoscale;
  /** Numbers of the keys of access tokens: one signs, others are trusted besides. @default 1 signs, alone */
  tokenKeys?: { signing: number; published: number[] };
  /** An OIDC provider whose people may sign in. @default none */
  upstream?: (UpstreamProvider & { clientSecret: pulumi.Input<string> }) | undefined;
  /** Of the region, as AWS names it. */
  region: string;
  auditExport: AuditExport;
  dnsServers: string[];
  apiPort: pulumi.Input<number>;
  /** Kubernetes groups of people who may open sessions in its pods. @default none */
  operatorGroups?: string[];
  /** Pods that may read the services' metrics. @default none */
  scraper?: Scraper;
  /** Whom the services tell traces to, in this cluster. @default nobody */
  collector?: Collector;
}

/** Room for every service twice over during a roll-out; no load balancer, and no node port but the two named ones. */
const quota = {
  pods: "80",
  "requests.cpu": "8",
  "requests.memory": "16Gi",
  "limits.cpu": "80",
  "limits.memory": "64Gi",
  "services.loadbalancers": "0",
  "services.nodeports": "2",
};

const defaults = { request: { cpu: "20m", memory: "64Mi" }, limit: { cpu: "500m", memory: "256Mi" } };

/** Login of the services: no DDL, no way around row-level security; the migrations make it. */
const runtimeUser = "biplane_runtime";
/** Login of whoever verifies the schema: it reads the catalogue and no table; the migrations make it too. */
const verifierUser = "biplane_verifier";
/** Login of the audit's export: it reads audit records and nothing else; the migrations make it too. */
const exporterUser = "biplane_exporter";

/**
 * The region's services in their namespace, over a migrated database, and what the API server refuses there. Proved by
 * `cp-multi-az`, `cp-health-and-auto-recovery`, `cp-k8s-roles-match-appendix-c` (no service has any right in Kubernetes)
 * and those that its parts name.
 */
export class ControlPlane extends pulumi.ComponentResource {
  /** Secret. */
  readonly databaseVerifier: pulumi.Output<{
    host: string;
    port: number;
    database: string;
    user: string;
    password: string;
  }>;

  constructor(name: string, args: ControlPlaneArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:control-plane:ControlPlane", name, {}, opts);
    const { image, dnsServers, apiPort, database, scraper, collector } = args;
    const around: Surroundings = { dnsServers, apiPort, database, scraper, collector };

    const { ready: namespace } = new IsolatedNamespace(
      `${name}-namespace`,
      { namespace: args.namespace, quota, defaults, dnsServers },
      { parent: this },
    );
    const priority = createPlatformPriority(`${name}-priority`, { namespace: args.namespace, parent: this });
    const place: Place = { name, namespace, parent: this };
    const files = createFiles(place, args);
    const access = createDatabaseAccess(place, database);
    const migrated = migrate(place, { image, access, around, priority });
    const services = planControlPlaneServices({
      ...args,
      replicas: args.replicas ?? 2,
      database: access.runtime,
      exporterDatabase: access.exporter,
      files,
      tunnelReconciler: args.tunnelReconciler && createTunnelReconciler(place, args.tunnelReconciler),
    });
    admit(name, args, services, this);
    const tls = createServiceAuthority(place, args.namespace);
    for (const spec of services) {
      const needs = spec.reaches?.includes("database") ? [migrated] : [];
      new Workload(
        `${name}-${spec.name}`,
        { spec, all: services, namespace, image, priority, around, tls, needs },
        { parent: this },
      );
    }
    this.databaseVerifier = pulumi.secret(
      pulumi.output({
        host: database.host,
        port: database.port,
        database: database.name,
        user: verifierUser,
        password: access.verifierPassword,
      }),
    );
    this.registerOutputs({});
  }
}

/** One service has a cloud role, the audit's export; only those with a public port are opened on the nodes. */
function admit(name: string, args: ControlPlaneArgs, services: ServiceSpec[], parent: pulumi.Resource): Admission {
  const { namespace, image, operatorGroups } = args;
  return new Admission(
    `${name}-admission`,
    {
      namespace,
      projectNamespaces: [],
      images: { platform: [image] },
      roles: Object.fromEntries(
        services.flatMap(({ name: service, identity }) =>
          identity ? [[`${namespace}/${service}`, identity.name]] : [],
        ),
      ),
      openServices: services.flatMap(({ name: service, publicPort }) => (publicPort ? [`${service}-public`] : [])),
      operatorGroups,
    },
    { parent },
  );
}

type Content = Record<string, pulumi.Input<string>>;

function createFiles({ name, namespace, parent }: Place, args: ControlPlaneArgs): ControlPlaneFiles {
  const secret = (file: string, content: Content) =>
    createSecretFiles(name, { name: file, namespace, content, parent });
  const config = (file: string, content: Content) =>
    createConfigFiles(name, { name: file, namespace, content, parent });
  const server = ({ certificate, key }: ServerCertificate) => ({ "tls.crt": certificate, "tls.key": key });
  return {
    gatewayTls: secret("gateway-tls", server(args.gatewayCertificate)),
    originPull: config("origin-pull", { "ca.crt": args.originPullAuthority }),
    signingKey: secret("signing-key", { "key.pem": createTokenKeys(name, args.tokenKeys, parent) }),
    bootstrap: secret("bootstrap", { "bootstrap.json": renderBootstrap(args.tenants) }),
    clusterAuthority: secret("cluster-authority", server(args.clusterAuthority)),
    clusterTrust: config("cluster-trust", { "ca.crt": args.clusterAuthority.certificate }),
    relayTls: secret("relay-tls", server(args.relayCertificate)),
    ...(args.connectors ? { connectors: secret("connectors", { "connectors.json": args.connectors }) } : {}),
    ...(args.upstream
      ? { upstreamClient: secret("upstream-client", { "client-secret": args.upstream.clientSecret }) }
      : {}),
  };
}

/** The one that signs comes first. A key's number is its name: what a stack has keeps its own. */
function createTokenKeys(name: string, numbers: ControlPlaneArgs["tokenKeys"], parent: pulumi.Resource) {
  const { signing, published } = numbers ?? { signing: 1, published: [] };
  const keys = [signing, ...published].map(
    (key) =>
      new tls.PrivateKey(
        key === 1 ? `${name}-signing` : `${name}-signing-${key}`,
        { algorithm: "ECDSA", ecdsaCurve: "P256" },
        { parent },
      ),
  );
  return pulumi.all(keys.map(({ privateKeyPemPkcs8 }) => privateKeyPemPkcs8)).apply((all) => all.join("\n"));
}

interface Login {
  env: Content;
  files: Record<string, FileSource>;
}

/** Four logins, each in a Secret of its own: only the migrations ever mount the owner's and the verifier's. */
function createDatabaseAccess({ name, namespace, parent }: Place, database: ControlPlaneArgs["database"]) {
  const { host, port, authority } = database;
  const makePassword = (role: string) =>
    new random.RandomPassword(`${name}-${role}`, { length: 43, special: false }, { parent }).result;
  const verifierPassword = makePassword("verifier");
  const password = (file: string, content: pulumi.Input<string>) =>
    createSecretFiles(name, { name: file, namespace, content: { password: content }, parent });
  const trust: Record<string, FileSource> = authority
    ? {
        "database-ca": createConfigFiles(name, {
          name: "database-ca",
          namespace,
          content: { "ca.crt": authority },
          parent,
        }),
      }
    : {};
  const login = (user: string, source: FileSource): Login => ({
    env: {
      DATABASE_HOST: host,
      DATABASE_PORT: String(port),
      DATABASE_NAME: database.name,
      DATABASE_USER: user,
      DATABASE_PASSWORD_FILE: `${filesFolder}/database/password`,
      ...(authority ? { DATABASE_CA_FILE: `${filesFolder}/database-ca/ca.crt` } : {}),
    },
    files: { database: source, ...trust },
  });
  const runtimeSecret = password("database-runtime", makePassword("runtime"));
  const exporterSecret = password("database-exporter", makePassword("exporter"));
  return {
    runtimeSecret,
    verifierSecret: password("database-verifier", verifierPassword),
    verifierPassword,
    exporterSecret,
    runtime: login(runtimeUser, runtimeSecret),
    exporter: login(exporterUser, exporterSecret),
    owner: login(database.owner.user, password("database-owner", database.owner.password)),
  };
}

interface Migration {
  image: string;
  access: ReturnType<typeof createDatabaseAccess>;
  around: Surroundings;
  priority: pulumi.Input<string>;
}

function migrate({ name, namespace, parent }: Place, { image, access, around, priority }: Migration): pulumi.Resource {
  const job = new OneOffJob(
    `${name}-migrate`,
    {
      job: "migrate",
      namespace,
      image,
      entry: "/app/control/migrate.mjs",
      env: {
        ...access.owner.env,
        RUNTIME_USER: runtimeUser,
        RUNTIME_PASSWORD_FILE: `${filesFolder}/runtime/password`,
        EXPORTER_USER: exporterUser,
        EXPORTER_PASSWORD_FILE: `${filesFolder}/exporter/password`,
        VERIFIER_USER: verifierUser,
        VERIFIER_PASSWORD_FILE: `${filesFolder}/verifier/password`,
      },
      files: {
        ...access.owner.files,
        runtime: access.runtimeSecret,
        exporter: access.exporterSecret,
        verifier: access.verifierSecret,
      },
      reaches: ["database"],
      around,
      priority,
    },
    { parent },
  );
  return job.done;
}
