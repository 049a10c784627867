import type { PodSettings } from "../pod.ts";

/** What a plane's executor is told of the pods that it makes. */
export const podSettings: PodSettings = {
  org: "acme",
  controlPlaneHost: "us-east-2.biplane.test",
  eagerSecret: "eager-api-key",
  resources: {
    defaultRequests: { cpu: "50m", memory: "128Mi" },
    defaultLimits: { cpu: "1", memory: "1Gi" },
    maximum: { cpu: "4", memory: "8Gi" },
  },
};
