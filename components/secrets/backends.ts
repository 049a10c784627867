/** Which backends keep users' secrets, and what each stack may choose. Only names and places: values never pass the kit. */
import type { Input } from "@pulumi/pulumi";
import { refusal } from "../../shared/errors.ts";

export const secretBackends = ["kubernetes", "aws-secrets-manager", "gcp-secret-manager", "azure-key-vault"] as const;
export type SecretBackend = (typeof secretBackends)[number];

/** Source: secrets-backends-four: Kubernetes is the default of self-managed planes, the cloud's own of the others. */
export function defaultSecretBackend(model: "byoc" | "self-managed", own: SecretBackend = "aws-secrets-manager") {
  return model === "self-managed" ? "kubernetes" : own;
}

/** What the platform's service is told of the backend; holds no secret. */
export type SecretSettings =
  | { backend: "kubernetes" }
  | {
      backend: "aws-secrets-manager";
      /** Names begin with it. */
      prefix: string;
      keyArn: Input<string>;
      /** Goes on each secret when it is made, as JSON. */
      resourcePolicy: Input<string>;
    }
  | {
      backend: "gcp-secret-manager";
      /** Ids begin with it. */
      prefix: string;
      project: string;
      /** Where versions rest, and nowhere else. */
      region: string;
      /** Key in Cloud KMS, `projects/…/cryptoKeys/…`. */
      keyName: Input<string>;
    }
  | {
      backend: "azure-key-vault";
      /** Names begin with it. */
      prefix: string;
      /** `https://<vault>.vault.azure.net/` */
      vaultUrl: Input<string>;
    };

/**
 * @throws UserError for a key beside Kubernetes: its secrets rest under the cluster's envelope encryption, and a key
 * that seals nothing would only look like protection
 */
export function checkSecretBackend(backend: SecretBackend, key: string | undefined): void {
  if (backend !== "kubernetes" || key === undefined) return;
  throw refusal({
    subject: "the key of the secrets",
    value: key,
    allowed: "none with the backend kubernetes",
    todo: "Secrets of the cluster are sealed by the cluster's own key.",
  });
}
