import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import { z } from "zod";
import { EventService } from "../../../gen/biplane/events/v1/events_pb.js";
import { LogService } from "../../../gen/biplane/logs/v1/logs_pb.js";
import { MetricsService } from "../../../gen/biplane/metrics/v1/metrics_pb.js";
import { azure } from "../../../shared/azure.ts";
import { google } from "../../../shared/google.ts";
import { keptKubeConfig } from "../../../shared/kube-config.ts";
import { logSink } from "../../shared/auth/audit.ts";
import { statedAuthorizer } from "../../shared/auth/authorizer.ts";
import { tokenVerifier, userIssuer } from "../../shared/auth/verifier.ts";
import { label, servedProjects, tokenShape } from "../../shared/config.ts";
import { runService } from "../../shared/service.ts";
import { noAppPods } from "./app-pods.ts";
import { cloudLogging } from "./cloud-logging.ts";
import { cloudWatchLogs } from "./cloudwatch-logs.ts";
import { eventService } from "./event-service.ts";
import { kubernetesAppPods } from "./kubernetes-app-pods.ts";
import { kubernetesEvents } from "./kubernetes-events.ts";
import { kubernetesLogs } from "./kubernetes-logs.ts";
import { kubernetesMetrics } from "./kubernetes-metrics.ts";
import { logAnalytics } from "./log-analytics.ts";
import type { LogStore } from "./log-store.ts";
import { metricsService } from "./metrics-service.ts";
import { prometheus } from "./prometheus.ts";
import { logService } from "./service.ts";

await runService({
  name: "logs",
  shape: {
    ...tokenShape,
    ORG: label,
    PROJECTS: servedProjects,
    /** Apps are served, and their pods may be listed. */
    SERVES_APPS: z.stringbool().default(false),
    /** CloudWatch log group of the task pods; without one a log is told as long as Kubernetes has it. */
    LOG_GROUP: z.string().min(1).optional(),
    AWS_REGION: z.string().min(1).optional(),
    /** View of Cloud Logging that has the task pods' log, in the place of a log group. */
    LOG_VIEW: z
      .string()
      .regex(/^projects\/[^/]+\/locations\/[^/]+\/buckets\/[^/]+\/views\/[^/]+$/)
      .optional(),
    /** Workspace of Log Analytics that has it, by the GUID that queries name it by. */
    LOG_WORKSPACE: z.guid().optional(),
    /** The plane's metrics store; without one what a task used is known while its pod runs. */
    METRICS_STORE_URL: z.url({ protocol: /^https$/ }).optional(),
    /** Folder with the store's authority, and certificate and key that are shown to it. */
    METRICS_STORE_TLS: z.string().min(1).optional(),
  },
  parts: ({ config, log, tls }) => {
    const kube = keptKubeConfig();
    kube.loadFromDefault();
    const served = { org: config.ORG, projects: config.PROJECTS };
    const logs = kubernetesLogs(kube);
    const apps = config.SERVES_APPS ? kubernetesAppPods(kube) : noAppPods;
    const lines = logService({ ...served, logs, apps, store: storeOf(config), log });
    const events = eventService({ ...served, events: kubernetesEvents(kube, logs.readPod), log });
    const metrics = metricsService({
      ...{ ...served, metrics: kubernetesMetrics(kube, logs.readPod), log },
      store: measuredStoreOf(config),
    });
    const users = userIssuer(config, tls);
    return {
      rpc: {
        routes: (router) =>
          void router.service(LogService, lines).service(EventService, events).service(MetricsService, metrics),
        verify: tokenVerifier([users]),
        authorize: statedAuthorizer(users),
        audit: logSink(log),
      },
    };
  },
});

interface MeasuredStoreConfig {
  METRICS_STORE_URL?: string | undefined;
  METRICS_STORE_TLS?: string | undefined;
}

function measuredStoreOf({ METRICS_STORE_URL: url, METRICS_STORE_TLS: folder }: MeasuredStoreConfig) {
  if (!url || !folder) return undefined;
  const file = (name: string) => readFileSync(join(folder, name), "utf8");
  return prometheus({ url, tls: { ca: file("ca.crt"), cert: file("tls.crt"), key: file("tls.key") } });
}

interface StoreConfig {
  LOG_GROUP?: string | undefined;
  LOG_VIEW?: string | undefined;
  LOG_WORKSPACE?: string | undefined;
  AWS_REGION?: string | undefined;
}

function storeOf({ LOG_GROUP, LOG_VIEW, LOG_WORKSPACE, AWS_REGION }: StoreConfig): LogStore | undefined {
  if (LOG_VIEW) return cloudLogging({ google: google(), view: LOG_VIEW });
  if (LOG_WORKSPACE) return logAnalytics({ azure: azure(), workspace: LOG_WORKSPACE });
  if (!LOG_GROUP) return undefined;
  const client = new CloudWatchLogsClient({ region: AWS_REGION, credentials: fromNodeProviderChain() });
  return cloudWatchLogs({ client, logGroupName: LOG_GROUP });
}
