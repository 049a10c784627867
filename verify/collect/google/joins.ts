/** Ways between a project's networks and somebody's that are no peering and no tunnel. */
import { z } from "zod";
import type { GoogleJoin } from "../../facts-google.ts";
import type { Reads } from "./client.ts";
import { pathOf, readEverywhere } from "./compute.ts";

const api = "compute";

const groupSchema = z.object({
  selfLink: z.string(),
  networkEndpointType: z.string(),
  pscTargetService: z.string().default(""),
});
const interfaceSchema = z.object({
  selfLink: z.string(),
  network: z.string(),
  producerAcceptLists: z.array(z.string()).default([]),
  connectionEndpoints: z.array(z.object({ projectIdOrNum: z.string() })).default([]),
});
const routeSchema = z.object({ name: z.string(), network: z.string(), nextHopHub: z.string().optional() });

/** What somebody offers; APIs of Google's own are named by a host or a bundle. */
export const isOffered = (target: string) => target.includes("/serviceAttachments/");

/** @param network that the cluster lies in, by its path @param home project of that network */
export async function readJoins(
  reads: Reads,
  { project, home, network }: { project: string; home: string; network: string },
): Promise<GoogleJoin[]> {
  const routesAt = { api, path: `/compute/v1/projects/${home}/global/routes`, query: { maxResults: "500" } };
  const [groups, interfaces, routes] = await Promise.all([
    readEverywhere(reads, project, "networkEndpointGroups", groupSchema),
    readEverywhere(reads, home, "networkAttachments", interfaceSchema),
    reads.all(routesAt, "items", routeSchema),
  ]);
  return [
    ...groups
      .filter((group) => group.networkEndpointType === "PRIVATE_SERVICE_CONNECT" && isOffered(group.pscTargetService))
      .map((group) => ({
        ...{ name: pathOf(group.selfLink), kind: "endpoint" as const },
        to: pathOf(group.pscTargetService),
      })),
    ...interfaces
      .filter((one) => pathOf(one.network) === network)
      .map(({ selfLink, producerAcceptLists, connectionEndpoints }) => ({
        ...{ name: pathOf(selfLink), kind: "interface" as const },
        to:
          [...producerAcceptLists, ...connectionEndpoints.map((one) => one.projectIdOrNum)].join(", ") || "nobody yet",
      })),
    ...routes
      .filter((route) => pathOf(route.network) === network)
      .flatMap(({ name, nextHopHub }) => (nextHopHub ? [{ name, kind: "hub" as const, to: nextHopHub }] : [])),
  ];
}
