import type { V1Deployment, V1NetworkPolicy, V1NetworkPolicyIngressRule, V1Service } from "@kubernetes/client-node";
import {
  gatewayController,
  gatewayName,
  gatewayNamespace,
  gatewayService,
  servingNamespace,
  servingPrograms,
  webhookPort,
} from "../../components/serving/contract.ts";
import { selectorOf } from "../../components/workloads/labels.ts";
import { defineClusterCheck } from "../check.ts";
import { subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { judgeFences, judgeService } from "./within-cluster.ts";

const programs: readonly (readonly [string, string])[] = [
  ...servingPrograms.map((program) => [servingNamespace, program] as const),
  [servingNamespace, gatewayController],
  [gatewayNamespace, gatewayName],
];
const homes = [servingNamespace, gatewayNamespace];
const webhook = "webhook";

/** What serves apps stands in the cluster that is looked at, by upstream's own names, and nothing leads past the gate. */
export const appsServedInCluster = defineClusterCheck({
  id: "APP-01",
  title: "Knative Serving and its Kourier gateway run in the customer's cluster, closed to all but what is named",
  severity: "high",
  claims: ["apps-knative-kourier", "apps-serving-in-cluster"],
  documented: [],
  fix: "Run `pulumi up` on the customer stack with its setting apps; remove what it did not make.",
  needs: ["deployments", "services", "networkPolicies"],
  notApplicable: ({ servesApps }) => (servesApps ? undefined : "no apps are served: the stack has no setting apps"),
  evaluate: ({ deployments, services, networkPolicies }) => [
    ...programs.map(([namespace, name]) => judgeProgram(deployments, namespace, name)),
    ...judgeServices(services),
    ...homes.flatMap((namespace) => judgeFences(namespace, networkPolicies, isForApiServers)),
  ],
  sabotages: [
    {
      name: "the gateway has no pod",
      apply: ({ deployments }) => stop(deployments, gatewayName),
    },
    {
      name: "the activator's Deployment is gone",
      apply(facts) {
        facts.deployments = facts.deployments.filter(({ metadata }) => metadata?.name !== "activator");
      },
    },
    {
      name: "the gateway is open to the internet by a load balancer",
      apply({ services }) {
        const spec = services.find(isGateway)?.spec;
        if (!spec) return false;
        spec.type = "LoadBalancer";
        return undefined;
      },
    },
    {
      name: "a second Service beside the gateway's opens a port of every node",
      apply({ services }) {
        services.push({ metadata: { namespace: gatewayNamespace, name: "debug" }, spec: { type: "NodePort" } });
      },
    },
    {
      name: "the gateway's namespace loses its default deny",
      apply(facts) {
        facts.networkPolicies = facts.networkPolicies.filter(
          ({ metadata }) => metadata?.namespace !== gatewayNamespace,
        );
      },
    },
    {
      name: "beside the default deny a policy lets everybody to the gateway",
      apply: ({ networkPolicies }) => open(networkPolicies, gatewayNamespace, {}),
    },
    {
      name: "beside the default deny a policy lets the pods of a whole namespace to the gateway",
      apply: ({ networkPolicies }) =>
        open(networkPolicies, gatewayNamespace, { _from: [{ namespaceSelector: { matchLabels: { team: "a" } } }] }),
    },
    {
      name: "the gateway's own policy lets a network in after the gate's pods",
      apply({ networkPolicies }) {
        const own = networkPolicies.find(
          (policy) => policy.metadata?.namespace === gatewayNamespace && isOf(policy, gatewayName),
        );
        const peers = own?.spec?.ingress?.at(-1)?._from;
        if (!peers) return false;
        peers.push({ ipBlock: { cidr: "10.0.0.0/8" } });
        return undefined;
      },
    },
    {
      name: "what lets API servers to the webhook lets a network to the activator too",
      apply({ networkPolicies }) {
        const own = networkPolicies.find(
          (policy) => policy.metadata?.namespace === servingNamespace && isOf(policy, webhook),
        );
        if (!own?.spec) return false;
        own.spec.podSelector = {};
        return undefined;
      },
    },
    {
      name: "the gateway's own policy lets in every pod but those of one label",
      apply({ networkPolicies }) {
        const own = networkPolicies.find(
          (policy) => policy.metadata?.namespace === gatewayNamespace && isOf(policy, gatewayName),
        );
        const peers = own?.spec?.ingress?.at(-1)?._from;
        if (!peers) return false;
        const but = { matchExpressions: [{ key: "closed", operator: "DoesNotExist" }] };
        peers.push({ podSelector: but, namespaceSelector: but });
        return undefined;
      },
    },
    {
      name: "what lets API servers to the webhook lets in every pod besides",
      apply({ networkPolicies }) {
        const own = networkPolicies.find(
          (policy) => policy.metadata?.namespace === servingNamespace && isOf(policy, webhook),
        );
        const peers = own?.spec?.ingress?.[0]?._from;
        if (!peers) return false;
        peers.push({ namespaceSelector: {} });
        return undefined;
      },
    },
    {
      name: "what lets API servers to the webhook is open on every port",
      apply({ networkPolicies }) {
        const own = networkPolicies.find(
          (policy) => policy.metadata?.namespace === servingNamespace && isOf(policy, webhook),
        );
        if (!own?.spec?.ingress?.length) return false;
        for (const rule of own.spec.ingress) delete rule.ports;
        return undefined;
      },
    },
  ],
});

function judgeProgram(deployments: V1Deployment[], namespace: string, name: string): Finding {
  const found = deployments.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name);
  if (!found) return fail(`Deployment/${namespace}/${name}`, "is not there");
  const { spec, status } = found;
  const available = status?.availableReplicas ?? 0;
  if (available < 1) return fail(subjectOf("Deployment", found), `${available} of ${spec?.replicas ?? 1} available`);
  return pass(subjectOf("Deployment", found), `${available} of ${spec?.replicas ?? 1} available`);
}

