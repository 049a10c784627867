import type { Entry } from "../providers/machine/kept.ts";
import { list, object } from "../providers/machine/reads.ts";
import type { Value } from "../providers/machine/values.ts";
import { entriesOf, given, type KeptProject, page, type Route, text } from "./answer.ts";

const base = "https://www.googleapis.com/compute/v1/";
const link = (path: Value | undefined) => (path === undefined ? undefined : `${base}${pathOf(path)}`);
const pathOf = (reference: Value) => text(reference).replace(base, "");

interface Kind {
  /** Of the kept type; none is kept of some, and the API knows them all the same. */
  type?: string;
  answer?(path: string, entry: Entry): object;
}

const kinds: Readonly<Record<string, Kind>> = {
  subnetworks: { type: "gcp:compute/subnetwork:Subnetwork", answer: subnetAnswer },
  forwardingRules: { type: "gcp:compute/forwardingRule:ForwardingRule", answer: balancerAnswer },
  vpnTunnels: {},
  interconnectAttachments: {},
  networkEndpointGroups: {},
  networkAttachments: {},
  // Nodes run on this machine, and none of them is an instance.
  instances: {},
};

export const computeRoutes: readonly Route[] = [
  {
    method: "GET",
    path: /^\/compute\/v1\/projects\/[^/]+\/global\/routes$/,
    // The stacks make none; the network's own, which lead nowhere else, are not kept.
    answer: () => ({ kind: "compute#routeList" }),
  },
  {
    method: "GET",
    path: /^\/compute\/v1\/(projects\/[^/]+\/global\/networks\/[^/]+)$/,
    answer: ([path = ""], _, { kept }) => {
      const entry = kept[path];
      return entry && networkAnswer(path, entry);
    },
  },
  {
    method: "GET",
    path: /^\/compute\/v1\/projects\/[^/]+\/regions\/[^/]+\/firewallPolicies\/getEffectiveFirewalls$/,
    answer: (_, query, from) => {
      const network = pathOf(query.get("network") ?? "");
      const own = entriesOf(from, "gcp:compute/firewall:Firewall").filter(
        ([, { inputs }]) => pathOf(inputs.network ?? "") === network,
      );
      return given({ firewalls: own.length > 0 ? own.map((one) => firewallAnswer(...one)) : undefined });
    },
  },
  {
    method: "GET",
    path: /^\/compute\/v1\/projects\/([^/]+)\/aggregated\/(\w+)$/,
    answer: ([project = "", kind = ""], query, from) => {
      const known = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
      return known && aggregated(project, kind, known, query, from);
    },
  },
  {
    method: "GET",
    path: /^\/compute\/v1\/(projects\/[^/]+\/regions\/[^/]+\/serviceAttachments)$/,
    answer: ([parent], query, from) => {
      const own = entriesOf(from, "gcp:compute/serviceAttachment:ServiceAttachment").filter(([path]) =>
        path.startsWith(`${parent}/`),
      );
      return page(
        "items",
        own.map((one) => attachmentAnswer(...one, from)),
        query,
        "maxResults",
      );
    },
  },
];

/** By place, as `regions/<region>`; a place without any says so. */
function aggregated(
  project: string,
  kind: string,
  { type, answer }: Kind,
  query: URLSearchParams,
  from: KeptProject,
): object {
  const own =
    type === undefined ? [] : entriesOf(from, type).filter(([path]) => path.startsWith(`projects/${project}/`));
  const start = Number(query.get("pageToken") ?? 0);
  const count = Number(query.get("maxResults") ?? 500);
  const shown = own.slice(start, start + count);
  const places = Map.groupBy(shown, ([path]) => path.split("/").slice(2, -2).join("/"));
  const warning = { code: "NO_RESULTS_ON_PAGE", message: "There are no results for scope 'global' on this page." };
  return given({
    items: {
      ...(places.has("global") ? {} : { global: { warning } }),
      ...Object.fromEntries(
        [...places].map(([place, found]) => [place, { [kind]: found.map((one) => answer?.(...one)) }]),
      ),
    },
    nextPageToken: start + count < own.length ? String(start + count) : undefined,
  });
}

