/** That what stands in a namespace of ours is reached from within the cluster alone: judged alike wherever it is asked. */
import type { V1NetworkPolicy, V1Service } from "@kubernetes/client-node";
import { subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { isDefaultDeny } from "../reason/kubernetes.ts";

export function judgeService(service: V1Service): Finding {
  const { type = "ClusterIP", externalIPs = [] } = service.spec ?? {};
  const subject = subjectOf("Service", service);
  if (type !== "ClusterIP") return fail(subject, `is of type ${type}`);
  return externalIPs.length > 0 ? fail(subject, `takes ${externalIPs[0]}`) : pass(subject, "within the cluster alone");
}

export function judgeDefaultDeny(namespace: string, policies: readonly V1NetworkPolicy[]): Finding {
  return policies.some((policy) => policy.metadata?.namespace === namespace && isDefaultDeny(policy))
    ? pass(`Namespace/${namespace}`, "everything is refused that is not named")
    : fail(`Namespace/${namespace}`, "has no default deny");
}
