/** One service as a planner sees it: what it runs, is given, and may talk to. Everything else follows from it. */
import type { Input } from "@pulumi/pulumi";

/** A Secret or ConfigMap mounted as files. */
export interface FileSource {
  kind: "secret" | "configMap";
  /** The object's own answer, so that whoever mounts it waits until it is there. */
  name: Input<string>;
  /** Changes with the content, so that pods are replaced when it does. */
  checksum: Input<string>;
}

/** Places outside the namespace that a service may open connections to. */
export type Reach = "database" | "internet" | "kubernetes-api";

export interface ServiceSpec {
  /** Name of the Deployment, the Service and the pods' label. */
  name: string;
  /** Bundle in the image, such as `/app/control/gateway.mjs`. */
  entry: string;
  /** @default its name */
  serviceAccount?: string;
  /** Cloud role of its pods. @default none */
  roleArn?: Input<string>;
  env: Record<string, Input<string>>;
  /** Files under /etc/biplane, by folder. @default none */
  files?: Record<string, FileSource>;
  /** Container port of in-cluster RPC, on a ClusterIP Service of its name. @default none: nobody calls it */
  rpcPort?: number;
  /** A port that is open beyond the cluster, by NodePort. @default none */
  publicPort?: { port: number; nodePort: number };
  /** Services of the same namespace that it calls; their policies follow from this list. @default none */
  calls?: string[];
  /** @default none */
  reaches?: Reach[];
  replicas: number;
  /** The old pod goes before the new one comes: two at once would do the work twice. @default false */
  single?: boolean;
}

export const healthPort = 9090;
export const filesFolder = "/etc/biplane";

/** Address of a service's RPC inside its cluster. */
export function rpcUrl(service: string, namespace: string): string {
  return `http://${service}.${namespace}.svc.cluster.local:8080`;
}
