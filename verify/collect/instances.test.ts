import {
  type DescribeInstanceTypesCommandInput,
  EC2Client,
  type Instance,
  type InstanceTypeInfo,
} from "@aws-sdk/client-ec2";
import { describe, expect, it, vi } from "vitest";
import { readInstances } from "./instances.ts";

const place = { clusterName: "acme", vpcId: "vpc-1" };
const encrypting = (InstanceType: string, EncryptionInTransitSupported?: boolean) =>
  ({ InstanceType, NetworkInfo: { EncryptionInTransitSupported } }) as InstanceTypeInfo;
const instance = (InstanceId: string, InstanceType: string) => ({ InstanceId, InstanceType }) as Instance;

/** Each list of a page, and which names were asked for. */
function ec2(instances: Instance[][], types: InstanceTypeInfo[][]) {
  const asked: (string[] | undefined)[] = [];
  const client = new EC2Client({ region: "us-east-2" });
  vi.spyOn(client, "send").mockImplementation(async (command: { input: object }) => {
    const { NextToken, ...input } = command.input as DescribeInstanceTypesCommandInput;
    const at = Number(NextToken ?? 0);
    const typed = "InstanceTypes" in input;
    if (typed) asked.push(input.InstanceTypes);
    const pages = typed ? types : instances;
    const goesOn = at + 1 < pages.length ? { NextToken: String(at + 1) } : {};
    return typed
      ? { InstanceTypes: types[at], ...goesOn }
      : { Reservations: [{ Instances: instances[at] }], ...goesOn };
  });
  return { client, asked };
}

describe("the cluster's instances", () => {
  it("are read to the last page, each type asked for once and told of on any page", async () => {
    const { client, asked } = ec2(
      [[instance("i-1", "m7i.xlarge"), instance("i-2", "m5.xlarge")], [instance("i-3", "m7i.xlarge")]],
      [[encrypting("m5.xlarge", false)], [encrypting("m7i.xlarge", true)]],
    );
    expect(await readInstances(client, place)).toEqual([
      { id: "i-1", type: "m7i.xlarge", encryptsInTransit: true },
      { id: "i-2", type: "m5.xlarge", encryptsInTransit: false },
      { id: "i-3", type: "m7i.xlarge", encryptsInTransit: true },
    ]);
    expect(asked).toEqual([
      ["m7i.xlarge", "m5.xlarge"],
      ["m7i.xlarge", "m5.xlarge"],
    ]);
  });

  it("ask for a hundred types at once, and for none where there are none", async () => {
    const names = Array.from({ length: 101 }, (_, at) => `t${at}.large`);
    const many = ec2(
      [names.map((name, at) => instance(`i-${at}`, name))],
      [names.map((name) => encrypting(name, true))],
    );
    expect(await readInstances(many.client, place)).toHaveLength(101);
    expect(many.asked.map((one) => one?.length)).toEqual([100, 1]);
    const none = ec2([[]], [[encrypting("m7i.xlarge", true)]]);
    expect(await readInstances(none.client, place)).toEqual([]);
    expect(none.asked).toEqual([]);
  });

  it("do not encrypt where EC2 does not say so, and are not read where it leaves out a type", async () => {
    const silent = ec2(
      [[instance("i-1", "x9.large")]],
      [[{ InstanceType: "x9.large" } as unknown as InstanceTypeInfo]],
    );
    expect(await readInstances(silent.client, place)).toMatchObject([{ encryptsInTransit: false }]);
    const unknown = ec2([[instance("i-1", "x9.large")]], [[]]);
    await expect(readInstances(unknown.client, place)).rejects.toThrow('nothing of the type "x9.large" of i-1');
  });
});
