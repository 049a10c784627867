/** What a compute plane is made from, on every cloud. */
import type * as pulumi from "@pulumi/pulumi";
import type { Management } from "../admission/management.ts";
import type { PlaneBuckets, PlaneIdentities } from "../identity/contract.ts";
import type { ImageBuilderSettings } from "../image-builder/settings.ts";
import type { TaskLogSettings } from "../logs/contract.ts";
import type { MetricsStoreSettings } from "../metrics-store/contract.ts";
import type { SecretSettings } from "../secrets/backends.ts";
import type { ServingSettings } from "../serving/contract.ts";
import type { Egress } from "../workloads/egress.ts";
import type { Collector, Scraper } from "../workloads/network-policy.ts";
import type { Autoscale } from "../workloads/service-spec.ts";
import type { PlaneCloud } from "./cloud.ts";
import type { DeclaredProject } from "./on-demand.ts";

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
