/** The control plane's services, with their environment as the services themselves read it. */
import type { Input } from "@pulumi/pulumi";
import {
  type Autoscale,
  type FileSource,
  filesFolder,
  peersOf,
  rpcUrl,
  type ServiceSpec,
} from "../workloads/service-spec.ts";
import { planTunnelReconciler, type TunnelReconcilerSettings } from "./tunnel-reconciler.ts";

export interface ControlPlaneServicesArgs {
  namespace: string;
  /** The region's public host: it issues the tokens. */
  endpoint: string;
  relayHost: string;
  /** Of each service that can run more than once. */
  replicas: number;
  /** Of the same ones, by load. @default always `replicas` */
  autoscale?: Autoscale;
  nodePorts: { gateway: number; relay: number };
  database: { env: Record<string, Input<string>>; files: Record<string, FileSource> };
  files: ControlPlaneFiles;
  /** An OIDC provider whose people may sign in. @default none */
  upstream?: UpstreamProvider | undefined;
  /** Of the region, as AWS names it. */
  region: string;
  auditExport: AuditExport;
  /** Of the exporter alone, which may do less there than the others. */
  exporterDatabase: ControlPlaneServicesArgs["database"];
  /** Who keeps tunnels of Cloudflare. @default nobody does */
  tunnelReconciler?: TunnelReconcilerSettings | undefined;
}

/** Where audit records are taken to, and by which role. */
export interface AuditExport {
  bucket: Input<string>;
  roleArn: Input<string>;
}

export interface UpstreamProvider {
  issuer: string;
  clientId: string;
  /** Space-separated. */
  scopes: string;
  /** Claim that names a person's groups. */
  groupsClaim: string;
  /** The provider's group of the region's staff. @default nobody is */
  staffGroup?: string | undefined;
}

export interface ControlPlaneFiles {
  gatewayTls: FileSource;
  originPull: FileSource;
  signingKey: FileSource;
  bootstrap: FileSource;
  /** Certificate and key: the cluster service signs with it. */
  clusterAuthority: FileSource;
  /** The certificate alone, for who only verifies. */
  clusterTrust: FileSource;
  relayTls: FileSource;
  /** What the relay dials clusters by that Cloudflare leads to. @default every cluster dials the relay */
  connectors?: FileSource | undefined;
  /** Set exactly where there is an upstream. */
  upstreamClient?: FileSource | undefined;
}

const rpcPort = 8080;
const tlsPort = 8443;