export function networkAnswer(path: string, { inputs }: Entry): object {
  const { name, autoCreateSubnetworks, routingMode } = inputs;
  return given({ name, selfLink: link(path), autoCreateSubnetworks, routingConfig: routingMode && { routingMode } });
}

export function subnetAnswer(path: string, { inputs, outputs }: Entry): object {
  const { name, ipCidrRange, privateIpGoogleAccess, purpose = "PRIVATE", role, logConfig, secondaryIpRanges } = inputs;
  return given({
    ...{ name, ipCidrRange, privateIpGoogleAccess, purpose, role, secondaryIpRanges },
    ...{
      selfLink: link(path),
      network: link(inputs.network),
      region: link(`projects/${text(inputs.project)}/regions/${text(inputs.region)}`),
    },
    ...{ gatewayAddress: outputs.gatewayAddress, stackType: inputs.stackType ?? "IPV4_ONLY" },
    logConfig: logConfig && { enable: true, ...object(logConfig) },
  });
}

export function firewallAnswer(path: string, { inputs }: Entry): object {
  const { name, description, direction = "INGRESS", priority = 1000, disabled = false, logConfig } = inputs;
  return given({
    ...{ name, description, direction, priority, disabled, selfLink: link(path), network: link(inputs.network) },
    ...{ sourceRanges: inputs.sourceRanges, sourceTags: inputs.sourceTags },
    ...{ destinationRanges: inputs.destinationRanges, targetTags: inputs.targetTags },
    ...{ sourceServiceAccounts: inputs.sourceServiceAccounts, targetServiceAccounts: inputs.targetServiceAccounts },
    allowed: inputs.allows && list(inputs.allows).map(trafficAnswer),
    denied: inputs.denies && list(inputs.denies).map(trafficAnswer),
    logConfig: logConfig && { enable: true, ...object(logConfig) },
  });
}

function trafficAnswer(traffic: Value): object {
  const { protocol, ports } = object(traffic);
  return given({ IPProtocol: protocol, ports });
}

export function balancerAnswer(path: string, { inputs, outputs }: Entry): object {
  const { name, ipProtocol, portRange, loadBalancingScheme, ipAddress, allowGlobalAccess } = inputs;
  return given({
    ...{ name, portRange, allowGlobalAccess, selfLink: link(path), target: link(inputs.target) },
    ...{ network: link(inputs.network), subnetwork: link(inputs.subnetwork) },
    // What leads to a service attachment is no balancer, and has none.
    loadBalancingScheme: loadBalancingScheme === "" ? undefined : (loadBalancingScheme ?? "EXTERNAL"),
    ...{ IPProtocol: ipProtocol, IPAddress: ipAddress, pscConnectionId: outputs.pscConnectionId },
  });
}

/** @param from endpoints are forwarding rules of whoever has them, in a project that is kept too */
export function attachmentAnswer(path: string, { inputs }: Entry, from: KeptProject): object {
  const accepted = list(inputs.consumerAcceptLists).map(object);
  const projects = new Set(accepted.map(({ projectIdOrNum }) => text(projectIdOrNum)));
  const endpoints = entriesOf(from, "gcp:compute/forwardingRule:ForwardingRule").filter(
    ([, one]) => pathOf(one.inputs.target ?? "") === path,
  );
  return given({
    ...{ name: inputs.name, description: inputs.description, selfLink: link(path) },
    ...{ connectionPreference: inputs.connectionPreference, targetService: link(inputs.targetService) },
    ...{ enableProxyProtocol: inputs.enableProxyProtocol, natSubnets: list(inputs.natSubnets).map(link) },
    consumerAcceptLists: accepted.length > 0 ? accepted : undefined,
    connectedEndpoints: endpoints.map(([endpoint]) => ({
      endpoint: link(endpoint),
      status: projects.has(endpoint.split("/")[1] ?? "") ? "ACCEPTED" : "PENDING",
    })),
  });
}
