/**
 * What AKS gives a pod that bears its label: a token of the cluster for Entra, and where to trade it. Source: Azure AD
 * Workload Identity, "Mutating admission webhook".
 */
import { tokenAudience } from "../../../components/identity/azure-roles.ts";
import { azure, names } from "../../hosts.ts";
import type { Container, Gift, Pod } from "../pod-webhook.ts";

const label = "azure.workload.identity/use";
const clientAnnotation = "azure.workload.identity/client-id";
const tokenFolder = "/var/run/secrets/azure/tokens";
const tokenName = "azure-identity-token";
const account = "AZURE_STORAGE_ACCOUNT_NAME";

/** @param annotations of the pod's service account */
export function federated({ metadata }: Pod, annotations: Record<string, string>): Gift[] {
  const client = annotations[clientAnnotation];
  if (metadata.labels?.[label] !== "true" || !client) return [];
  const token = { serviceAccountToken: { audience: tokenAudience, expirationSeconds: 3_600, path: tokenName } };
  return [
    {
      env: {
        AZURE_CLIENT_ID: client,
        AZURE_TENANT_ID: azure.tenant,
        AZURE_FEDERATED_TOKEN_FILE: `${tokenFolder}/${tokenName}`,
        AZURE_AUTHORITY_HOST: `https://${names.azure}/login/`,
      },
      volume: { name: tokenName, ...{ projected: { sources: [token] } } },
      mountPath: tokenFolder,
    },
  ];
}

/** Not AKS's: the client's object store asks for its account by an origin of its own, which is the account's path here. */
export function storeOf({ env = [] }: Container): Record<string, string> {
  if (!env.some(({ name }) => name === account)) return {};
  // Kubernetes fills in what stands before it.
  return { AZURE_STORAGE_ENDPOINT: `https://${names.azure}/blob/$(${account})` };
}