/** Every service, in no order: who calls whom is in each one's `calls`, and their network policies follow from it. */
export function planControlPlaneServices(args: ControlPlaneServicesArgs): ServiceSpec[] {
  const { namespace, endpoint, relayHost, replicas, autoscale, nodePorts, database, files, upstream } = args;
  const url = (service: string) => rpcUrl(service, namespace);
  const file = (path: string) => `${filesFolder}/${path}`;
  const verifiesTokens = {
    TOKEN_ISSUER: `https://${endpoint}`,
    TOKEN_KEYS_URL: `${url("identity")}/oauth2/v1/keys`,
  };
  /** Who they are and what they may do: of every service that users call. */
  const knowsCallers = { ...verifiesTokens, IDENTITY_URL: url("identity") };
  const verifiesClusters = { RELAY_KEYS_URL: `${url("relay")}/keys` };
  const service = (name: string) => ({ name, entry: `/app/control/${name}.mjs`, replicas, autoscale });

  return [
    {
      ...service("gateway"),
      publicPort: { port: tlsPort, nodePort: nodePorts.gateway },
      calls: ["identity", "runs", "actions", "cluster", "dataproxy"],
      env: {
        ...knowsCallers,
        TLS_CERT_FILE: file("tls/tls.crt"),
        TLS_KEY_FILE: file("tls/tls.key"),
        ORIGIN_PULL_CA_FILE: file("origin-pull/ca.crt"),
        RUNS_URL: url("runs"),
        ACTIONS_URL: url("actions"),
        CLUSTER_URL: url("cluster"),
        DATAPROXY_URL: url("dataproxy"),
      },
      files: { tls: files.gatewayTls, "origin-pull": files.originPull },
    },
    {
      ...service("identity"),
      rpcPort,
      reaches: upstream ? ["database", "internet"] : ["database"],
      env: {
        ...database.env,
        TOKEN_ISSUER: verifiesTokens.TOKEN_ISSUER,
        SIGNING_KEY_FILE: file("signing/key.pem"),
        BOOTSTRAP_FILE: file("bootstrap/bootstrap.json"),
        ...(upstream
          ? {
              UPSTREAM_OIDC_ISSUER: upstream.issuer,
              UPSTREAM_OIDC_CLIENT_ID: upstream.clientId,
              UPSTREAM_OIDC_CLIENT_SECRET_FILE: file("upstream/client-secret"),
              UPSTREAM_OIDC_SCOPES: upstream.scopes,
              UPSTREAM_OIDC_GROUPS_CLAIM: upstream.groupsClaim,
              ...(upstream.staffGroup === undefined ? {} : { UPSTREAM_OIDC_STAFF_GROUP: upstream.staffGroup }),
            }
          : {}),
      },
      files: {
        ...database.files,
        signing: files.signingKey,
        bootstrap: files.bootstrap,
        ...(files.upstreamClient ? { upstream: files.upstreamClient } : {}),
      },
    },
    {
      ...service("runs"),
      rpcPort,
      // The latter for inputs of triggers, which lie with the customer.
      calls: ["identity", "dataproxy"],
      reaches: ["database"],
      env: { ...database.env, ...knowsCallers, DATAPROXY_URL: url("dataproxy") },
      files: database.files,
    },
    {
      ...service("actions"),
      rpcPort,
      calls: ["identity", "relay"],
      reaches: ["database"],
      env: { ...database.env, ...knowsCallers, ...verifiesClusters },
      files: database.files,
    },
    {
      ...service("cluster"),
      rpcPort,
      calls: ["identity", "relay"],
      reaches: ["database"],
      env: {
        ...database.env,
        ...knowsCallers,
        ...verifiesClusters,
        CLUSTER_CA_CERT_FILE: file("cluster-ca/tls.crt"),
        CLUSTER_CA_KEY_FILE: file("cluster-ca/tls.key"),
        BOOTSTRAP_FILE: file("bootstrap/bootstrap.json"),
        RELAY_HOST: relayHost,
      },
      files: { ...database.files, "cluster-ca": files.clusterAuthority, bootstrap: files.bootstrap },
    },
    {
      ...service("dataproxy"),
      rpcPort,
      calls: ["identity", "relay", "cluster", "runs"],
      env: { ...knowsCallers, RELAY_URL: url("relay"), CLUSTER_URL: url("cluster"), RUNS_URL: url("runs") },
    },
    {
      ...service("relay"),
      // Fewer by load would end tunnels that are in use.
      autoscale: undefined,
      rpcPort,
      meets: true,
      publicPort: { port: tlsPort, nodePort: nodePorts.relay },
      calls: ["actions", "cluster", "relay"],
      env: {
        INTERNAL_PORT: String(rpcPort),
        TLS_CERT_FILE: file("tls/tls.crt"),
        TLS_KEY_FILE: file("tls/tls.key"),
        CLUSTER_CA_FILE: file("cluster-trust/ca.crt"),
        ACTIONS_URL: url("actions"),
        CLUSTER_URL: url("cluster"),
        PEERS_URL: url(peersOf("relay")),
        ...(files.connectors ? { CONNECTORS_FILE: file("connectors/connectors.json") } : {}),
      },
      ...(files.connectors ? { reaches: ["internet" as const] } : {}),
      files: {
        tls: files.relayTls,
        "cluster-trust": files.clusterTrust,
        ...(files.connectors ? { connectors: files.connectors } : {}),
      },
    },
    {
      // The one with a cloud role, so it serves nobody and has a login of its own.
      ...service("audit"),
      autoscale: undefined,
      identity: { cloud: "aws", name: args.auditExport.roleArn },
      reaches: ["database", "internet"],
      env: { ...args.exporterDatabase.env, AUDIT_BUCKET: args.auditExport.bucket, AWS_REGION: args.region },
      files: args.exporterDatabase.files,
    },
    ...(args.tunnelReconciler ? [planTunnelReconciler(args.tunnelReconciler, service("tunnel-reconciler"))] : []),
  ];
}
