/** NetworkPolicies of serving, as data, beside the refusal of everything else in each namespace. */
import type { types } from "@pulumi/kubernetes";
import { apiServers, ownCloud } from "../workloads/egress.ts";
import { namespaceLabel, selectorOf } from "../workloads/labels.ts";
import type { Surroundings } from "../workloads/network-policy.ts";
import {
  gateService,
  gatewayController,
  gatewayName,
  gatewayNamespace,
  gatewayPorts,
  queuePorts,
  revisionLabel,
  routesPort,
  type ServingProgram,
  servingNamespace,
  webhookPort,
} from "./contract.ts";

type PolicySpec = types.input.networking.v1.NetworkPolicySpec;
type Peer = types.input.networking.v1.NetworkPolicyPeer;

const policyTypes = ["Ingress", "Egress"];
const tcp = (...ports: number[]) => ports.map((port) => ({ protocol: "TCP", port }));
const of = (component: string) => ({ matchLabels: selectorOf(component) });
const within = (namespace: string) => ({ matchLabels: { [namespaceLabel]: namespace } });
const pods = (namespace: string, component: string): Peer => ({
  namespaceSelector: within(namespace),
  podSelector: of(component),
});
const serving = (program: ServingProgram) => pods(servingNamespace, program);
const gateway = pods(gatewayNamespace, gatewayName);

const appPods = { matchExpressions: [{ key: revisionLabel, operator: "Exists" }] };
const apps = (projectNamespaces: readonly string[]): Peer => ({
  namespaceSelector: { matchExpressions: [{ key: namespaceLabel, operator: "In", values: [...projectNamespaces] }] },
  podSelector: appPods,
});

export interface WallArgs {
  around: Pick<Surroundings, "apiPort" | "egress">;
  /** Namespace of the platform's services, the gate among them. */
  platform: string;
  projectNamespaces: readonly string[];
}

/** Of the namespaces `knative-serving` and `kourier-system`: by namespace, then by policy. */
export function renderServingWalls({ around, platform, projectNamespaces }: WallArgs) {
  const { apiPort, egress = "open-443" } = around;
  const api = { to: ownCloud(egress), ports: [...tcp(443), { protocol: "TCP", port: apiPort }] };
  const toApps = (...ports: number[]) => ({ to: [apps(projectNamespaces)], ports: tcp(...ports) });
  const { http, h2c, health, metrics } = queuePorts;
  return {
    [servingNamespace]: {
      webhook: {
        ...{ podSelector: of("webhook"), policyTypes },
        ingress: [{ from: apiServers(egress), ports: tcp(webhookPort) }],
        egress: [api],
      },
      controller: { podSelector: of("controller"), policyTypes, egress: [api] },
      autoscaler: {
        ...{ podSelector: of("autoscaler"), policyTypes },
        // Activators tell what waits, autoscalers each other whose a revision is.
        ingress: [{ from: [serving("activator"), serving("autoscaler")], ports: tcp(8080) }],
        // It asks a revision's Service whether the activator stands behind it, and its pods how much they do.
        egress: [
          api,
          { to: [serving("activator")], ports: tcp(http, h2c) },
          { to: [serving("autoscaler")], ports: tcp(8080) },
          toApps(http, h2c, metrics),
        ],
      },
      activator: {
        ...{ podSelector: of("activator"), policyTypes },
        ingress: [{ from: [gateway, serving("autoscaler")], ports: tcp(http, h2c) }],
        egress: [api, { to: [serving("autoscaler")], ports: tcp(8080) }, toApps(http, h2c, health)],
      },
      [gatewayController]: {
        ...{ podSelector: of(gatewayController), policyTypes },
        ingress: [{ from: [gateway], ports: tcp(routesPort) }],
        // Before it says that an app is reachable, it asks each gateway.
        egress: [api, { to: [gateway], ports: tcp(gatewayPorts.probe) }],
      },
    },
    [gatewayNamespace]: {
      gateway: {
        ...{ podSelector: of(gatewayName), policyTypes },
        ingress: [
          { from: [pods(platform, gateService)], ports: tcp(gatewayPorts.public) },
          { from: [pods(servingNamespace, gatewayController)], ports: tcp(gatewayPorts.probe) },
        ],
        egress: [
          { to: [pods(servingNamespace, gatewayController)], ports: tcp(routesPort) },
          { to: [serving("activator")], ports: tcp(http, h2c) },
          toApps(http, h2c),
        ],
      },
    },
  } satisfies Record<string, Record<string, PolicySpec>>;
}

/** Of the gate, in the platform's namespace, beside what any service has. */
export function renderGateDoors(): PolicySpec {
  return {
    ...{ podSelector: of(gateService), policyTypes },
    egress: [{ to: [gateway], ports: tcp(gatewayPorts.public) }],
  };
}

/** Of an app's pods, in its project's namespace: no other app and no task comes in, whatever it calls itself. */
export function renderAppDoors(): PolicySpec {
  const { http, h2c, health, metrics } = queuePorts;
  return {
    ...{ podSelector: appPods, policyTypes },
    ingress: [
      { from: [gateway], ports: tcp(http, h2c) },
      { from: [serving("activator")], ports: tcp(http, h2c, health) },
      { from: [serving("autoscaler")], ports: tcp(http, h2c, metrics) },
    ],
  };
}
