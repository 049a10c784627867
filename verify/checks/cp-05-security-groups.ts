import { defineRegionCheck } from "../check.ts";
import type { BalancerFact, SecurityGroupFact, SecurityRule } from "../facts-region.ts";
import { type Finding, fail, pass } from "../outcome.ts";

const databasePort = 5432;
const edgePort = 443;

/** Networks this large are everybody, or soon become it: halves of the internet are two rules. */
const wide = { v4: 8, v6: 16 };

export const restrictedSecurityGroups = defineRegionCheck({
  id: "CP-05",
  title: "The database admits PostgreSQL from the nodes only, and nothing but the edge's port admits the internet",
  severity: "critical",
  claims: ["cp-restricted-security-groups"],
  documented: [],
  fix: "Remove the rule; the region's stack makes every rule that its services need.",
  needs: ["regionSecurityGroups", "regionDatabases", "regionCluster", "regionBalancers"],
  evaluate({ regionSecurityGroups, regionDatabases, regionCluster, regionBalancers }) {
    const nodes = regionCluster.securityGroupId;
    const guarding = new Set(regionDatabases.flatMap(({ securityGroupIds }) => securityGroupIds));
    const missing = [...guarding].filter((id) => !regionSecurityGroups.some((group) => group.id === id));
    const unguarded = regionDatabases.filter(({ securityGroupIds }) => securityGroupIds.length === 0);
    return [
      ...missing.map((id) => fail(id, "guards the database and was not found")),
      ...unguarded.map(({ arn }) => fail(arn, "has no security group")),
      ...regionSecurityGroups
        .filter(({ id, vpcId }) => guarding.has(id) || vpcId === regionCluster.vpcId)
        .map((group) => (guarding.has(group.id) ? judgeDatabase(group, nodes) : judgeOther(group, regionBalancers))),
    ];
  },
  sabotages: [
    {
      name: "the database's last group admits a network",
      apply: ({ regionSecurityGroups, regionDatabases }) =>
        admit(regionSecurityGroups, regionDatabases.at(-1)?.securityGroupIds.at(-1), { networks: ["10.0.0.0/8"] }),
    },
    {
      name: "the database's first group admits every port from the nodes",
      apply: ({ regionSecurityGroups, regionDatabases, regionCluster }) =>
        admit(regionSecurityGroups, regionDatabases.at(0)?.securityGroupIds.at(0), {
          protocol: "-1",
          fromPort: -1,
          toPort: -1,
          groupId: regionCluster.securityGroupId,
        }),
    },
    {
      name: "the database's group admits another group",
      apply: ({ regionSecurityGroups, regionDatabases }) =>
        admit(regionSecurityGroups, regionDatabases.at(-1)?.securityGroupIds.at(-1), { groupId: "sg-strange" }),
    },
    {
      name: "the nodes admit SSH from anywhere",
      apply: ({ regionSecurityGroups, regionCluster }) =>
        admit(regionSecurityGroups, regionCluster.securityGroupId, {
          fromPort: 22,
          toPort: 22,
          networks: ["192.0.2.0/24", "::/0"],
        }),
    },
    {
      name: "the nodes admit both halves of the internet",
      apply: ({ regionSecurityGroups, regionCluster }) =>
        admit(regionSecurityGroups, regionCluster.securityGroupId, {
          fromPort: edgePort,
          toPort: edgePort,
          networks: ["0.0.0.0/1", "128.0.0.0/1"],
        }),
    },
    {
      name: "the edge admits every port",
      apply: ({ regionSecurityGroups, regionBalancers }) =>
        admit(regionSecurityGroups, regionBalancers.at(-1)?.securityGroupIds.at(-1), {
          fromPort: 0,
          toPort: 65_535,
          networks: ["0.0.0.0/0"],
        }),
    },
  ],
});

function admit(groups: SecurityGroupFact[], id: string | undefined, rule: Partial<SecurityRule>): undefined | false {
  const group = groups.find((candidate) => candidate.id === id);
  if (!group) return false;
  const port = { protocol: "tcp", fromPort: databasePort, toPort: databasePort };
  group.rules.push({ id: "sgr-sabotage", direction: "in", networks: [], ...port, ...rule });
  return undefined;
}

function judgeDatabase({ id, rules }: SecurityGroupFact, nodes: string): Finding {
  const incoming = rules.filter(({ direction }) => direction === "in");
  const stranger = incoming.find(
    (rule) =>
      nodes === "" ||
      rule.groupId !== nodes ||
      rule.networks.length > 0 ||
      rule.protocol !== "tcp" ||
      rule.fromPort !== databasePort ||
      rule.toPort !== databasePort,
  );
  if (stranger) return fail(id, `guards the database and admits ${describe(stranger)}`);
  return pass(id, `guards the database: ${incoming.map(describe).join(", ") || "admits nobody"}`);
}

function judgeOther({ id, name, rules }: SecurityGroupFact, balancers: BalancerFact[]): Finding {
  const isEdge = balancers.some((balancer) => !balancer.internal && balancer.securityGroupIds.includes(id));
  const open = rules.find(
    (rule) =>
      rule.direction === "in" &&
      rule.networks.some(isWide) &&
      !(isEdge && rule.protocol === "tcp" && rule.fromPort === edgePort && rule.toPort === edgePort),
  );
  if (open) return fail(id, `${name} admits ${describe(open)}`);
  const incoming = rules.filter(({ direction }) => direction === "in");
  return pass(id, `${name}: ${incoming.map(describe).join("; ").slice(0, 200) || "admits nobody"}`);
}

function isWide(network: string): boolean {
  const [address = "", length] = network.split("/");
  return Number(length ?? 0) < (address.includes(":") ? wide.v6 : wide.v4);
}

function describe({ id, protocol, fromPort, toPort, networks, groupId }: SecurityRule): string {
  const ports = fromPort === toPort ? fromPort : `${fromPort}-${toPort}`;
  return `${protocol === "-1" ? "everything" : `${protocol} ${ports}`} from ${[groupId, ...networks].filter(Boolean).join(", ")} (${id})`;
}
