import { paginateListSecrets, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { ManagedSecretFact } from "../../facts-region.ts";
import type { clientConfig } from "../aws-clients.ts";

/** Names and owners. Values are not asked for: whoever verifies must not hold them. */
export async function readManagedSecrets(config: ReturnType<typeof clientConfig>): Promise<ManagedSecretFact[]> {
  const client = new SecretsManagerClient(config);
  const found: ManagedSecretFact[] = [];
  for await (const page of paginateListSecrets({ client }, {})) {
    for (const { Name: name = "", OwningService: owner } of page.SecretList ?? [])
      found.push({ name, ...(owner ? { owner } : {}) });
  }
  return found;
}
