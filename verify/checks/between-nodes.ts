/**
 * Of what is said between nodes. Where apps are served, Knative's own ports between the gateway and apps are in clear, and no
 * setting of it puts all of them on TLS: there the network between nodes has to encrypt. Source: decision 67.
 */
import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { gatewayNamespace, servingNamespace } from "../../components/serving/contract.ts";
import { type Facts, subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { ownNamespaces, type PlaneTarget, projectNamespaces } from "../target.ts";

export const betweenNodes = {
  severity: "high" as const,
  claims: ["enc-in-transit-everywhere"],
  documented: [],
  notApplicable: ({ servesApps }: PlaneTarget) =>
    servesApps ? undefined : "no apps are served: the stack has no setting apps",
};

export const agentsTitle =
  "Where apps are served the cluster encrypts what pods say to pods of other nodes, and no app's pod speaks past it";

/**
 * Of a cloud whose agents on nodes encrypt what pods say; nothing where no node is that cloud's.
 * @param machines what its nodes' ids begin with
 * @param encrypts whether the cluster does, by its own word
 */
export function judgeAgents(
  { nodes, pods }: Pick<Facts, "nodes" | "pods">,
  target: PlaneTarget,
  { machines, encrypts }: { machines: string; encrypts: Finding },
): Finding[] {
  if (!nodes.some((node) => isOf(node, machines))) return [];
  return [encrypts, ...judgeForeignNodes(nodes, machines), ...judgePodNetworks(pods, target)];
}

/** All of its nodes have such agents, and nobody else's. */
function judgeForeignNodes(nodes: readonly V1Node[], prefix: string): Finding[] {
  return nodes
    .filter((node) => !isOf(node, prefix))
    .map((node) =>
      fail(subjectOf("Node", node), `is none of the cluster's: ${node.spec?.providerID ?? "no providerID"}`),
    );
}

/** A cluster of which no node is a cloud's own says nothing of that cloud's network. */
export const isOf = ({ spec }: V1Node, prefix: string): boolean => spec?.providerID?.startsWith(prefix) === true;

/** Agents encrypt between pods' own networks alone: a pod on its node's network speaks past them. */
function judgePodNetworks(pods: readonly V1Pod[], target: PlaneTarget): Finding[] {
  const podsIn = Map.groupBy(pods, ({ metadata }) => metadata?.namespace);
  return [servingNamespace, gatewayNamespace, ...ownNamespaces(target)].flatMap((home) => {
    const inside = podsIn.get(home) ?? [];
    const beside = inside.filter(({ spec }) => spec?.hostNetwork === true);
    if (beside.length > 0) return beside.map((pod) => fail(subjectOf("Pod", pod), "is on its node's own network"));
    return [pass(`Namespace/${home}`, `${inside.length} pods, none on its node's own network`)];
  });
}

const stranger = () => ({ metadata: { name: "laptop" }, spec: {} });
const onNode = (namespace: string) => ({
  metadata: { namespace, name: "shortcut" },
  spec: { containers: [], hostNetwork: true },
});

/** Of nodes, wherever the offender stands in the list. */
export const strangerSabotages = [
  {
    name: "a node of nobody's cloud stands before the others",
    apply({ nodes }: Pick<Facts, "nodes">): undefined {
      nodes.unshift(stranger());
    },
  },
  {
    name: "a node of nobody's cloud joins behind the others",
    apply({ nodes }: Pick<Facts, "nodes">): undefined {
      nodes.push(stranger());
    },
  },
];

/** Where agents encrypt. */
export const agentSabotages = [
  ...strangerSabotages,
  {
    name: "the first pod of all, of Knative's, is on its node's network",
    apply({ pods }: Pick<Facts, "pods">): undefined {
      pods.unshift(onNode(servingNamespace));
    },
  },
  {
    name: "the last pod of all, of the gateway's, is on its node's network",
    apply({ pods }: Pick<Facts, "pods">): undefined {
      pods.push(onNode(gatewayNamespace));
    },
  },
  {
    name: "what lets people to apps asks the gateway from its node's network",
    apply({ pods }: Pick<Facts, "pods">, { namespace }: PlaneTarget): undefined {
      pods.splice(1, 0, onNode(namespace));
    },
  },
  {
    name: "an app's pod among tasks' own is on its node's network",
    apply({ pods }: Pick<Facts, "pods">, target: PlaneTarget): undefined | false {
      const home = projectNamespaces(target).at(-1);
      if (home === undefined) return false;
      pods.push(onNode(home));
      return undefined;
    },
  },
];
