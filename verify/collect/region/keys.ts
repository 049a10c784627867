import { DescribeKeyCommand, GetKeyRotationStatusCommand, KMSClient, paginateListKeys } from "@aws-sdk/client-kms";
import type { KeyFact } from "../../facts-region.ts";
import type { clientConfig } from "../aws-clients.ts";

/** Every key of the account and region, those of AWS's own services too. */
export async function readKeys(config: ReturnType<typeof clientConfig>): Promise<KeyFact[]> {
  const client = new KMSClient(config);
  const ids: string[] = [];
  for await (const page of paginateListKeys({ client }, {}))
    ids.push(...(page.Keys ?? []).map(({ KeyId = "" }) => KeyId));
  return Promise.all(ids.map((id) => readKey(client, id)));
}

async function readKey(client: KMSClient, KeyId: string): Promise<KeyFact> {
  const { KeyMetadata: key } = await client.send(new DescribeKeyCommand({ KeyId }));
  // Only of symmetric keys that are not on their way out can it be asked.
  const asks = key?.KeySpec === "SYMMETRIC_DEFAULT" && key.KeyState !== "PendingDeletion";
  const rotation = asks ? await client.send(new GetKeyRotationStatusCommand({ KeyId })) : undefined;
  return {
    arn: key?.Arn ?? "",
    spec: key?.KeySpec ?? "",
    usage: key?.KeyUsage ?? "",
    state: key?.KeyState ?? "",
    manager: key?.KeyManager ?? "",
    rotates: rotation?.KeyRotationEnabled === true,
  };
}
