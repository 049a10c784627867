import { defineAzureCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";

export const azureManagementIsPrivate = defineAzureCheck({
  id: "NET-43",
  title:
    "BYOC: the vendor reaches the Kubernetes API by the cluster's Private Link, which lets exactly its connections in",
  severity: "critical",
  claims: ["net-byoc-private-management"],
  documented: [],
  fix: "Set privateLink.approved of the customer's base stack, and reject every other connection.",
  needs: ["azureCluster", "azureNetwork"],
  notApplicable: ({ model }) =>
    model === "self-managed" ? "self-managed: no connection of the vendor's is let in, as VND-41 decides" : undefined,
  evaluate({ azureCluster, azureNetwork }, { management }): Finding[] {
    const { id, privateApi, connections } = azureCluster;
    const wanted = management?.connections ?? [];
    const approved = connections.filter(({ state }) => state === "Approved");
    return [
      privateApi ? pass(id, "private") : fail(id, "the API has an address on the internet, and needs no connection"),
      ...wanted.map((name) =>
        approved.some((one) => one.name === name)
          ? pass(`connection ${name}`, "approved")
          : fail(`connection ${name}`, "is not let in: the vendor cannot reach the API"),
      ),
      ...(wanted.length === 0 ? [fail("management", "the target names no connection of the vendor's")] : []),
      ...approved
        // Within the customer's own subscription stands the end by which the nodes come.
        .filter(({ name, endpoint }) => !wanted.includes(name) && !isOwn(endpoint, id))
        .map(({ name, endpoint }) =>
          fail(`connection ${name}`, `${endpoint || "whoever asked"} is let in, and is not on the list`),
        ),
      ...azureNetwork.linkServices.map(({ id: service, visibleTo }) =>
        fail(service, `a second way in, offered to ${visibleTo.join(", ") || "nobody yet"}`),
      ),
    ];
  },
  sabotages: [
    {
      name: "the connection is gone",
      apply({ azureCluster }) {
        azureCluster.connections = [];
      },
    },
    {
      name: "it waits to be approved",
      apply({ azureCluster }) {
        for (const connection of azureCluster.connections) connection.state = "Pending";
      },
    },
    {
      name: "a stranger's is approved too",
      apply({ azureCluster }) {
        const endpoint = "/subscriptions/stranger/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/e";
        azureCluster.connections.push({ name: "stranger.1", state: "Approved", endpoint });
      },
    },
    {
      name: "the API is public, whatever is connected",
      apply({ azureCluster }) {
        azureCluster.privateApi = false;
      },
    },
    {
      name: "a Private Link service offers a second way",
      apply({ azureNetwork }) {
        const id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateLinkServices/second";
        azureNetwork.linkServices.push({ id, visibleTo: ["vendor"], connections: [] });
      },
    },
  ],
});

const subscription = (id: string) => /^\/subscriptions\/([^/]+)\//i.exec(id)?.[1]?.toLowerCase();

export function isOwn(endpoint: string, cluster: string): boolean {
  return endpoint !== "" && subscription(endpoint) === subscription(cluster);
}
