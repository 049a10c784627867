/** What one project-domain may use together, and what one of its containers gets that names nothing. */
import type { ContainerDefaults } from "../workloads/namespace-plan.ts";

/** Much below the documented 4,096 CPUs, which no plane has: a quota that nobody can fill limits nothing. */
export const projectQuota = {
  // Numbers as the API server writes them back: whoever compares a live quota with the plan finds them equal.
  pods: "5k",
  "requests.cpu": "256",
  "requests.memory": "1Ti",
  "limits.cpu": "512",
  "limits.memory": "2Ti",
  "requests.nvidia.com/gpu": "256",
  "services.loadbalancers": "0",
  "services.nodeports": "0",
};

export const projectDefaults: ContainerDefaults = {
  request: { cpu: "50m", memory: "128Mi" },
  limit: { cpu: "1", memory: "1Gi" },
};

/** Of a project that takes no work any more: pods that run go on to their end, no other one starts. */
export const parkedQuota = { ...projectQuota, pods: "0" };
