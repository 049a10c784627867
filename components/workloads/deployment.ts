/** What runs a service, and what keeps it running while nodes come and go: pure, from its spec. */
import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { podLabelsOf } from "../identity/contract.ts";
import { joinChecksums } from "./files.ts";
import { labelsOf, selectorOf } from "./labels.ts";
import { renderPod, renderServing, renderSpread, renderStop } from "./pods.ts";
import { runsMany, type ServiceSpec } from "./service-spec.ts";

export interface Running {
  /** Service image, by digest. */
  image: string;
  /** PriorityClass. @default the cluster's own default */
  priority?: Input<string>;
}

/** An autoscaled service names no number: whoever names one takes it from the autoscaler at every `up`. */
export function renderDeployment(spec: ServiceSpec, running: Running): types.input.apps.v1.DeploymentSpec {
  const { name, files = {}, beside } = spec;
  const port = spec.publicPort?.port ?? spec.rpcPort;
  const env = { ...(port ? { PORT: String(port) } : {}), ...spec.env };
  const serviceAccount = spec.serviceAccount ?? name;
  const usesApi = spec.reaches?.includes("kubernetes-api") ?? false;
  return {
    ...(spec.autoscale ? {} : { replicas: spec.replicas }),
    selector: { matchLabels: selectorOf(name) },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    revisionHistoryLimit: 3,
    template: {
      metadata: {
        labels: { ...labelsOf(name), ...podLabelsOf(spec.identity) },
        annotations: { "biplane.dev/files": joinChecksums({ ...files, ...beside?.files }) },
      },
      spec: renderPod({ ...spec, ...running, env, files, serviceAccount, usesApi }, renderServing(spec), {
        ...renderStop(spec),
        ...(runsMany(spec) ? renderSpread(name) : {}),
      }),
    },
  };
}

/**
 * Nodes are drained one pod at a time. None for a service of one pod: a budget that allows nothing would hold the node
 * for ever. A pod that is not ready is no reason to wait.
 */
export function renderBudget(spec: ServiceSpec): types.input.policy.v1.PodDisruptionBudgetSpec | undefined {
  if (spec.replicas < 2) return undefined;
  return {
    maxUnavailable: 1,
    unhealthyPodEvictionPolicy: "AlwaysAllow",
    selector: { matchLabels: selectorOf(spec.name) },
  };
}

const defaultCpuPercent = 70;
/** Load that fell may come back: pods are let go after it stayed away this long. */
const calmSeconds = 300;

export function renderAutoscaler(
  spec: ServiceSpec,
): types.input.autoscaling.v2.HorizontalPodAutoscalerSpec | undefined {
  const { name, replicas, autoscale } = spec;
  if (!autoscale) return undefined;
  return {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
    minReplicas: replicas,
    maxReplicas: autoscale.maxReplicas,
    metrics: [
      {
        type: "Resource",
        resource: {
          name: "cpu",
          target: { type: "Utilization", averageUtilization: autoscale.cpuPercent ?? defaultCpuPercent },
        },
      },
    ],
    behavior: { scaleDown: { stabilizationWindowSeconds: calmSeconds } },
  };
}
