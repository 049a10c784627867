/**
 * May one end open a connection to another, as NetworkPolicy v1 says: the source's egress and the destination's ingress
 * must both allow it. What the API leaves to the network plugin is said as VPC CNI, Cilium, Calico and GKE's Dataplane V2
 * do it: what uses its node's network is its node, which policies do not hold and selectors do not find.
 */
import { z } from "zod";
import type { Manifest } from "../input/manifests.ts";
import { queryId } from "../input/parsed.ts";
import { type Block, parseAddress, parseBlock, same, within } from "../ip.ts";
import { maySelect } from "../labels.ts";
import { all, some, type Tri, tri } from "../tri.ts";
import { type Connection, casesOf, numbersOf, type Place } from "./cases.ts";
import { type Cluster, type End, endOf, type PodEnd, readCluster } from "./endpoints.ts";
import { type ForeignPolicy, readForeignPolicies } from "./foreign.ts";
import { type Direction, type Peer, type Policy, type Port, protocols, readPolicies } from "./policy.ts";

const endAllowed = "NAMESPACE/POD, or an address";
const end = z
  .string(endAllowed)
  .min(1, endAllowed)
  .refine(
    (text) => parseAddress(text) !== undefined || (/^[^/\s]+\/[^/\s]+$/.test(text) && !parseBlock(text)),
    endAllowed,
  );
const portAllowed = "a number from 1 to 65535, or the name of a container's port";

const portNumber = z.int(portAllowed).min(1, portAllowed).max(65535, portAllowed);
/** No container's port is called by digits alone. */
const digits = z.string().regex(/^\d+$/, portAllowed).transform(Number).pipe(portNumber);

export const networkQuery = z.strictObject({
  id: queryId,
  from: end.describe("NAMESPACE/POD, NAMESPACE/WORKLOAD or an address"),
  to: end.describe("NAMESPACE/POD, NAMESPACE/WORKLOAD or an address"),
  port: z.union([portNumber, z.string().regex(/[a-z]/i, portAllowed), digits], portAllowed),
  protocol: z.enum(protocols, `one of ${protocols.join(", ")}`).default("TCP"),
});

const answer = z.union([z.boolean(), z.literal("unknown")]);

export const networkAnswer = z.object({
  allowed: answer,
  ingress: answer.describe("Whether the destination lets it in"),
  egress: answer.describe("Whether the source lets it out"),
  because: z.array(z.string()),
});

export type NetworkQuery = z.infer<typeof networkQuery>;
export type NetworkAnswer = z.infer<typeof networkAnswer>;

export interface Network extends Cluster {
  policies: readonly Policy[];
  foreign: readonly ForeignPolicy[];
}

export function readNetwork(manifests: readonly Manifest[]): Network {
  return {
    ...readCluster(manifests),
    policies: readPolicies(manifests),
    foreign: readForeignPolicies(manifests),
  };
}

interface Side {
  may: Tri;
  because: string;
}

export function mayConnect(network: Network, query: NetworkQuery): NetworkAnswer {
  const connections = connectionsOf(network, query);
  if (typeof connections === "string") return nothingSure(connections);
  const sides = connections.map((connection) => ({
    egress: sideOf(network, "egress", connection),
    ingress: sideOf(network, "ingress", connection),
  }));
  const [egress, ingress] = (["egress", "ingress"] as const).map((direction) =>
    together(sides.map((side) => side[direction])),
  ) as [Side, Side];
  const may = agreed(sides.map((side) => all([side.egress.may, side.ingress.may])));
  const untold = connections.some(({ port }) => port === undefined);
  // Whatever the port, it is denied: that is all that is known of one by a name that the destination does not have.
  if (untold && may !== "no") return nothingSure(`${query.to} has no port ${query.port} of ${query.protocol}`);
  const known = (value: Tri) => spoken(untold && value === "yes" ? "maybe" : value);
  return {
    allowed: spoken(may),
    ingress: known(ingress.may),
    egress: known(egress.may),
    because: [`egress: ${egress.because}`, `ingress: ${ingress.because}`],
  };
}

function nothingSure(because: string): NetworkAnswer {
  return { allowed: "unknown", ingress: "unknown", egress: "unknown", because: [because] };
}

/** What holds in every case, if all say the same. */
function agreed(values: readonly Tri[]): Tri {
  const [first = "maybe"] = values;
  return values.every((value) => value === first) ? first : "maybe";
}

function together(sides: readonly Side[]): Side {
  const may = agreed(sides.map((side) => side.may));
  const [first] = sides.filter((side) => side.may === may);
  return first ?? { may, because: "it hangs on which address, or which port of that name, is used" };
}

function spoken(value: Tri): boolean | "unknown" {
  return value === "maybe" ? "unknown" : value === "yes";
}

function connectionsOf(network: Network, query: NetworkQuery): Connection[] | string {
  const [from, to] = [endOf(network, query.from), endOf(network, query.to)];
  if (typeof from === "string") return from;
  if (typeof to === "string") return to;
  if (from.kind === "address" && to.kind === "address") return "neither end is a pod of the manifests";
  const service = to.kind === "address" && network.serviceAddresses.find(({ address }) => same(address, to.address));
  if (service) return `${query.to} is an address of Service ${service.title}; ask about a pod behind it`;
  return casesOf(from, to, query.port, query.protocol);
}

