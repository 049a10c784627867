import { expect, test } from "vitest";
import type { Ingress } from "./ingress.ts";
import { nextStatus } from "./status.ts";

const time = new Date("2026-03-01T10:00:00.123Z");
const ingress = (status?: Ingress["status"]): Ingress => ({
  metadata: { name: "hello", namespace: "demo-development", generation: 2 },
  spec: {},
  ...(status ? { status } : {}),
});

test("an ingress waits until the gateway holds its routes, and is then ready, by the gateway's Services", () => {
  const waiting = nextStatus(ingress(), false, time);
  expect(waiting?.conditions?.map(({ status }) => status)).toEqual(["Unknown", "Unknown", "Unknown"]);
  expect(nextStatus(ingress(waiting), false, time)).toBeUndefined();
  const ready = nextStatus(ingress(waiting), true, time);
  expect(ready).toMatchObject({
    observedGeneration: 2,
    publicLoadBalancer: { ingress: [{ domainInternal: "kourier.kourier-system.svc.cluster.local" }] },
    privateLoadBalancer: { ingress: [{ domainInternal: "kourier-internal.kourier-system.svc.cluster.local" }] },
  });
  expect(ready?.conditions?.map(({ status }) => status)).toEqual(["True", "True", "True"]);
  expect(ready?.conditions?.[0]?.lastTransitionTime).toBe("2026-03-01T10:00:00Z");
});

test("what is ready is told nothing more, but for another generation of it", () => {
  const ready = nextStatus(ingress(), true, time);
  expect(nextStatus(ingress(ready), true, time)).toBeUndefined();
  expect(nextStatus(ingress(ready), false, time)).toBeUndefined();
  const later = { ...ingress(ready), metadata: { ...ingress().metadata, generation: 3 } };
  expect(nextStatus(later, false, time)?.conditions?.[2]).toMatchObject({ type: "Ready", status: "Unknown" });
});
