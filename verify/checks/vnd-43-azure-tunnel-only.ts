import { defineAzureCheck } from "../check.ts";
import { sameId, subscriptionOf } from "../collect/azure/places.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import type { AzureTarget } from "../target.ts";
import { judgeTunnel, tunnelFacts, tunnelSabotages } from "./tunnel-alone.ts";

const linkService = "/subscriptions/vendor/resourceGroups/g/providers/Microsoft.Network/privateLinkServices/management";

/** That nobody has access is VND-41's matter; here: by which connection anything of the vendor's could come at all. */
export const azureTunnelIsTheOnlyConnection = defineAzureCheck({
  id: "VND-43",
  title: "Self-managed: the tunnel is the only connection: no network is joined with the plane's, by whichever means",
  severity: "critical",
  claims: ["model-sm-tunnel-only"],
  documented: [],
  fix: "Remove the peering, gateway, endpoint, connection or service; let nobody but the tunnel read its identity.",
  needs: ["azureNetwork", "azureCluster", ...tunnelFacts],
  notApplicable: ({ model }) =>
    model === "byoc" ? "BYOC: the vendor manages the cluster by a private link besides, as NET-43 decides" : undefined,
  evaluate: (facts, target) => [...judgeLinks(facts, target), ...judgeTunnel(facts, target)],
  sabotages: [
    {
      name: "the network is peered with another one, of the same subscription",
      apply({ azureNetwork }, target) {
        const network = `${subscriptionOf(target)}/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/other`;
        azureNetwork.peerings.push({ name: "other", network, state: "Connected" });
      },
    },
    {
      name: "a gateway leads to a network elsewhere",
      apply({ azureNetwork }) {
        azureNetwork.gateways.push(`${azureNetwork.id}/subnets/GatewaySubnet`);
      },
    },
    {
      name: "the first endpoint leads to somebody's Private Link service",
      apply: ({ azureNetwork }) => put(azureNetwork, { to: linkService, at: "first" }),
    },
    {
      name: "the last one waits for what only an alias names",
      apply: ({ azureNetwork }) =>
        put(azureNetwork, { to: "management.6f1c.westeurope.azure.privatelinkservice", at: "last", state: "Pending" }),
    },
    {
      name: "an endpoint leads to a Private Link service of the same subscription",
      apply: ({ azureNetwork }, { subscription }) =>
        put(azureNetwork, { to: linkService.replace("vendor", subscription), at: "last" }),
    },
    {
      name: "an endpoint of a network elsewhere is let in to the API",
      apply({ azureCluster }, target) {
        const endpoint = `${subscriptionOf(target)}/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/other`;
        azureCluster.connections.push({ name: "other.1", state: "Approved", endpoint });
      },
    },
    {
      name: "somebody who does not say who waits before the API",
      apply({ azureCluster }) {
        azureCluster.connections.unshift({ name: "x.1", state: "Pending", endpoint: "" });
      },
    },
    {
      name: "another tenant's manager joins networks of the subscription",
      apply({ azureNetwork }) {
        const manager = "/subscriptions/vendor/resourceGroups/g/providers/Microsoft.Network/networkManagers/all";
        azureNetwork.managers.push({ id: "connection", manager, state: "Connected" });
      },
    },
    {
      name: "a Private Link service offers a way in, to nobody yet",
      apply({ azureNetwork }) {
        azureNetwork.linkServices.push({ id: linkService, visibleTo: [], connections: [] });
      },
    },
    ...tunnelSabotages,
  ],
});

type Network = Facts["azureNetwork"];
type Seen = Pick<Facts, "azureNetwork" | "azureCluster">;

/** Whoever's the other side is: a network of the same subscription's may be joined with the vendor's in its turn. */
function judgeLinks({ azureNetwork, azureCluster }: Seen, target: AzureTarget): Finding[] {
  const { id, peerings, gateways, endpoints, managers, linkServices } = azureNetwork;
  const own = `${subscriptionOf(target)}/`.toLowerCase();
  // What Azure itself serves, of the customer's: its own API's end, a store's, a vault's.
  const isOwnService = (to: string) =>
    to.toLowerCase().startsWith(own) && !/\/providers\/microsoft\.network\/privatelinkservices\//i.test(to);
  // By it the nodes reach the API, which Azure runs in a network of its own.
  const isOfNodes = (endpoint: string) => endpoints.some((one) => sameId(one.id, endpoint));
  const found = [
    ...peerings.map((peering) => fail(`peering ${peering.name}`, `joins ${peering.network}`)),
    ...gateways.map((subnet) => fail(subnet, "leads to a network elsewhere")),
    ...endpoints.flatMap((endpoint) =>
      endpoint.services
        .filter(({ to }) => !isOwnService(to))
        .map(({ to, state }) => fail(endpoint.id, `leads to ${to} (${state}), which is no service of Azure's own`)),
    ),
    ...azureCluster.connections
      .filter(({ state, endpoint }) => state !== "Rejected" && !isOfNodes(endpoint))
      .map(({ name, state, endpoint }) =>
        fail(`connection ${name} of the API`, `of ${endpoint || "whoever asked"} is ${state}`),
      ),
    ...managers.map((one) => fail(one.id, `lets ${one.manager} join networks (${one.state})`)),
    ...linkServices.map((service) => fail(service.id, "offers a way in")),
  ];
  const services = endpoints.flatMap((endpoint) => endpoint.services.map(({ to }) => to)).join(", ") || "none";
  return found.length > 0 ? found : [pass(id, `joined with no other; endpoints of Azure's: ${services}`)];
}

/** A sabotage: one more end of somebody's service in the network. */
function put(
  { id, endpoints }: Network,
  { to, at, state = "Approved" }: { to: string; at: "first" | "last"; state?: string },
): undefined {
  const endpoint = { id: `${id}-endpoints/out`, services: [{ to, state }] };
  if (at === "first") endpoints.unshift(endpoint);
  else endpoints.push(endpoint);
}