function sideOf(network: Network, direction: Direction, connection: Connection): Side {
  const [self, other] = direction === "egress" ? [connection.from, connection.to] : [connection.to, connection.from];
  if (self.kind === "address") return { may: "yes", because: `${self.text} is no pod` };
  const foreign = network.foreign.find((policy) => policy.selects(self) !== "no");
  if (foreign) return { may: "maybe", because: `${foreign.title} may select ${self.title}` };
  if (self.hostNetwork) return { may: "yes", because: `${self.title} uses its node's network` };
  const policies = network.policies.flatMap((policy) => {
    if (!policy.rules[direction] || policy.namespace !== self.namespace) return [];
    const selected = maySelect(policy.podSelector, self.labels, self.isLabelTold);
    return selected === "no" ? [] : [{ policy, selected }];
  });
  const by = (chosen: readonly Policy[]) => byPolicies(chosen, direction, self, other, connection);
  const chosen = (wanted: Tri) => policies.flatMap(({ policy, selected }) => (selected === wanted ? [policy] : []));
  const [sure, open] = [chosen("yes"), chosen("maybe")];
  const isolated = sure.length > 0;
  const settled: Side = isolated ? by(sure) : { may: "yes", because: `no policy isolates ${self.title}` };
  if (isolated && settled.may === "yes") return settled;
  // One that may select it matters if it would let in what the others do not, or alone would shut out.
  const matters = open.find((policy) => by([policy]).may !== (isolated ? "no" : "yes"));
  if (!matters) return settled;
  return {
    may: "maybe",
    because: `NetworkPolicy ${matters.title} may select ${self.title}, by a label that is not told`,
  };
}

function byPolicies(
  policies: readonly Policy[],
  direction: Direction,
  self: PodEnd,
  other: End,
  connection: Connection,
): Side {
  if (other.kind === "pod" && other.title === self.title && !self.many) {
    return { may: "yes", because: `${self.title} is both ends` };
  }
  const local = onOwnNode(self, other);
  if (local === "yes") return { may: "yes", because: `it is with ${self.title}'s own node` };
  const place = direction === "egress" ? connection.toPlace : connection.fromPlace;
  const judged = policies.flatMap((policy) =>
    (policy.rules[direction] ?? []).map((rule, at) => ({
      may: all([
        rule.peers.length === 0 ? "yes" : some(rule.peers.map((peer) => isPeer(peer, policy.namespace, other, place))),
        rule.ports.length === 0 ? "yes" : some(rule.ports.map((port) => isPort(port, connection))),
      ]),
      title: `NetworkPolicy ${policy.title} ${direction}[${at}]`,
    })),
  );
  const yes = judged.find(({ may }) => may === "yes");
  if (yes) return { may: "yes", because: `${yes.title} allows it` };
  const maybe = judged.find(({ may }) => may === "maybe");
  if (maybe)
    return { may: "maybe", because: `${maybe.title} hangs on an address, or a label, that the manifests do not tell` };
  if (local === "maybe") return { may: "maybe", because: `it is denied unless both are on one node` };
  return { may: "no", because: `no rule of ${policies.map(({ title }) => title).join(", ")} allows it` };
}

/** A pod cannot shut out the node that it runs on. */
function onOwnNode(self: PodEnd, other: End): Tri {
  if (other.kind === "address") {
    if (self.nodeAddresses.some((address) => same(address, other.address))) return "yes";
    if (!other.nodes) return "no";
    if (self.node !== undefined && other.nodes.length > 0) return tri(other.nodes.includes(self.node));
    return self.nodeAddresses.length > 0 ? "no" : "maybe";
  }
  if (!other.hostNetwork) return "no";
  if (self.node !== undefined && other.node !== undefined) return tri(self.node === other.node);
  const theirs = [...other.addresses, ...other.nodeAddresses];
  if (self.nodeAddresses.length === 0 || theirs.length === 0) return "maybe";
  return tri(self.nodeAddresses.some((own) => theirs.some((address) => same(own, address))));
}

function isPeer({ podSelector, namespaceSelector, ipBlock }: Peer, home: string, other: End, place: Place): Tri {
  if (ipBlock) return inBlock(ipBlock, place);
  if (other.kind === "address" || other.hostNetwork) return "no";
  return all([
    namespaceSelector
      ? maySelect(namespaceSelector, other.namespaceLabels, other.isNamespaceLabelTold)
      : tri(other.namespace === home),
    podSelector ? maySelect(podSelector, other.labels, other.isLabelTold) : "yes",
  ]);
}

function inBlock({ cidr, except }: NonNullable<Peer["ipBlock"]>, { family, value }: Place): Tri {
  const blocks = (given: readonly { block: Block | undefined }[]) =>
    given.flatMap(({ block }) => (block?.family === family ? [block] : []));
  const [inside, outside] = [blocks([cidr]), blocks(except)];
  if (value !== undefined) {
    const lies = (block: Block) => within({ family, value }, block);
    return tri(inside.some(lies) && !outside.some(lies));
  }
  if (inside.length === 0) return "no";
  const whole = (block: Block) => block.length === 0;
  if (outside.some(whole)) return "no";
  return inside.some(whole) && outside.length === 0 ? "yes" : "maybe";
}

/** A port by name is looked up at the destination. */
function isPort({ protocol, port, endPort }: Port, { to, port: asked, protocol: over }: Connection): Tri {
  if (protocol !== over) return "no";
  if (port === undefined) return "yes";
  if (asked === undefined) return "maybe";
  if (typeof port === "number") return tri(asked >= port && asked <= (endPort ?? port));
  const [first, ...others] = numbersOf(to, port, protocol);
  // A node's ports have no names, and what plugins make of a pod there that names its own is theirs to say.
  if (to.kind === "pod" && to.hostNetwork) return [first, ...others].includes(asked) ? "maybe" : "no";
  if (first === asked) return "yes";
  return others.includes(asked) ? "maybe" : "no";
}
