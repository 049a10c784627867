import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderAutoscaler, renderBudget, renderDeployment } from "./deployment.ts";
import { renderServicePolicy, type Surroundings } from "./network-policy.ts";
import { checkSpec, type Reach, runsMany, type ServiceSpec } from "./service-spec.ts";

const port = fc.integer({ min: 1024, max: 65_535 });
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

/** Every service that a planner could write and `checkSpec` takes. */
const specs: fc.Arbitrary<ServiceSpec> = fc
  .record({
    name: fc.constantFrom("web", "store", "executor"),
    entry: fc.constant("/app/web.mjs"),
    serviceAccount: maybe(fc.constantFrom("web-system", "proxy-system")),
    identity: maybe(fc.constant({ cloud: "aws" as const, name: "arn:role" })),
    env: fc.dictionary(fc.constantFrom("A", "B", "C"), fc.string(), { maxKeys: 3 }),
    files: maybe(
      fc.constantFrom<NonNullable<ServiceSpec["files"]>>(
        {},
        { tls: { kind: "secret", name: "tls", checksum: "1" }, ca: { kind: "configMap", name: "ca", checksum: "2" } },
      ),
    ),
    rpcPort: maybe(port),
    publicPort: maybe(fc.record({ port, nodePort: fc.integer({ min: 30_000, max: 32_767 }) })),
    reaches: maybe(fc.subarray<Reach>(["database", "internet", "kubernetes-api"])),
    replicas: fc.integer({ min: 1, max: 5 }),
    autoscale: maybe(fc.record({ maxReplicas: fc.integer({ min: 2, max: 20 }) })),
  })
  .filter((spec) => {
    try {
      checkSpec(spec);
      return true;
    } catch {
      return false;
    }
  });

const image = `registry.test/biplane/services@sha256:${"a".repeat(64)}`;
const around: Surroundings = { dnsServers: [], apiPort: 6443, database: { addresses: ["10.0.0.0/24"], port: 5432 } };

interface Pod {
  automountServiceAccountToken: boolean;
  terminationGracePeriodSeconds: number;
  priorityClassName?: string;
  topologySpreadConstraints?: { topologyKey: string; whenUnsatisfiable: string }[];
  securityContext: Record<string, unknown>;
  hostNetwork?: boolean;
  volumes: { name: string; hostPath?: unknown }[];
  containers: Record<string, { [field: string]: unknown } | unknown[]>[];
}

function podOf(spec: ServiceSpec): Pod {
  const rendered = renderDeployment(spec, { image, priority: "union-platform" });
  return (rendered.template as object as { spec: Pod }).spec;
}

const holds = (promise: (spec: ServiceSpec, pod: Pod) => void) =>
  fc.assert(fc.property(specs, (spec) => promise(spec, podOf(spec))));

describe("every service that can be written", () => {
  it("runs restricted: no root, no privilege, nothing of the node, its own files read-only", () => {
    holds((_, pod) => {
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
      expect(pod).not.toHaveProperty("hostNetwork");
      expect(pod.volumes.filter(({ hostPath }) => hostPath)).toEqual([]);
      for (const container of pod.containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          capabilities: { drop: ["ALL"] },
        });
      }
    });
  });

  it("has limits, three probes and the platform's priority", () => {
    holds((_, pod) => {
      expect(pod.priorityClassName).toBe("union-platform");
      for (const container of pod.containers) {
        const sums = { cpu: expect.any(String), memory: expect.any(String) };
        expect(container.resources).toEqual({ requests: sums, limits: sums });
        for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"])
          expect(container).toHaveProperty(probe);
      }
    });
  });

  it("holds a token only if it talks to the Kubernetes API", () => {
    holds((spec, pod) => {
      expect(pod.automountServiceAccountToken).toBe(spec.reaches?.includes("kubernetes-api") ?? false);
    });
  });

  it("decides both directions of its traffic, and never lets an address serve instance credentials", () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const policy = renderServicePolicy(spec, [spec], around);
        expect(policy.policyTypes).toEqual(["Ingress", "Egress"]);
        for (const open of JSON.stringify(policy).match(/"cidr":"0\.0\.0\.0\/0"[^}]*/g) ?? []) {
          expect(open).toContain("169.254.0.0/16");
        }
      }),
    );
  });

  it("spreads over zones and nodes as a wish, where there is more than one pod to spread", () => {
    holds((spec, pod) => {
      const wishes = (pod.topologySpreadConstraints ?? []).map((wish) => [wish.topologyKey, wish.whenUnsatisfiable]);
      const zones = ["topology.kubernetes.io/zone", "ScheduleAnyway"];
      expect(wishes).toEqual(runsMany(spec) ? [zones, ["kubernetes.io/hostname", "ScheduleAnyway"]] : []);
    });
  });

  it("serves a moment longer when it stops if others call it, and has its whole stop left after that", () => {
    holds((spec, pod) => {
      const called = spec.rpcPort !== undefined || spec.publicPort !== undefined;
      const seconds = called ? 3 : 0;
      expect(pod.terminationGracePeriodSeconds).toBe(30 + seconds);
      const stop = called ? { preStop: { sleep: { seconds } } } : undefined;
      expect(pod.containers[0]?.lifecycle).toEqual(stop);
    });
  });

  it("is drained pod by pod if it has several, and never holds a node for its only one", () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const budget = renderBudget(spec);
        expect(budget?.maxUnavailable).toBe(spec.replicas > 1 ? 1 : undefined);
      }),
    );
  });

  it("leaves the number of its pods to the autoscaler, where it has one", () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const { replicas } = renderDeployment(spec, { image });
        expect(replicas).toBe(spec.autoscale ? undefined : spec.replicas);
        const autoscaler = renderAutoscaler(spec);
        expect(autoscaler?.minReplicas).toBe(spec.autoscale ? spec.replicas : undefined);
        expect(autoscaler?.maxReplicas).toBe(spec.autoscale?.maxReplicas);
      }),
    );
  });
});

describe("renderAutoscaler", () => {
  it("counts by CPU, 70 percent unless another figure is given", () => {
    const spec = (cpuPercent?: number): ServiceSpec => ({
      name: "web",
      entry: "/e",
      env: {},
      replicas: 2,
      autoscale: { maxReplicas: 4, cpuPercent },
    });
    const target = (averageUtilization: number) => [
      { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization } } },
    ];
    expect(renderAutoscaler(spec())?.metrics).toEqual(target(70));
    expect(renderAutoscaler(spec(50))?.metrics).toEqual(target(50));
    expect(renderAutoscaler(spec())?.scaleTargetRef).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      name: "web",
    });
  });
});
