import { defineCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { judgeTunnel, tunnelFacts, tunnelSabotages } from "./tunnel-alone.ts";

/** Of AWS itself; `com.amazonaws.vpce.…` is somebody's own, behind a private link. */
const isOfAws = (service: string) => /^(?:com|aws)\.(?:amazonaws|api)\.(?!vpce\.)/.test(service);
const isGone = (state: string) => /^(deleted|deleting|expired|failed|rejected)$/i.test(state);

/**
 * That nobody has access is VND-01's matter. Here: by which connection anything of the vendor's could come at all. No
 * other network is joined, and only the tunnel's pods can say that they are this plane.
 */
export const tunnelIsTheOnlyConnection = defineCheck({
  id: "VND-03",
  title: "Self-managed: the tunnel is the only connection: no network is joined with the plane's, by whichever means",
  severity: "critical",
  claims: ["model-sm-tunnel-only"],
  documented: [],
  fix: "Remove the peering, attachment, VPN, endpoint or endpoint service; let nobody but the tunnel read its identity.",
  needs: ["network", ...tunnelFacts],
  notApplicable: ({ model }) =>
    model === "byoc" ? "BYOC: the vendor manages the cluster by a private link besides, as NET-03 decides" : undefined,
  evaluate: (facts, target) => [...judgeLinks(facts), ...judgeTunnel(facts, target)],
  sabotages: [
    {
      name: "the network is peered with another one, of the same account",
      apply({ network }, { account }) {
        network.peerings.push({ id: "pcx-1", owners: [account, account], state: "active" });
      },
    },
    {
      name: "it is attached to a transit gateway",
      apply({ network }, { account }) {
        network.transits.push({ id: "tgw-attach-1", gatewayOwner: account, state: "available" });
      },
    },
    {
      name: "a VPN ends in the account",
      apply({ network }) {
        network.vpns.push({ id: "vpn-1", state: "available" });
      },
    },
    {
      name: "the last endpoint leads to somebody's private link",
      apply({ network }) {
        const service = "com.amazonaws.vpce.us-east-2.vpce-svc-0vendor";
        network.endpoints.push({ id: "vpce-9", service, state: "available" });
      },
    },
    {
      name: "the cluster's API is offered by an endpoint service, to nobody yet",
      apply({ network }) {
        const offered = { acceptanceRequired: true, balancers: [], principals: [], connections: [] };
        network.endpointServices.push({ id: "vpce-svc-1", state: "Available", ...offered });
      },
    },
    ...tunnelSabotages,
  ],
});

/** Whoever's the other side is: a network of the same account's may be joined with the vendor's in its turn. */
function judgeLinks({ network }: Pick<Facts, "network">): Finding[] {
  const { vpcId, peerings, transits, vpns, endpoints, endpointServices } = network;
  const there = <T extends { state: string }>(all: T[]) => all.filter(({ state }) => !isGone(state));
  const own = there(endpoints).filter(({ service }) => isOfAws(service));
  const found = [
    ...there(peerings).map(({ id, owners }) => fail(`peering ${id}`, `joins the networks of ${owners.join(" and ")}`)),
    ...there(transits).map(({ id, gatewayOwner }) =>
      fail(`attachment ${id}`, `to a transit gateway of ${gatewayOwner}`),
    ),
    ...there(vpns).map(({ id, state }) => fail(`VPN connection ${id}`, `is ${state}`)),
    ...there(endpoints)
      .filter((one) => !own.includes(one))
      .map(({ id, service }) => fail(`endpoint ${id}`, `leads to ${service}, which is no service of AWS's own`)),
    ...there(endpointServices).map(({ id }) => fail(`endpoint service ${id}`, "offers a way in")),
  ];
  const services = own.map(({ service }) => service.split(".").at(-1)).join(", ") || "none";
  return found.length > 0 ? found : [pass(`network ${vpcId}`, `joined with no other; endpoints of AWS's: ${services}`)];
}
