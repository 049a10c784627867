/** What a plane has only where its settings ask for it: shipped logs, an image builder, serving, a metrics store. */
import type * as pulumi from "@pulumi/pulumi";
import { servingManagers } from "../admission/management.ts";
import { ManagementAccess } from "../admission/management-access.ts";
import { ImageBuilder } from "../image-builder/builder.ts";
import { shippedLogs } from "../logs/contract.ts";
import { LogShipper } from "../logs/shipper.ts";
import { MetricsStore } from "../metrics-store/store.ts";
import { Serving } from "../serving/serving.ts";
import type { Surroundings } from "../workloads/network-policy.ts";
import type { Place } from "../workloads/place.ts";
import type { ComputePlaneArgs } from "./args.ts";

/** What these parts are told alike. */
export interface PartArgs extends ComputePlaneArgs {
  projectNamespaces: string[];
  around: Surroundings;
  priority: pulumi.Input<string>;
}

export function shipLogs({ name, parent }: Place, args: PartArgs): void {
  const shipped = shippedLogs(args.logs);
  if (!shipped) return;
  const { org, cloud, projectNamespaces, dnsServers, egress, priority } = args;
  new LogShipper(
    `${name}-logs-shipper`,
    { ...shipped, org, region: cloud.region, projectNamespaces, dnsServers, egress, priority },
    { parent },
  );
}

export function buildImages({ name, parent }: Place, args: PartArgs): ImageBuilder | undefined {
  const { imageBuilder, image, org, projects, around } = args;
  if (!imageBuilder) return undefined;
  return new ImageBuilder(
    `${name}-image-builder`,
    { ...imageBuilder, services: image, org, projects, around },
    { parent },
  );
}

export function serveApps({ name, namespace, parent }: Place, args: PartArgs): Serving | undefined {
  const { apps, org, projectNamespaces, around, priority, management, replicas = 2 } = args;
  if (!apps) return undefined;
  const managers = management && servingManagers(management);
  const homes = { platform: namespace, platformName: args.namespace, projectNamespaces };
  return new Serving(`${name}-serving`, { ...apps, org, ...homes, around, replicas, priority, managers }, { parent });
}

/** @param serving what they manage beside the platform's own namespace */
export function letManagers({ name, namespace, parent }: Place, args: PartArgs, serving: Serving | undefined): void {
  if (!args.management) return;
  const homes = serving ? { serving: serving.namespaces } : {};
  new ManagementAccess(`${name}-managers`, { ...args.management, ...homes, namespace }, { parent });
}

export function keepMetrics({ name, namespace, parent }: Place, args: PartArgs): MetricsStore | undefined {
  const { metricsStore, org, namespace: platformName, projectNamespaces, around, protectMetrics, priority } = args;
  if (!metricsStore) return undefined;
  return new MetricsStore(
    `${name}-metrics-store`,
    {
      ...{ ...metricsStore, org, platform: namespace, platformName, projectNamespaces, around },
      ...{ protect: protectMetrics, priority },
    },
    { parent },
  );
}
