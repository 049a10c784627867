import { defineCheck } from "../check.ts";
import type { NetworkFact } from "../facts-account.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { liesWithin } from "../reason/cidr.ts";

/** Follows groups that are let in to their own rules: a balancer's open group is as open as the node's own. */
export const noInboundRules = defineCheck({
  id: "NET-02",
  title: "No firewall rule lets anything outside the network into the cluster",
  severity: "critical",
  claims: ["net-no-inbound-firewall-rules"],
  documented: [],
  fix: "Remove the ingress rule: the tunnel dials out, and nothing needs a way in.",
  needs: ["network", "services"],
  evaluate({ network, services }, target) {
    return [
      ...judgeGroups(network, target.account),
      ...services
        .filter(({ spec }) => spec?.type === "LoadBalancer")
        .map(({ metadata }) =>
          fail(`Service/${metadata?.namespace}/${metadata?.name}`, "a balancer opens a way into the network"),
        ),
    ];
  },
  sabotages: [
    {
      name: "the last rule of the cluster's group lets the internet in",
      apply({ network }) {
        const group = network.securityGroups.find(({ id }) => network.clusterGroupIds.includes(id));
        group?.ingress.push({ protocol: "tcp", ports: "443", sources: ["10.40.0.0/16", "0.0.0.0/0"] });
      },
    },
    {
      name: "by IPv6 only",
      apply({ network }) {
        const group = network.securityGroups.find(({ id }) => network.clusterGroupIds.includes(id));
        group?.ingress.unshift({ protocol: "-1", ports: "all", sources: ["::/0"] });
      },
    },
    {
      name: "a group that is let in lets the internet in",
      apply({ network }, target) {
        const group = network.securityGroups.find(({ id }) => network.clusterGroupIds.includes(id));
        group?.ingress.push({ protocol: "tcp", ports: "443", sources: [`${target.account}/sg-balancer`] });
        network.securityGroups.push({
          id: "sg-balancer",
          name: "balancer",
          ingress: [{ protocol: "tcp", ports: "443", sources: ["0.0.0.0/0"] }],
        });
      },
    },
    {
      name: "another account's group is let in",
      apply({ network }) {
        const group = network.securityGroups.find(({ id }) => network.clusterGroupIds.includes(id));
        group?.ingress.push({ protocol: "tcp", ports: "443", sources: ["999999999999/sg-vendor"] });
      },
    },
    {
      name: "a node carries a group that cannot be read",
      apply({ network }) {
        network.clusterGroupIds.push("sg-elsewhere");
      },
    },
    {
      name: "a Service asks for a balancer",
      apply(facts) {
        facts.services.push({ metadata: { namespace: "stranger", name: "open" }, spec: { type: "LoadBalancer" } });
      },
    },
  ],
});

function judgeGroups({ securityGroups, clusterGroupIds, cidrs }: NetworkFact, account: string): Finding[] {
  const seen = new Set<string>();
  const findings: Finding[] = [];
  for (const queue = [...clusterGroupIds]; queue.length > 0; ) {
    const id = queue.shift() ?? "";
    if (seen.has(id)) continue;
    seen.add(id);
    const group = securityGroups.find((one) => one.id === id);
    if (!group) {
      findings.push(fail(`security group ${id}`, "is not a group of the cluster's network"));
      continue;
    }
    const sources = group.ingress.flatMap((rule) => rule.sources.map((source) => ({ ...rule, source })));
    const outside = sources.find(({ source }) => !isOwnGroup(source, account) && !liesWithin(source, cidrs));
    if (outside) {
      findings.push(fail(`security group ${id}`, `admits ${outside.source} to ${outside.protocol} ${outside.ports}`));
      continue;
    }
    queue.push(...sources.flatMap(({ source }) => (isOwnGroup(source, account) ? (source.split("/")[1] ?? "") : [])));
    findings.push(
      pass(
        `security group ${id}`,
        `${group.name} admits ${sources.map(({ source }) => source).join(", ") || "nobody"}`,
      ),
    );
  }
  return findings;
}

function isOwnGroup(source: string, account: string): boolean {
  return source.startsWith(`${account}/sg-`);
}
