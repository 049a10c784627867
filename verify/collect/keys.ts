/** The account's keys: state, policy, and whom grants let use them. */
import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  type KMSClient,
  paginateListGrants,
  paginateListKeys,
} from "@aws-sdk/client-kms";
import type { KeyFact } from "../facts-account.ts";
import { parsePolicy } from "../reason/iam-policy.ts";

export async function readKeys(client: KMSClient): Promise<KeyFact[]> {
  const ids: string[] = [];
  for await (const page of paginateListKeys({ client }, {}))
    ids.push(...(page.Keys ?? []).flatMap(({ KeyId }) => KeyId ?? []));
  return Promise.all(ids.map((id) => readKey(client, id)));
}

async function readKey(client: KMSClient, KeyId: string): Promise<KeyFact> {
  const [{ KeyMetadata: key }, { Policy: policy = "{}" }] = await Promise.all([
    client.send(new DescribeKeyCommand({ KeyId })),
    client.send(new GetKeyPolicyCommand({ KeyId, PolicyName: "default" })),
  ]);
  const grants: KeyFact["grants"] = [];
  for await (const page of paginateListGrants({ client }, { KeyId })) {
    for (const { GranteePrincipal: grantee = "", Operations: operations = [] } of page.Grants ?? []) {
      grants.push({ grantee, operations: [...operations] });
    }
  }
  return {
    arn: key?.Arn ?? "",
    manager: key?.KeyManager ?? "",
    enabled: key?.Enabled === true,
    spec: key?.KeySpec ?? "",
    policy: parsePolicy(policy),
    grants,
  };
}
