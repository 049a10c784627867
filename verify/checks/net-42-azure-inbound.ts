import { defineAzureCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { liesWithin } from "../reason/cidr.ts";

/** Azure's own words for places inside; its other words, such as Internet, are no networks and so lie in none. A balancer's probes come from the host itself. */
const inside = /^(VirtualNetwork|AzureLoadBalancer|group .+)$/i;

export const noAzureInbound = defineAzureCheck({
  id: "NET-42",
  title: "No rule, address or balancer lets anything outside the network into the cluster",
  severity: "critical",
  claims: ["net-no-inbound-firewall-rules"],
  documented: [],
  fix: "Remove the rule or the address: the tunnel dials out, and nothing needs a way in.",
  needs: ["azureNetwork", "azureCluster", "services"],
  evaluate({ azureNetwork, azureCluster, services }) {
    const { id, rules, ranges, subnets, openAddresses } = azureNetwork;
    const letting = rules.filter(({ inbound, allows }) => inbound && allows);
    const used = new Set(azureCluster.pools.map(({ subnet }) => subnet.toLowerCase()));
    const nodes = subnets.filter((subnet) => used.has(subnet.id.toLowerCase()));
    return [
      ...azureCluster.pools
        .filter(({ publicAddresses }) => publicAddresses)
        .map((pool) => fail(`pool ${pool.name}`, "its nodes have addresses on the internet")),
      ...(nodes.length === 0 ? [fail(id, "has none of the nodes' subnets")] : []),
      ...nodes.map((subnet): Finding => {
        if (subnet.rules === undefined) return fail(subnet.id, "nothing refuses what comes in");
        return subnet.defaultOutbound && !subnet.nat
          ? fail(subnet.id, "leaves by whatever address Azure gives")
          : pass(subnet.id, `behind ${subnet.rules}`);
      }),
      ...letting.map((rule): Finding => {
        const subject = `rule ${rule.name}`;
        // A rule without a source lets in everybody.
        const sources = rule.sources.length > 0 ? rule.sources : ["*"];
        const outside = sources.find((source) => !inside.test(source) && !liesWithin(source, ranges));
        return outside === undefined
          ? pass(subject, `admits ${sources.join(", ")}`)
          : fail(subject, `admits ${outside} to ${rule.ports}`);
      }),
      ...openAddresses.map(({ id: address, address: at, at: what }) => fail(address, `${what} answers at ${at}`)),
      ...services
        .filter(({ spec }) => spec?.type === "LoadBalancer")
        .map(({ metadata }) =>
          fail(`Service/${metadata?.namespace}/${metadata?.name}`, "a balancer opens a way into the network"),
        ),
      pass(id, `${rules.length} rules, ${letting.length} of them let in`),
    ];
  },
  sabotages: [
    {
      name: "a rule lets the internet in, last of its sources",
      apply({ azureNetwork }) {
        azureNetwork.rules.push(rule(["10.40.0.0/18", "Internet"]));
      },
    },
    {
      name: "by IPv6 only",
      apply({ azureNetwork }) {
        azureNetwork.rules.unshift(rule(["::/0"]));
      },
    },
    {
      name: "a rule names no source",
      apply({ azureNetwork }) {
        azureNetwork.rules.push(rule([]));
      },
    },
    {
      name: "a service of Azure's, which anybody may rent, is let in",
      apply({ azureNetwork }) {
        azureNetwork.rules.push(rule(["AzureCloud"]));
      },
    },
    {
      name: "something of the subscription answers on the internet",
      apply({ azureNetwork }) {
        const id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/publicIPAddresses/open";
        azureNetwork.openAddresses.push({ id, address: "203.0.113.9", at: "loadBalancers/kubernetes" });
      },
    },
    {
      name: "the nodes' subnet has no walls",
      apply({ azureNetwork }) {
        for (const subnet of azureNetwork.subnets) delete subnet.rules;
      },
    },
    {
      name: "the last pool's nodes have public addresses",
      apply({ azureCluster }) {
        for (const pool of azureCluster.pools.slice(-1)) pool.publicAddresses = true;
      },
    },
    {
      name: "a Service asks for a balancer",
      apply({ services }) {
        services.push({ metadata: { namespace: "stranger", name: "open" }, spec: { type: "LoadBalancer" } });
      },
    },
  ],
});

function rule(sources: string[]) {
  return { name: "walls/open", priority: 100, inbound: true, allows: true, ports: "tcp 443", sources };
}
