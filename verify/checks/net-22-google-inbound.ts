import { defineGoogleCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { liesWithin } from "../reason/cidr.ts";

/** Tags and accounts name instances of the network itself. */
const inside = /^(tag|account) /;

export const noGoogleInbound = defineGoogleCheck({
  id: "NET-22",
  title: "No firewall rule and no balancer lets anything outside the network into the cluster",
  severity: "critical",
  claims: ["net-no-inbound-firewall-rules"],
  documented: [],
  fix: "Remove the rule or the balancer: the tunnel dials out, and nothing needs a way in.",
  needs: ["googleNetwork", "googleCluster", "services"],
  evaluate({ googleNetwork, googleCluster, services }) {
    const { name, rules, openBalancers, ranges } = googleNetwork;
    const own = [...ranges, ...(googleCluster.masterRange ? [googleCluster.masterRange] : [])];
    const letting = rules.filter(({ enabled, direction, allows }) => enabled && allows && direction === "INGRESS");
    const open = googleCluster.nodePools.filter(({ privateNodes }) => !privateNodes);
    return [
      ...open.map((pool) => fail(`pool ${pool.name}`, "its nodes have addresses on the internet")),
      ...letting.map((rule): Finding => {
        const subject = `firewall rule ${rule.name}`;
        // A rule without a source lets in everybody.
        const sources = rule.sources.length > 0 ? rule.sources : ["0.0.0.0/0"];
        const outside = sources.find((source) => !inside.test(source) && !liesWithin(source, own));
        return outside === undefined
          ? pass(subject, `admits ${sources.join(", ")}`)
          : fail(subject, `admits ${outside} to ${rule.ports.join("; ") || "all"}`);
      }),
      ...openBalancers.map((balancer) => fail(balancer.name, `answers at ${balancer.address}`)),
      ...services
        .filter(({ spec }) => spec?.type === "LoadBalancer")
        .map(({ metadata }) =>
          fail(`Service/${metadata?.namespace}/${metadata?.name}`, "a balancer opens a way into the network"),
        ),
      pass(name, `${rules.length} rules, ${letting.length} of them let in`),
    ];
  },
  sabotages: [
    {
      name: "a rule lets the internet in, last of its sources",
      apply({ googleNetwork }) {
        googleNetwork.rules.push(rule({ sources: ["10.40.0.0/18", "0.0.0.0/0"] }));
      },
    },
    {
      name: "by IPv6 only",
      apply({ googleNetwork }) {
        googleNetwork.rules.unshift(rule({ sources: ["::/0"] }));
      },
    },
    {
      name: "a rule names no source",
      apply({ googleNetwork }) {
        googleNetwork.rules.push(rule({ sources: [] }));
      },
    },
    {
      name: "a policy above lets a country in",
      apply({ googleNetwork }) {
        googleNetwork.rules.push(rule({ name: "organizations/1#1000", sources: ["country NL"] }));
      },
    },
    {
      name: "a balancer of the project answers on the internet",
      apply({ googleNetwork }) {
        const name = "projects/acme-data/regions/europe-west4/forwardingRules/open";
        googleNetwork.openBalancers.push({ name, address: "203.0.113.9" });
      },
    },
    {
      name: "the last pool's nodes have public addresses",
      apply({ googleCluster }) {
        for (const pool of googleCluster.nodePools.slice(-1)) pool.privateNodes = false;
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

function rule(changes: { name?: string; sources: string[] }) {
  return { name: "open", enabled: true, direction: "INGRESS", allows: true, ports: ["tcp 443"], ...changes };
}
