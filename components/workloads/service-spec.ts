/** One service as a planner sees it: what it runs, is given, and may talk to. Everything else follows from it. */
import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { refusal } from "../../shared/errors.ts";
import type { CloudIdentity } from "../identity/contract.ts";

/** A Secret or ConfigMap mounted as files. */
export interface FileSource {
  kind: "secret" | "configMap";
  /** The object's own answer, so that whoever mounts it waits until it is there. */
  name: Input<string>;
  /** Changes with the content, so that pods are replaced when it does. */
  checksum: Input<string>;
}

/** Places outside the namespace that a service may open connections to. */
export type Reach = "database" | "internet" | "own-cloud" | "region" | "kubernetes-api" | "cloudflare-tunnel";

/** Plain strings, never wildcards. */
export type Rule = types.input.rbac.v1.PolicyRule & { apiGroups: string[]; resources: string[]; verbs: string[] };

/** A rule of a table: known before anything is made, so that whoever verifies a cluster compares with the very table. */
export interface PlainRule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

/** In Kubernetes' own quantities. */
export interface Resources {
  requests: { cpu: string; memory: string };
  limits: { cpu: string; memory: string };
}

/** Pods by measured load; the cluster needs a metrics API (metrics-server) to count by. */
export interface Autoscale {
  /** `replicas` is the least. */
  maxReplicas: number;
  /** Of the requested CPU, averaged over the pods. @default 70 */
  cpuPercent?: number;
}

/** A second container of somebody else's image in the same pod. */
export interface Beside {
  name: string;
  /** By digest. */
  image: string;
  args: string[];
  /** Files under /etc/biplane, by folder, for this container alone. */
  files: Record<string, FileSource>;
  /** Ends with 0 while it works; run within the container, so that its health is on no port that others reach. */
  ready: string[];
}

/** Programs, copied out of an image before the service starts. */
export interface Brings {
  /** By digest. */
  image: string;
  /** Paths in that image. */
  programs: string[];
  /** Folder of the service's container. */
  to: string;
}

export interface ServiceSpec {
  /** Name of the Deployment, the Service and the pods' label. */
  name: string;
  /** Bundle in the image, such as `/app/control/gateway.mjs`. */
  entry: string;
  /** @default its name */
  serviceAccount?: string;
  /** What its pods are in the cloud. @default nobody */
  identity?: CloudIdentity;
  /** What its account may do in its own namespace. @default nothing */
  rules?: Rule[];
  env: Record<string, Input<string>>;
  /** Files under /etc/biplane, by folder. @default none */
  files?: Record<string, FileSource>;
  /** Container port of in-cluster RPC, on a ClusterIP Service of its name. @default none: nobody calls it */
  rpcPort?: number;
  /** Its pods find each other by the name `<name>-peers`, which answers with the address of each. @default false */
  meets?: boolean;
  /** A port that is open beyond the cluster, by NodePort. @default none */
  publicPort?: { port: number; nodePort: number };
  /** The API server calls it on this container port, over TLS, by the Service's port 443. @default never */
  webhookPort?: number;
  /** Services of the same namespace that it calls; their policies follow from this list. @default none */
  calls?: string[];
  /** @default none */
  reaches?: Reach[];
  replicas: number;
  /** @default always `replicas` */
  autoscale?: Autoscale;
  /** Runs in its pods as well. @default nothing */
  beside?: Beside;
  /** Programs of another image that it starts itself; then it may also write below /tmp. @default none */
  brings?: Brings;
  /** Of its own container. @default what a service of ours was measured to need */
  resources?: Resources;
}

export const healthPort = 9090;
export const filesFolder = "/etc/biplane";

/** Name of a service inside its cluster, and in its certificate. */
export function serviceHost(service: string, namespace: string): string {
  return `${service}.${namespace}.svc.cluster.local`;
}

/** In every service's certificate: no Service has it, it is what whoever reads metrics of any of them asks for. */
export const metricsHost = (namespace: string) => serviceHost("metrics", namespace);

/** Address of a service's RPC inside its cluster. */
export function rpcUrl(service: string, namespace: string): string {
  return `https://${serviceHost(service, namespace)}:8080`;
}

/** The headless Service of one that `meets`. */
export const peersOf = (service: string) => `${service}-peers`;

/** The services that call it, by their own lists. */
export function callersOf({ name }: Pick<ServiceSpec, "name">, all: readonly ServiceSpec[]): ServiceSpec[] {
  return all.filter(({ calls }) => calls?.includes(name));
}

/** Whether more than one of its pods may run at once: only then is there something to spread, to budget and to drain. */
export function runsMany({ replicas, autoscale }: ServiceSpec): boolean {
  return Math.max(replicas, autoscale?.maxReplicas ?? 0) > 1;
}

/** Where a service listens. */
export type Ports = Pick<ServiceSpec, "rpcPort" | "publicPort" | "webhookPort">;

/** Others call it: its pods go on serving until these know that it stops. */
export function isCalled({ rpcPort, publicPort, webhookPort }: Ports): boolean {
  return rpcPort !== undefined || publicPort !== undefined || webhookPort !== undefined;
}

/** @throws UserError for what contradicts itself, before anything is made. */
export function checkSpec(spec: ServiceSpec): void {
  const { name, replicas, autoscale } = spec;
  if (autoscale && autoscale.maxReplicas <= replicas) {
    throw refusal({
      subject: `${name}.autoscale.maxReplicas`,
      value: autoscale.maxReplicas,
      allowed: `more than replicas, ${replicas}`,
    });
  }
  const percent = autoscale?.cpuPercent;
  if (percent !== undefined && !(Number.isInteger(percent) && percent >= 10 && percent <= 100)) {
    throw refusal({
      subject: `${name}.autoscale.cpuPercent`,
      value: percent,
      allowed: "a whole number from 10 to 100",
    });
  }
}
