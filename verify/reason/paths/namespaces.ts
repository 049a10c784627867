/**
 * Which namespaces reach which over TCP, by NetworkPolicy: every pod of one to every pod of the other, on every port at
 * which an answer can begin to differ. What two rules allow together begins where one of them begins; so where all of these
 * are closed, every port is.
 */
import type { V1NetworkPolicy, V1NetworkPolicyEgressRule, V1NetworkPolicyIngressRule } from "@kubernetes/client-node";
import type { Facts } from "../../facts.ts";
import { manifestsFrom } from "../input/manifests.ts";
import { mayConnect, type NetworkAnswer, readNetwork } from "../network/reach.ts";

type NetworkFacts = Pick<Facts, "namespaces" | "pods" | "services" | "networkPolicies" | "nodes">;

export interface Crossing {
  from: string;
  to: string;
  /**
   * `open`: at least one connection is allowed. `unknown`: none is, and of one at least nobody can say. `no pods`: nothing
   * runs there that could be asked about, so nothing is said.
   */
  state: "open" | "closed" | "unknown" | "no pods";
  /** Questions that were asked. */
  asked: number;
  /** The first that makes it what it is, and why. */
  witness?: { from: string; to: string; port: number; because: readonly string[] };
}

/** Above it the search would ask too many questions; `verify reason network` answers single ones. */
const maxPods = 400;

/**
 * What policies say; whether the cluster's network obeys them, a probe decides. Between two namespaces of `names`, both ways,
 * and of each within itself.
 * @throws Error for more pods than it can ask about
 */
export function crossings(facts: NetworkFacts, names: readonly string[]): Crossing[] {
  const pods = facts.pods.filter(
    ({ metadata, status }) =>
      names.includes(metadata?.namespace ?? "") && status?.phase !== "Succeeded" && status?.phase !== "Failed",
  );
  if (pods.length > maxPods) throw new Error(`${pods.length} pods run in ${names.join(", ")}, more than ${maxPods}`);
  const starts = facts.networkPolicies
    .flatMap(({ spec }) => [...(spec?.ingress ?? []), ...(spec?.egress ?? [])])
    .flatMap(portsOf);
  const network = readNetwork(manifestsFrom(listOf(facts), "what was read"));
  const ends = pods.map(({ metadata, spec }) => ({
    namespace: metadata?.namespace ?? "",
    title: `${metadata?.namespace}/${metadata?.name}`,
    ports: (spec?.containers ?? [])
      .flatMap(({ ports = [] }) => ports)
      .filter(({ protocol = "TCP" }) => protocol === "TCP")
      .map(({ containerPort }) => containerPort),
  }));
  return names.flatMap((from) => names.map((to) => cross(from, to)));

  function cross(from: string, to: string): Crossing {
    const crossing: Crossing = { from, to, state: "closed", asked: 0 };
    for (const source of ends.filter(({ namespace }) => namespace === from)) {
      for (const target of ends.filter(({ namespace, title }) => namespace === to && title !== source.title)) {
        for (const port of [...new Set([...target.ports, ...starts, anyOther])]) {
          const answer = mayConnect(network, { from: source.title, to: target.title, port, protocol: "TCP" });
          crossing.asked++;
          const state = stateOf(answer);
          if (state === "closed" || crossing.state === "open" || crossing.state === state) continue;
          crossing.state = state;
          crossing.witness = { from: source.title, to: target.title, port, because: answer.because };
        }
      }
    }
    return crossing.asked > 0 ? crossing : { ...crossing, state: "no pods" };
  }
}

/** Where a rule names no port, this one is as good as any. */
const anyOther = 65_535;

/** First ports of the rule's ranges; a port by name is one of the container's, which are asked about anyway. */
function portsOf({ ports = [] }: V1NetworkPolicyIngressRule | V1NetworkPolicyEgressRule): number[] {
  return ports.flatMap(({ port }) => (typeof port === "number" ? [port] : []));
}

function stateOf({ allowed }: NetworkAnswer): Crossing["state"] {
  if (allowed === "unknown") return "unknown";
  return allowed ? "open" : "closed";
}

/** As manifests have it: the client's types call `from` otherwise, and a rule without it would let everybody in. */
function asWritten({ spec, ...policy }: V1NetworkPolicy): object {
  const ingress = spec?.ingress?.map(({ _from, ...rule }) => ({ ...rule, from: _from }));
  return { ...policy, spec: { ...spec, ingress } };
}

/** Lists of the API tell the kind of their items once for all. */
function listOf({ namespaces, pods, services, networkPolicies, nodes }: NetworkFacts): object {
  const kinds = [
    ["v1", "Namespace", namespaces],
    ["v1", "Node", nodes],
    ["v1", "Pod", pods],
    ["v1", "Service", services],
    ["networking.k8s.io/v1", "NetworkPolicy", networkPolicies.map(asWritten)],
  ] as const;
  const items = kinds.flatMap(([apiVersion, kind, objects]) =>
    objects.map((object) => ({ ...object, apiVersion, kind })),
  );
  return { apiVersion: "v1", kind: "List", items };
}
