import { z } from "zod";
import type { GoogleAttachmentFact, GoogleNetworkFact } from "../../facts-google.ts";
import type { Reads } from "./client.ts";
import { readFirewallRules } from "./firewall.ts";

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
  const [network, subnets, rules, balancers, vpns, interconnects, instances] = await Promise.all([
    reads.one({ api, path: `/compute/v1/${name}` }, networkSchema),
    readEverywhere(reads, home, "subnetworks", subnetSchema),
    readFirewallRules(reads, home, region, name),
    readEverywhere(reads, project, "forwardingRules", balancerSchema),
    readEverywhere(reads, home, "vpnTunnels", namedSchema),
    readEverywhere(reads, home, "interconnectAttachments", namedSchema),
    readEverywhere(reads, project, "instances", instanceSchema),
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

/** Of every region and zone: one answer holds them by place. A place that did not answer fails the whole. */
async function readEverywhere<T>(reads: Reads, project: string, kind: string, schema: z.ZodType<T>): Promise<T[]> {
  const items = z.array(schema).default([]);
  const page = z.object({
    items: z.record(z.string(), z.looseObject({ warning: z.object({ code: z.string() }).optional() })).default({}),
    unreachables: z.array(z.string()).default([]),
  });
  const path = `/compute/v1/projects/${project}/aggregated/${kind}`;
  const query = { maxResults: "500", returnPartialSuccess: "false" };
  const answers = await reads.pages({ api, path, query }, page);
  return answers.flatMap(({ items: places, unreachables }) => {
    const [silent] = unreachables;
    if (silent !== undefined) throw new Error(`${path}: ${silent} did not answer`);
    return Object.entries(places).flatMap(([place, { warning, ...found }]) => {
      if (warning && warning.code !== "NO_RESULTS_ON_PAGE") throw new Error(`${path}: ${place}: ${warning.code}`);
      return items.parse(found[kind]);
    });
  });
}

/** Links of compute's are of several hosts and versions. */
export const pathOf = (link: string) => link.replace(/^https:\/\/[^/]+\/compute\/(v1|beta)\//, "");
