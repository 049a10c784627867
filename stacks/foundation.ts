/** Wiring that several stacks have in common. */
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { NodeSubnet } from "../components/cluster/node-plan.ts";
import { EncryptionKey, type KeyReference } from "../components/encryption/aws.ts";
import { logGroupsOf } from "../components/encryption/key-statements.ts";
import type { VpcPlace } from "../components/network/contract.ts";
import { flowLogGroup } from "../components/network/flow-logs.ts";
import type { Tags } from "../components/ownership/tags.ts";

/** What every component of a stack is told alike. */
export interface Place {
  region: string;
  account: pulumi.Output<string>;
  dataProtection: boolean;
  tags: Tags;
}

/** @param account the only one that credentials may be of; anybody's when undefined, as the provider itself has it */
export function openCloud({ region, account }: { region: string; account?: string }): aws.Provider {
  return new aws.Provider("aws", { region, ...(account ? { allowedAccountIds: [account] } : {}) });
}

export function accountOf(cloud: aws.Provider): pulumi.Output<string> {
  return aws.getCallerIdentityOutput({}, { provider: cloud }).accountId;
}

/** Before the network, whose first flows must already rest encrypted. */
export function createFlowLogsKey(
  name: string,
  { region, account, dataProtection, tags }: Place,
  opts: pulumi.ComponentResourceOptions,
): KeyReference {
  const statements = account.apply((id) => [logGroupsOf(id, region, [flowLogGroup(name)])]);
  const description = `Flow logs of ${name}`;
  return new EncryptionKey(`${name}-flow-logs-key`, { description, account, statements, dataProtection, tags }, opts);
}

/** @param zones as planned, in the order of the subnets */
export function nodeSubnets(zones: string[], { privateSubnetIds }: VpcPlace): NodeSubnet[] {
  return privateSubnetIds.map((subnetId, at) => ({ zone: zones[at] ?? `${at}`, subnetId }));
}
