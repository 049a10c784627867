import { defineCheck } from "../check.ts";
import type { NetworkFact, SecurityGroupFact } from "../facts-account.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { liesWithin } from "../reason/cidr.ts";

/**
 * Follows groups that are let in to their own rules: a balancer's open group is as open as the node's own. Where they let
 * in addresses of the network, so they let in what the internet finds there.
 */
export const noInboundRules = defineCheck({
  id: "NET-02",
  title: "No firewall rule and no balancer lets anything outside the network into the cluster",
  severity: "critical",
  claims: ["net-no-inbound-firewall-rules"],
  documented: [],
  fix: "Remove the ingress rule or the balancer: the tunnel dials out, and nothing needs a way in.",
  needs: ["network", "services"],
  evaluate({ network, services }, target) {
    const { account } = target;
    const { reaching, findings } = groupsThatReach(network, account);
    return [
      ...findings,
      ...network.openings.map((opening) => judgeOpening(opening, network, { reaching, account })),
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
      name: "a balancer that lets the internet in stands in the network, whose addresses the cluster lets in",
      apply({ network }) {
        openBalancer(network);
        admit(network, network.cidrs[0] ?? "");
      },
    },
    {
      name: "the cluster lets in the second group of a balancer, whose first lets the internet in",
      apply({ network }, { account }) {
        network.securityGroups.push({ id: "sg-to-nodes", name: "to-nodes", ingress: [] });
        openBalancer(network, "sg-to-nodes");
        admit(network, `${account}/sg-to-nodes`);
      },
    },
    {
      name: "a balancer without a group reaches a proxy that the cluster lets in",
      apply({ network }, { account }) {
        const ingress = [{ protocol: "tcp", ports: "80", sources: network.cidrs.slice(0, 1) }];
        network.securityGroups.push({ id: "sg-proxy", name: "proxy", ingress });
        network.openings.push({ ...balancer, groupIds: [] });
        admit(network, `${account}/sg-proxy`);
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

/** A group's rules, one a source. */
type Source = SecurityGroupFact["ingress"][number] & { source: string };

/** Every group whose members reach the cluster, step by step, from the cluster's own. */
function groupsThatReach({ securityGroups, clusterGroupIds, cidrs }: NetworkFact, account: string) {
  const reaching = new Map<string, Source[]>();
  const findings: Finding[] = [];
  for (const queue = [...clusterGroupIds]; queue.length > 0; ) {
    const id = queue.shift() ?? "";
    if (reaching.has(id)) continue;
    const group = securityGroups.find((one) => one.id === id);
    const sources = sourcesOf(group);
    reaching.set(id, sources);
    if (!group) {
      findings.push(fail(`security group ${id}`, "is not a group of the cluster's network"));
      continue;
    }
    const outside = fromOutside(sources, cidrs, account);
    if (outside) {
      findings.push(fail(`security group ${id}`, `admits ${tell(outside)}`));
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
  return { reaching, findings };
}

/** What the internet finds comes from an address within the network, or by whichever of its groups is let in. */
function judgeOpening(
  { name, address, groupIds }: NetworkFact["openings"][number],
  { securityGroups, cidrs }: NetworkFact,
  { reaching, account }: { reaching: ReadonlyMap<string, Source[]>; account: string },
): Finding {
  const groups = groupIds.map((id) => ({ id, group: securityGroups.find((one) => one.id === id) }));
  const open = groups.find(({ group }) => !group || fromOutside(sourcesOf(group), cidrs, account));
  // What has no group refuses nobody.
  if (groups.length > 0 && !open) return pass(name, `answers at ${address}, and admits nobody from outside`);
  const own = groupIds.find((id) => reaching.has(id));
  const [byAddress, admitted] =
    [...reaching].flatMap(([id, sources]) => {
      const within = sources.find(({ source }) => !isOwnGroup(source, account));
      return within ? [[id, within] as const] : [];
    })[0] ?? [];
  const from = open ? `${open.id} lets the internet in` : "nothing refuses whoever comes";
  if (own !== undefined) return fail(name, `answers at ${address}: ${from}, and its group ${own} reaches the cluster`);
  if (admitted) return fail(name, `answers at ${address}: ${from}, and ${byAddress} admits ${tell(admitted)}`);
  return pass(name, `answers at ${address}, and no group lets it reach the cluster`);
}

function sourcesOf(group: SecurityGroupFact | undefined): Source[] {
  return (group?.ingress ?? []).flatMap((rule) => rule.sources.map((source) => ({ ...rule, source })));
}

function fromOutside(sources: readonly Source[], cidrs: readonly string[], account: string): Source | undefined {
  return sources.find(({ source }) => !isOwnGroup(source, account) && !liesWithin(source, cidrs));
}

function tell({ source, protocol, ports }: Source): string {
  return `${source} to ${protocol} ${ports}`;
}

function isOwnGroup(source: string, account: string): boolean {
  return source.startsWith(`${account}/sg-`);
}

/** With a group of its own that lets the internet in. */
function openBalancer(network: NetworkFact, ...more: string[]): void {
  network.securityGroups.push({
    id: "sg-front",
    name: "front",
    ingress: [{ protocol: "tcp", ports: "443", sources: ["10.40.0.0/16", "0.0.0.0/0"] }],
  });
  network.openings.push({ ...balancer, groupIds: ["sg-front", ...more] });
}

const balancer = {
  name: "arn:aws:elasticloadbalancing:us-east-2:222222222222:loadbalancer/app/front/1",
  address: "front-1.us-east-2.elb.amazonaws.com",
};

function admit(network: NetworkFact, ...sources: string[]): void {
  const group = network.securityGroups.find(({ id }) => network.clusterGroupIds.includes(id));
  group?.ingress.push({ protocol: "tcp", ports: "8080", sources });
}
