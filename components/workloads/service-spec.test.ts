import { describe, expect, it } from "vitest";
import { checkSpec, type ServiceSpec } from "./service-spec.ts";

const spec = (more: Partial<ServiceSpec>): ServiceSpec => ({ name: "web", entry: "/e", env: {}, replicas: 2, ...more });

describe("checkSpec", () => {
  it.each<[Partial<ServiceSpec>, RegExp]>([
    [{ autoscale: { maxReplicas: 2 } }, /^web\.autoscale\.maxReplicas is 2; allowed: more than replicas, 2\./],
    [{ autoscale: { maxReplicas: 4, cpuPercent: 5 } }, /^web\.autoscale\.cpuPercent is 5; allowed: a whole number/],
    [{ autoscale: { maxReplicas: 4, cpuPercent: 101 } }, /^web\.autoscale\.cpuPercent is 101/],
  ])("refuses %j", (more, message) => {
    expect(() => checkSpec(spec(more))).toThrow(message);
  });

  it("takes a service that grows", () => {
    expect(() => checkSpec(spec({ autoscale: { maxReplicas: 3, cpuPercent: 60 } }))).not.toThrow();
  });
});