/** Of the webhook alone, at its own port: API servers are no pods, and are named by their networks. */
function isForApiServers(policy: V1NetworkPolicy, { _from = [], ports = [] }: V1NetworkPolicyIngressRule): boolean {
  const networks = _from.length > 0 && _from.every(({ ipBlock }) => ipBlock !== undefined);
  const only = networks && ports.length > 0 && ports.every(({ port, endPort }) => port === webhookPort && !endPort);
  return policy.metadata?.namespace === servingNamespace && isOf(policy, webhook) && only;
}

function isOf({ spec }: V1NetworkPolicy, component: string): boolean {
  const labels = spec?.podSelector?.matchLabels ?? {};
  return Object.entries(selectorOf(component)).every(([key, value]) => labels[key] === value);
}

const isGateway = ({ metadata }: V1Service) =>
  metadata?.namespace === gatewayNamespace && metadata.name === gatewayService;

function judgeServices(services: V1Service[]): Finding[] {
  const ours = services.filter(({ metadata }) => homes.includes(metadata?.namespace ?? ""));
  const judged = ours.map(judgeService);
  const gateway = `Service/${gatewayNamespace}/${gatewayService}`;
  return ours.some(isGateway) ? judged : [...judged, fail(gateway, "is not there")];
}

function stop(deployments: V1Deployment[], name: string): undefined | false {
  const status = deployments.find(({ metadata }) => metadata?.name === name)?.status;
  if (!status) return false;
  status.availableReplicas = 0;
  return undefined;
}

function open(policies: V1NetworkPolicy[], namespace: string, rule: V1NetworkPolicyIngressRule): undefined {
  const spec = { podSelector: {}, policyTypes: ["Ingress"], ingress: [rule] };
  policies.push({ metadata: { namespace, name: "debug" }, spec });
}
