/** The cluster's nodes as EC2 has them, and what it tells of their types. */
import {
  type _InstanceType,
  type EC2Client,
  type Instance,
  paginateDescribeInstances,
  paginateDescribeInstanceTypes,
} from "@aws-sdk/client-ec2";
import type { InstanceFact } from "../facts-account.ts";

export interface ClusterPlace {
  clusterName: string;
  vpcId: string;
}

/** Source: EC2, DescribeInstanceTypes, names in one call. */
const typesAtOnce = 100;

/** Those that carry the cluster's tag, as EKS puts it on every node. */
export async function listInstances(client: EC2Client, { clusterName, vpcId }: ClusterPlace): Promise<Instance[]> {
  const Filters = [
    { Name: "vpc-id", Values: [vpcId] },
    { Name: "tag-key", Values: [`kubernetes.io/cluster/${clusterName}`, "aws:eks:cluster-name", "eks:cluster-name"] },
    { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] },
  ];
  const found: Instance[] = [];
  for await (const page of paginateDescribeInstances({ client }, { Filters })) {
    found.push(...(page.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []));
  }
  return found;
}

/** @throws Error where EC2 says nothing of a type: that is no word against it, and none for it */
export async function readInstances(client: EC2Client, place: ClusterPlace): Promise<InstanceFact[]> {
  const instances = await listInstances(client, place);
  const encrypting = await readTypes(client, [...new Set(instances.flatMap(({ InstanceType }) => InstanceType ?? []))]);
  return instances.map(({ InstanceId: id = "", InstanceType: type = "" }) => {
    const encryptsInTransit = encrypting.get(type);
    if (encryptsInTransit === undefined) throw new Error(`EC2 tells nothing of the type "${type}" of ${id}`);
    return { id, type, encryptsInTransit };
  });
}

/** By name. Asked for none, EC2 would tell of all. */
async function readTypes(client: EC2Client, names: _InstanceType[]): Promise<Map<string, boolean>> {
  const found = new Map<string, boolean>();
  for (let at = 0; at < names.length; at += typesAtOnce) {
    const InstanceTypes = names.slice(at, at + typesAtOnce);
    for await (const page of paginateDescribeInstanceTypes({ client }, { InstanceTypes })) {
      for (const { InstanceType: name = "", NetworkInfo } of page.InstanceTypes ?? []) {
        found.set(name, NetworkInfo?.EncryptionInTransitSupported === true);
      }
    }
  }
  return found;
}
