/** Pods, ports and probes of Knative Serving's four programs, as data. */
import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { labelsOf, selectorOf } from "../workloads/labels.ts";
import { containerSecurity, podSecurity, renderSpread } from "../workloads/pods.ts";
import type { Resources } from "../workloads/service-spec.ts";
import { activatorAccount, controllerAccount, queuePorts, type ServingProgram } from "./contract.ts";

type Container = types.input.core.v1.Container;
type Port = { name: string; port: number; targetPort: number };

interface Program {
  account: string;
  resources: Resources;
  /** Of its Service. @default nobody calls it */
  service?: { name: string; ports: Port[] };
  probe: { path?: string; port: number; scheme?: "HTTPS" };
  env?: Record<string, string>;
  /** How long a stop may take: as long as a request through the activator, and as an admission through the webhook. */
  stopSeconds?: number;
}

const metricsPort = 9090;
const modest: Resources = { requests: { cpu: "20m", memory: "64Mi" }, limits: { cpu: "1", memory: "512Mi" } };

export const programs: Record<ServingProgram, Program> = {
  webhook: {
    account: controllerAccount,
    resources: modest,
    service: { name: "webhook", ports: [{ name: "https-webhook", port: 443, targetPort: 8443 }] },
    probe: { port: 8443, scheme: "HTTPS" },
    env: { WEBHOOK_NAME: "webhook", WEBHOOK_PORT: "8443" },
    stopSeconds: 60,
  },
  controller: {
    account: controllerAccount,
    resources: modest,
    probe: { path: "/readiness", port: 8080 },
  },
  autoscaler: {
    account: controllerAccount,
    resources: modest,
    service: { name: "autoscaler", ports: [{ name: "http", port: 8080, targetPort: 8080 }] },
    probe: { port: 8080 },
  },
  activator: {
    account: activatorAccount,
    resources: modest,
    service: {
      name: "activator-service",
      ports: [
        { name: "http", port: 80, targetPort: queuePorts.http },
        { name: "http2", port: 81, targetPort: queuePorts.h2c },
      ],
    },
    probe: { port: queuePorts.http },
    env: { GOGC: "500" },
    stopSeconds: 600,
  },
};

const podFields = { POD_NAME: "metadata.name", POD_IP: "status.podIP", SYSTEM_NAMESPACE: "metadata.namespace" };

export interface Running {
  /** By digest. */
  image: string;
  replicas: number;
  /** PriorityClass. */
  priority?: Input<string> | undefined;
}

export function renderProgram(name: ServingProgram, running: Running): types.input.apps.v1.DeploymentSpec {
  const { account, resources, service, probe, env = {}, stopSeconds = 30 } = programs[name];
  const given = { CONFIG_LOGGING_NAME: "config-logging", CONFIG_OBSERVABILITY_NAME: "config-observability", ...env };
  const httpGet = { port: probe.port, path: probe.path ?? "/", ...(probe.scheme ? { scheme: probe.scheme } : {}) };
  return renderDeployment(name, running, {
    account,
    stopSeconds,
    container: {
      resources,
      env: [
        ...Object.entries(podFields).map(([field, fieldPath]) => ({
          name: field,
          valueFrom: { fieldRef: { fieldPath } },
        })),
        ...Object.entries(given).map(([key, value]) => ({ name: key, value })),
      ],
      ports: [...new Set([metricsPort, probe.port, ...(service?.ports.map(({ targetPort }) => targetPort) ?? [])])].map(
        (containerPort) => ({ containerPort }),
      ),
      readinessProbe: { httpGet, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 5 },
      livenessProbe: { httpGet, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 12, initialDelaySeconds: 20 },
    },
  });
}

export interface PodOf {
  account: string;
  container: Partial<Container>;
  stopSeconds: number;
  volumes?: types.input.core.v1.Volume[];
}

/** One container under the restricted standard, never fewer pods than before while it is replaced. */
export function renderDeployment(
  name: string,
  { image, replicas, priority }: Running,
  { account, container, stopSeconds, volumes }: PodOf,
): types.input.apps.v1.DeploymentSpec {
  return {
    replicas,
    selector: { matchLabels: selectorOf(name) },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    revisionHistoryLimit: 3,
    template: {
      metadata: { labels: labelsOf(name) },
      spec: {
        serviceAccountName: account,
        enableServiceLinks: false,
        ...(priority ? { priorityClassName: priority } : {}),
        terminationGracePeriodSeconds: stopSeconds,
        securityContext: podSecurity,
        ...(replicas > 1 ? renderSpread(name) : {}),
        containers: [{ name, image, securityContext: containerSecurity, ...container }],
        ...(volumes ? { volumes } : {}),
      },
    },
  };
}
