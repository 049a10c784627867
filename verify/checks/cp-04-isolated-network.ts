import { defineRegionCheck } from "../check.ts";
import type { SubnetFact } from "../facts-region.ts";
import { type Finding, fail, pass } from "../outcome.ts";

export const isolatedNetwork = defineRegionCheck({
  id: "CP-04",
  title: "Database and nodes stand in private subnets of the region's own network; the database has no way out at all",
  severity: "high",
  claims: ["cp-vpc-isolated"],
  documented: [],
  fix: "Place the database in isolated subnets and the nodes in private ones, as the region's stack does.",
  needs: ["regionDatabases", "regionCluster", "regionSubnets"],
  evaluate({ regionDatabases, regionCluster, regionSubnets }) {
    const judge = (owner: string, id: string, isAllowed: (way: string) => boolean) =>
      judgeSubnet(owner, id, regionSubnets, regionCluster.vpcId, isAllowed);
    return [
      ...regionDatabases.flatMap((database) => [
        database.public ? fail(database.arn, "has a public address") : pass(database.arn, "has no public address"),
        ...database.subnetIds.map((id) => judge(database.identifier, id, () => false)),
      ]),
      ...regionCluster.nodeGroups.flatMap(({ name, subnetIds }) =>
        subnetIds.map((id) => judge(`nodes ${name}`, id, (way) => way.startsWith("nat-"))),
      ),
      ...(regionCluster.nodeGroups.length > 0
        ? []
        : [fail(regionCluster.arn, "no node group tells where its nodes are")]),
      regionCluster.publicEndpoint
        ? fail(regionCluster.arn, "the Kubernetes API answers the internet")
        : pass(regionCluster.arn, "the Kubernetes API answers inside the network only"),
    ];
  },
  sabotages: [
    {
      name: "the last database has a public address",
      apply({ regionDatabases }) {
        const last = regionDatabases.at(-1);
        if (last) last.public = true;
      },
    },
    {
      name: "the last subnet of the database leads to the internet",
      apply({ regionDatabases, regionSubnets }) {
        const id = regionDatabases.at(-1)?.subnetIds.at(-1);
        regionSubnets.find((subnet) => subnet.id === id)?.waysOut.push("igw-0");
      },
    },
    {
      name: "the last node group stands in a public subnet",
      apply({ regionCluster, regionSubnets }) {
        const id = regionCluster.nodeGroups.at(-1)?.subnetIds.at(-1);
        regionSubnets.find((subnet) => subnet.id === id)?.waysOut.push("igw-0");
      },
    },
    {
      name: "the first node group's subnet hands out public addresses",
      apply({ regionCluster, regionSubnets }) {
        const id = regionCluster.nodeGroups.at(0)?.subnetIds.at(0);
        const subnet = regionSubnets.find((candidate) => candidate.id === id);
        if (!subnet) return false;
        subnet.publicAddresses = true;
        return undefined;
      },
    },
    {
      name: "the database stands in another network",
      apply({ regionDatabases, regionSubnets }) {
        const id = regionDatabases.at(0)?.subnetIds.at(0);
        const subnet = regionSubnets.find((candidate) => candidate.id === id);
        if (!subnet) return false;
        subnet.vpcId = "vpc-elsewhere";
        return undefined;
      },
    },
    {
      name: "the Kubernetes API is public",
      apply({ regionCluster }) {
        regionCluster.publicEndpoint = true;
      },
    },
  ],
});

function judgeSubnet(
  owner: string,
  id: string,
  subnets: SubnetFact[],
  vpcId: string,
  isAllowed: (way: string) => boolean,
): Finding {
  const subject = `${owner} in ${id}`;
  const subnet = subnets.find((candidate) => candidate.id === id);
  if (!subnet) return fail(subject, "no such subnet in the account");
  if (subnet.vpcId !== vpcId) return fail(subject, `of ${subnet.vpcId}, not of the cluster's network ${vpcId}`);
  if (subnet.publicAddresses) return fail(subject, "hands out public addresses");
  const open = subnet.waysOut.find((way) => !isAllowed(way));
  if (open) return fail(subject, `a route leads to ${open}`);
  return pass(subject, subnet.waysOut.length > 0 ? `out by ${subnet.waysOut.join(", ")} only` : "no way out");
}
