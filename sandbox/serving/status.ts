/** What an ingress is told of itself, as Knative's own controllers of gateways tell it. Pure but for the time given. */
import { gatewayNamespace, gatewayService } from "../../components/serving/contract.ts";
import type { Condition, Ingress, IngressStatus } from "./ingress.ts";

const conditionTypes = ["LoadBalancerReady", "NetworkConfigured", "Ready"] as const;
const at = (service: string) => ({
  ingress: [{ domainInternal: `${service}.${gatewayNamespace}.svc.cluster.local` }],
});

/** @param inEffect whether the gateways hold its routes. @returns undefined where that is told already */
export function nextStatus({ metadata, status }: Ingress, inEffect: boolean, time: Date): IngressStatus | undefined {
  const current = status?.observedGeneration === metadata.generation;
  const isReady = current && conditionTypes.every((type) => conditionOf(status, type)?.status === "True");
  // Once told it stays: gateways that come later begin with all of it.
  if (isReady || (!inEffect && current && status?.conditions)) return undefined;
  const wanted = inEffect ? "True" : "Unknown";
  return {
    ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
    conditions: conditionTypes.map((type) => {
      const before = conditionOf(status, type);
      const since = before?.status === wanted ? before.lastTransitionTime : time.toISOString().replace(/\.\d+Z$/, "Z");
      const why = inEffect ? {} : { reason: "Uninitialized", message: "Waiting for the gateway" };
      return { type, status: wanted, lastTransitionTime: since, ...why };
    }),
    publicLoadBalancer: at(gatewayService),
    privateLoadBalancer: at(`${gatewayService}-internal`),
  };
}

function conditionOf(status: IngressStatus | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}
