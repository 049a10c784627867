/** azurite, in the cloud's network: keeps objects of Azure's storage account. Only the front may call it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { storageAccountName } from "../../../components/account/azure-names.ts";
import { azuriteProcess } from "../../azurite/start.ts";
import type { Sandbox } from "../../context.ts";
import { azure, names } from "../../hosts.ts";
import type { Paths } from "../../paths.ts";
import type { KeyPairFiles } from "../../pki.ts";
import { ensureProcess } from "../../processes.ts";
import { local } from "../../stacks.ts";
import { cloudNamespace, ports } from "../addresses.ts";
import { ensureSecret } from "../secret-file.ts";
import { activityFile } from "./activity.ts";
import type { AzureConfig } from "./config.ts";

export const azureObjectsProcess = "cloud-azure-objects";

/** File of mode 0600: the access token of who owns the subscription. */
export function azureOperatorToken(paths: Paths): string {
  return join(paths.credentials, "azure-operator-token");
}

/** What the plane's things are called by, as the configuration has it by default. */
export const azureScope = { subscription: azure.subscription, prefix: `biplane-${local.org}-${local.cluster}` };

/**
 * @param server the cloud's certificate
 * @returns what the front is to be told
 */
export async function startAzure(
  { paths, tools }: Sandbox,
  server: KeyPairFiles,
  authority: KeyPairFiles,
): Promise<AzureConfig> {
  const state = join(paths.cloud, "azure");
  const folder = join(state, "objects");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  ensureSecret(azureOperatorToken(paths));
  const accountKey = Buffer.from(ensureSecret(join(state, "account-key"))).toString("base64");
  await ensureProcess(paths, {
    name: azureObjectsProcess,
    namespace: cloudNamespace,
    ...azuriteProcess({
      ...{ tools, folder, address: "127.0.0.1", port: ports.azureObjects },
      ...{ certificate: server.certificate, key: server.key },
      account: { name: storageAccountName(azureScope), key: accountKey },
    }),
  });
  return {
    ...{
      kept: join(state, "kept.json"),
      activity: activityFile(paths),
      state,
      tenant: azure.tenant,
      operatorToken: azureOperatorToken(paths),
    },
    manager: `https://${names.azure}/management`,
    ...{ storePort: ports.azureObjects, storeName: names.azure, authority: authority.certificate },
    issuer: `https://${names.oidc("customer")}`,
    issuerDocuments: join(paths.cloud, "oidc"),
  };
}
