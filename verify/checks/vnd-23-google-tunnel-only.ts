import { defineGoogleCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { judgeTunnel, tunnelFacts, tunnelSabotages } from "./tunnel-alone.ts";

const attachmentOf = (project: string, region: string, name: string) =>
  `projects/${project}/regions/${region}/serviceAttachments/${name}`;

/** That nobody has access is VND-21's matter; here: by which connection anything of the vendor's could come at all. */
export const googleTunnelIsTheOnlyConnection = defineGoogleCheck({
  id: "VND-23",
  title: "Self-managed: the tunnel is the only connection: no network is joined with the plane's, by whichever means",
  severity: "critical",
  claims: ["model-sm-tunnel-only"],
  documented: [],
  fix: "Remove the peering, VPN, endpoint, attachment or spoke; let nobody but the tunnel read its identity.",
  needs: ["googleNetwork", "googleCluster", ...tunnelFacts],
  notApplicable: ({ model }) =>
    model === "byoc" ? "BYOC: the vendor manages the cluster by a private link besides, as NET-23 decides" : undefined,
  evaluate: (facts, target) => [...judgeLinks(facts), ...judgeTunnel(facts, target)],
  sabotages: [
    {
      name: "the network is peered with another one, of the same project",
      apply({ googleNetwork }, { project }) {
        const network = `projects/${project}/global/networks/other`;
        googleNetwork.peerings.push({ name: "other", network, state: "ACTIVE" });
      },
    },
    {
      name: "a VPN ends in the project",
      apply({ googleNetwork }, { project, region }) {
        googleNetwork.tunnels.push(`projects/${project}/regions/${region}/vpnTunnels/office`);
      },
    },
    {
      name: "an endpoint leads to somebody's service",
      apply({ googleNetwork }, { project, region }) {
        googleNetwork.joins.push({
          ...{ name: `projects/${project}/regions/${region}/forwardingRules/out`, kind: "endpoint" },
          ...{ to: attachmentOf("vendor-ops", region, "management"), address: "10.40.0.9" },
        });
      },
    },
    {
      name: "a group of endpoints leads there, which has no address",
      apply({ googleNetwork }, { project, region }) {
        const name = `projects/${project}/regions/${region}/networkEndpointGroups/out`;
        googleNetwork.joins.push({ name, kind: "endpoint", to: attachmentOf("vendor-ops", region, "management") });
      },
    },
    {
      name: "machines of somebody's may have interfaces in the network",
      apply({ googleNetwork }, { project, region }) {
        const name = `projects/${project}/regions/${region}/networkAttachments/in`;
        googleNetwork.joins.push({ name, kind: "interface", to: "nobody yet" });
      },
    },
    {
      name: "the network is a spoke of a hub",
      apply({ googleNetwork }) {
        const to = "projects/acme-net/locations/global/hubs/all";
        googleNetwork.joins.push({ name: "ncc-subnet-route-1", kind: "hub", to });
      },
    },
    {
      name: "the cluster's API is offered by a service attachment, to nobody yet",
      apply({ googleNetwork }, { project, region }) {
        googleNetwork.attachments.push({
          ...{ name: attachmentOf(project, region, "api"), preference: "ACCEPT_MANUAL" },
          ...{ accepted: [], connections: [], schemes: ["INTERNAL_MANAGED"] },
        });
      },
    },
    ...tunnelSabotages,
  ],
});

/** Whoever's the other side is: a network of the same project's may be joined with the vendor's in its turn. */
function judgeLinks({ googleNetwork, googleCluster }: Pick<Facts, "googleNetwork" | "googleCluster">): Finding[] {
  const { name, peerings, tunnels, joins, attachments } = googleNetwork;
  // By it the nodes reach the API, which Google runs in a network of its own.
  const isApi = ({ address }: { address?: string }) =>
    address !== undefined && googleCluster.endpoints.includes(address);
  const found = [
    ...peerings.map((peering) => fail(`peering ${peering.name}`, `joins ${peering.network}`)),
    ...tunnels.map((tunnel) => fail(tunnel, "leads to a network elsewhere")),
    ...joins.filter((join) => !isApi(join)).map((join) => fail(join.name, `${join.kind}: ${join.to}`)),
    ...attachments.map((attachment) => fail(attachment.name, "offers a way in")),
  ];
  const api = joins.find(isApi);
  const except = api ? `; ${api.name} is its own API's` : "";
  return found.length > 0 ? found : [pass(name, `joined with no other${except}`)];
}
