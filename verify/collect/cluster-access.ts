/** Who the account lets into the cluster: access entries with their policies, and roles that pods get without a token. */
import {
  DescribeAccessEntryCommand,
  DescribePodIdentityAssociationCommand,
  type EKSClient,
  paginateListAccessEntries,
  paginateListAssociatedAccessPolicies,
  paginateListPodIdentityAssociations,
} from "@aws-sdk/client-eks";
import type { ClusterAccessFact } from "../facts-account.ts";

export async function readClusterAccess(client: EKSClient, clusterName: string): Promise<ClusterAccessFact> {
  const principals: string[] = [];
  for await (const page of paginateListAccessEntries({ client }, { clusterName })) {
    principals.push(...(page.accessEntries ?? []));
  }
  const associations: string[] = [];
  for await (const page of paginateListPodIdentityAssociations({ client }, { clusterName })) {
    associations.push(...(page.associations ?? []).flatMap(({ associationId }) => associationId ?? []));
  }
  return {
    entries: await Promise.all(principals.map((principalArn) => readEntry(client, clusterName, principalArn))),
    podIdentities: await Promise.all(
      associations.map(async (associationId) => {
        const request = new DescribePodIdentityAssociationCommand({ clusterName, associationId });
        const { association } = await client.send(request);
        const { namespace = "", serviceAccount = "", roleArn = "" } = association ?? {};
        return { namespace, serviceAccount, roleArn };
      }),
    ),
  };
}

async function readEntry(client: EKSClient, clusterName: string, principalArn: string) {
  const { accessEntry } = await client.send(new DescribeAccessEntryCommand({ clusterName, principalArn }));
  const policies: ClusterAccessFact["entries"][number]["policies"] = [];
  for await (const page of paginateListAssociatedAccessPolicies({ client }, { clusterName, principalArn })) {
    for (const { policyArn: arn = "", accessScope } of page.associatedAccessPolicies ?? []) {
      policies.push({ arn, scope: accessScope?.type ?? "cluster", namespaces: accessScope?.namespaces ?? [] });
    }
  }
  return { principalArn, type: accessEntry?.type ?? "STANDARD", groups: accessEntry?.kubernetesGroups ?? [], policies };
}
