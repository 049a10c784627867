import { z } from "zod";
import type { GoogleAttachmentFact, GoogleNetworkFact } from "../../facts-google.ts";
import type { Reads } from "./client.ts";
import { pathOf, readEverywhere } from "./compute.ts";
import { readFirewallRules } from "./firewall.ts";
import { isOffered, readJoins } from "./joins.ts";

const api = "compute";

const peeringSchema = z.object({ name: z.string(), network: z.string(), state: z.string() });
const networkSchema = z.object({ peerings: z.array(peeringSchema).default([]) });
const subnetSchema = z.object({
  network: z.string(),
  ipCidrRange: z.string().optional(),
  ipv6CidrRange: z.string().optional(),
  secondaryIpRanges: z.array(z.object({ ipCidrRange: z.string() })).default([]),
});
const namedSchema = z.object({ selfLink: z.string() });
const balancerSchema = namedSchema.extend({
  loadBalancingScheme: z.string().default("none"),
  IPAddress: z.string().default("none"),
  target: z.string().default(""),
});
const instanceSchema = z.object({ name: z.string(), zone: z.string() });
const attachmentSchema = namedSchema.extend({
  connectionPreference: z.string(),
  targetService: z.string(),
  consumerAcceptLists: z
    .array(z.object({ projectIdOrNum: z.string().optional(), networkUrl: z.string().optional() }))
    .default([]),
  connectedEndpoints: z.array(z.object({ endpoint: z.string(), status: z.string() })).default([]),
});

/** @param name `projects/<id>/global/networks/<name>`; another project's where it is shared with this one */
export async function readGoogleNetwork(
  reads: Reads,
  { project, region }: { project: string; region: string },
  name: string,
): Promise<GoogleNetworkFact> {
  const home = name.split("/")[1] ?? project;
  const [network, subnets, rules, balancers, vpns, interconnects, instances, joins] = await Promise.all([
    reads.one({ api, path: `/compute/v1/${name}` }, networkSchema),
    readEverywhere(reads, home, "subnetworks", subnetSchema),
    readFirewallRules(reads, home, region, name),
    readEverywhere(reads, project, "forwardingRules", balancerSchema),
    readEverywhere(reads, home, "vpnTunnels", namedSchema),
    readEverywhere(reads, home, "interconnectAttachments", namedSchema),
    readEverywhere(reads, project, "instances", instanceSchema),
    readJoins(reads, { project, home, network: name }),
  ]);
  const own = subnets.filter((subnet) => pathOf(subnet.network) === name);
  return {
    name,
    ranges: own.flatMap(({ ipCidrRange, ipv6CidrRange, secondaryIpRanges }) =>
      [ipCidrRange, ipv6CidrRange, ...secondaryIpRanges.map((range) => range.ipCidrRange)].filter(
        (range) => range !== undefined,
      ),
    ),
    rules,
    peerings: network.peerings.map((peering) => ({ ...peering, network: pathOf(peering.network) })),
    tunnels: [...vpns, ...interconnects].map(({ selfLink }) => pathOf(selfLink)),
    joins: [
      ...balancers
        .filter(({ target }) => isOffered(target))
        .map(({ selfLink, target, IPAddress: address }) => ({
          ...{ name: pathOf(selfLink), kind: "endpoint" as const, address },
          to: pathOf(target),
        })),
      ...joins,
    ],
    attachments: await readAttachments(reads, project, region, balancers),
    openBalancers: balancers
      .filter(({ loadBalancingScheme }) => loadBalancingScheme.startsWith("EXTERNAL"))
      .map(({ selfLink, IPAddress: address }) => ({ name: pathOf(selfLink), address })),
    instances: instances.map((instance) => `${instance.zone.split("/").at(-1)}/${instance.name}`),
  };
}

async function readAttachments(
  reads: Reads,
  project: string,
  region: string,
  balancers: readonly z.infer<typeof balancerSchema>[],
): Promise<GoogleAttachmentFact[]> {
  const path = `/compute/v1/projects/${project}/regions/${region}/serviceAttachments`;
  const listed = await reads.all({ api, path, query: { maxResults: "500" } }, "items", attachmentSchema);
  return listed.map(({ selfLink, connectionPreference, targetService, consumerAcceptLists, connectedEndpoints }) => ({
    name: pathOf(selfLink),
    preference: connectionPreference,
    accepted: consumerAcceptLists.map(({ projectIdOrNum, networkUrl = "nobody" }) => projectIdOrNum ?? networkUrl),
    connections: connectedEndpoints.map(({ endpoint, status }) => ({ endpoint: pathOf(endpoint), state: status })),
    schemes: balancers
      .filter((balancer) => pathOf(balancer.selfLink) === pathOf(targetService))
      .map(({ loadBalancingScheme }) => loadBalancingScheme),
  }));
}
