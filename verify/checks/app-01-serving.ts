import type { V1Deployment, V1Service } from "@kubernetes/client-node";
import {
  gatewayController,
  gatewayName,
  gatewayNamespace,
  gatewayService,
  servingNamespace,
  servingPrograms,
} from "../../components/serving/contract.ts";
import { defineClusterCheck } from "../check.ts";
import { subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { judgeDefaultDeny, judgeService } from "./within-cluster.ts";

const programs: readonly (readonly [string, string])[] = [
  ...servingPrograms.map((program) => [servingNamespace, program] as const),
  [servingNamespace, gatewayController],
  [gatewayNamespace, gatewayName],
];
const homes = [servingNamespace, gatewayNamespace];

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
    ...homes.map((namespace) => judgeDefaultDeny(namespace, networkPolicies)),
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
