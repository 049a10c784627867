/** Where data rests beside the buckets, and what copies it elsewhere. Secrets are described; no value is asked for. */
import { DescribeSubscriptionFiltersCommand, paginateDescribeLogGroups } from "@aws-sdk/client-cloudwatch-logs";
import { DescribeRegistryCommand } from "@aws-sdk/client-ecr";
import { paginateListBuckets } from "@aws-sdk/client-s3";
import { DescribeSecretCommand, GetResourcePolicyCommand, paginateListSecrets } from "@aws-sdk/client-secrets-manager";
import type { SecretFact, StoresFact } from "../facts-account.ts";
import { parsePolicy } from "../reason/iam-policy.ts";
import type { AwsClients } from "./aws-clients.ts";

export async function readStores(clients: AwsClients): Promise<StoresFact> {
  const [secrets, logGroups, registry, ownBuckets] = await Promise.all([
    readSecrets(clients),
    readLogGroups(clients),
    clients.ecr.send(new DescribeRegistryCommand({})),
    readOwnBuckets(clients),
  ]);
  const rules = registry.replicationConfiguration?.rules ?? [];
  return {
    secrets,
    logGroups,
    imageCopies: rules.flatMap(({ destinations = [], repositoryFilters = [] }) =>
      destinations.map(({ registryId, region }) => ({
        to: `${registryId}/${region}`,
        prefixes: repositoryFilters.flatMap(({ filter }) => filter ?? []),
      })),
    ),
    ownBuckets,
  };
}

async function readSecrets({ secrets: client }: AwsClients): Promise<SecretFact[]> {
  const ids: string[] = [];
  for await (const page of paginateListSecrets({ client }, { IncludePlannedDeletion: true })) {
    ids.push(...(page.SecretList ?? []).flatMap(({ ARN }) => ARN ?? []));
  }
  return Promise.all(
    ids.map(async (SecretId) => {
      const [secret, { ResourcePolicy }] = await Promise.all([
        client.send(new DescribeSecretCommand({ SecretId })),
        client.send(new GetResourcePolicyCommand({ SecretId })),
      ]);
      return {
        name: secret.Name ?? "",
        arn: SecretId,
        ...(secret.KmsKeyId ? { keyId: secret.KmsKeyId } : {}),
        ...(ResourcePolicy ? { policy: parsePolicy(ResourcePolicy) } : {}),
        copies: (secret.ReplicationStatus ?? []).flatMap(({ Region }) => Region ?? []),
      };
    }),
  );
}

async function readLogGroups({ logs: client }: AwsClients): Promise<StoresFact["logGroups"]> {
  const found: StoresFact["logGroups"] = [];
  for await (const page of paginateDescribeLogGroups({ client }, {})) {
    for (const { logGroupName: name = "", arn = "", kmsKeyId: keyId } of page.logGroups ?? []) {
      found.push({ name, arn, ...(keyId ? { keyId } : {}), destinations: [] });
    }
  }
  return Promise.all(
    found.map(async (group) => {
      const request = new DescribeSubscriptionFiltersCommand({ logGroupName: group.name });
      const { subscriptionFilters = [] } = await client.send(request);
      return { ...group, destinations: subscriptionFilters.flatMap(({ destinationArn }) => destinationArn ?? []) };
    }),
  );
}

async function readOwnBuckets({ s3: client }: AwsClients): Promise<string[]> {
  const names: string[] = [];
  for await (const page of paginateListBuckets({ client }, {})) {
    names.push(...(page.Buckets ?? []).flatMap(({ Name }) => Name ?? []));
  }
  return names;
}
