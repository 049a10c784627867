/** Networks of one region: what they log, and what their access lists and groups let in. */
import {
  EC2Client,
  type FlowLog,
  type NetworkAcl,
  type NetworkAclEntry,
  paginateDescribeFlowLogs,
  paginateDescribeNetworkAcls,
  paginateDescribeVpcs,
  type Vpc,
} from "@aws-sdk/client-ec2";
import type { AccessListEntry } from "../../../facts-baseline.ts";
import type { clientConfig } from "../../aws-clients.ts";
import { readSecurityGroups } from "../network.ts";
import type { Place } from "./places.ts";

export async function readNetworks(config: ReturnType<typeof clientConfig>): Promise<Place<"regionNetworks">> {
  const client = new EC2Client(config);
  const networks: Vpc[] = [];
  for await (const page of paginateDescribeVpcs({ client }, {})) networks.push(...(page.Vpcs ?? []));
  const logs: FlowLog[] = [];
  for await (const page of paginateDescribeFlowLogs({ client }, {})) logs.push(...(page.FlowLogs ?? []));
  const lists: NetworkAcl[] = [];
  for await (const page of paginateDescribeNetworkAcls({ client }, {})) lists.push(...(page.NetworkAcls ?? []));
  return {
    networks: networks.map(({ VpcId: id = "" }) => ({
      id,
      flowLogs: logs
        .filter(({ ResourceId }) => ResourceId === id)
        .map(({ FlowLogId, FlowLogStatus, TrafficType }) => ({
          id: FlowLogId ?? "",
          active: FlowLogStatus === "ACTIVE",
          traffic: TrafficType ?? "",
        })),
    })),
    accessLists: lists.map(({ NetworkAclId: id = "", Entries = [] }) => ({
      id,
      incoming: Entries.filter(({ Egress }) => Egress === false).map(entryOf),
    })),
    groups: await readSecurityGroups(config),
  };
}

function entryOf({ RuleNumber, RuleAction, Protocol, PortRange, ...from }: NetworkAclEntry): AccessListEntry {
  const { CidrBlock, Ipv6CidrBlock } = from;
  return {
    order: RuleNumber ?? 0,
    allows: RuleAction !== "deny",
    protocol: Protocol ?? "-1",
    ...(PortRange ? { ports: { from: PortRange.From ?? 0, to: PortRange.To ?? 65_535 } } : {}),
    network: CidrBlock ?? Ipv6CidrBlock ?? "",
  };
}
