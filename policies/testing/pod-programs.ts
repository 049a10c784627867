/** Pods. */
import * as kubernetes from "@pulumi/kubernetes";
import type { Pair } from "./programs.ts";

type Container = kubernetes.types.input.core.v1.Container;

const image = `registry.example.com/app@sha256:${"0".repeat(64)}`;
const resources = { requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "128Mi" } };
const securityContext = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

function deployed(change: Partial<Container>): void {
  const container = { name: "app", image, resources, securityContext, ...change };
  const metadata = { labels: { app: "app" } };
  new kubernetes.apps.v1.Deployment("app", {
    spec: { selector: { matchLabels: { app: "app" } }, template: { metadata, spec: { containers: [container] } } },
  });
}

function scheduled(hostNetwork: boolean): void {
  const spec = {
    hostNetwork,
    restartPolicy: "Never",
    containers: [{ name: "app", image, resources, securityContext }],
  };
  const jobTemplate = { spec: { template: { spec } } };
  new kubernetes.batch.v1.CronJob("app", { spec: { schedule: "0 3 * * *", jobTemplate } });
}

const environment = (name: string) => () => deployed({ env: [{ name, value: "a-value" }] });

export const podPrograms: Record<string, Pair> = {
  "pods-restricted": { bad: () => scheduled(true), good: () => scheduled(false) },
  "containers-limited": {
    bad: () => deployed({ resources: { requests: resources.requests } }),
    good: () => deployed({}),
  },
  "images-by-digest": { bad: () => deployed({ image: "registry.example.com/app:latest" }), good: () => deployed({}) },
  "no-secret-in-the-environment": { bad: environment("AWS_SECRET_ACCESS_KEY"), good: environment("AWS_REGION") },
};
