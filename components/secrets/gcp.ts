import type { CloudKeyReference } from "../encryption/gcp.ts";
import type { SecretSettings } from "./backends.ts";
import { secretIdPrefix } from "./names.ts";

export interface GoogleSecretsArgs {
  org: string;
  project: string;
  region: string;
  /** Seals each version; Secret Manager's own agent uses it, and nobody else. */
  key: CloudKeyReference;
}

/**
 * What Google's Secret Manager needs to keep users' secrets: the secrets themselves are made by the platform's services
 * at run time, each with one replica in the plane's region under that key. Who reads them is IAM's matter
 * (identity/gcp-roles.ts). Proved by data-secrets-backends, secrets-backends-four and cmk-customer-keys.
 */
export function planGoogleSecrets({ org, project, region, key }: GoogleSecretsArgs): SecretSettings {
  return { backend: "gcp-secret-manager", prefix: secretIdPrefix(org), project, region, keyName: key.name };
}
