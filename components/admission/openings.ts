/** Ways in: Services that open a port beyond the cluster, and sessions inside a running container. */
import { join, list, text, words } from "./cel.ts";
import { onChange, ownNamespaces, type Place } from "./place.ts";
import type { Policy } from "./policy.ts";

/**
 * @param open Services of the platform's namespace that may be a NodePort; a compute plane has none
 * @param naming who may make names of other names (ExternalName), which open nothing. @default nobody
 */
export function planServices(place: Place, open: string[], naming?: string): Policy {
  const kind = `object.spec.?type.orValue("ClusterIP")`;
  const named = `request.namespace == ${text(place.namespace)} && object.metadata.name in ${list(open)}`;
  const alias = naming ? ` || (${kind} == "ExternalName" && request.userInfo.username == ${text(naming)})` : "";
  const allowed = open.length > 0 ? `ClusterIP, and NodePort for ${words(open)}` : "ClusterIP";
  return {
    name: "services",
    claims: ["n-svc-no-lb-nodeport", "net-no-inbound-firewall-rules"],
    guards: [{ resources: ["services"], operations: ["CREATE", "UPDATE"] }],
    namespaces: ownNamespaces(place),
    conditions: [onChange],
    validations: [
      {
        expression: `${kind} == "ClusterIP" || (${kind} == "NodePort" && ${named})${alias}`,
        told: join(`"service " + object.metadata.name + " is of type " + ${kind}`, text(`; allowed: ${allowed}.`)),
      },
      {
        expression: "size(object.spec.?externalIPs.orValue([])) == 0",
        told: join(
          `"service " + object.metadata.name + " takes the address " + object.spec.externalIPs[0]`,
          text(" (externalIPs); allowed: none, since it would draw other hosts' traffic to its pods."),
        ),
      },
    ],
  };
}

/**
 * A session sees whatever its container does: data, tokens, Secrets. Kubernetes counts one as a connection, which
 * admission is asked about, whatever RBAC grants.
 * @param operators groups of the customer's own people who may
 */
export function planSessions(place: Place, operators: string[]): Policy {
  return {
    name: "sessions",
    claims: [
      "human-no-infra-access-self-managed",
      "model-byoc-separated-from-data",
      "secrets-runtime-only-consumption",
    ],
    guards: [
      {
        resources: ["pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy"],
        operations: ["CONNECT"],
      },
      { resources: ["pods/ephemeralcontainers"], operations: ["UPDATE"] },
    ],
    namespaces: ownNamespaces(place),
    validations: [
      {
        expression: `request.userInfo.?groups.orValue([]).exists(group, group in ${list(operators)})`,
        told: join(
          `request.userInfo.username + " asks for " + request.resource.resource + "/" + request.subResource`,
          `" of " + request.namespace + "/" + request.name`,
          text(`; allowed: the groups ${words(operators)}. Logs are read with \`flyte get logs\`.`),
        ),
      },
    ],
  };
}
