/** Which backends keep users' secrets, and what each stack may choose. Only names and places: values never pass the kit. */
import type { Input } from "@pulumi/pulumi";
import { refusal } from "../../shared/errors.ts";

export const secretBackends = ["kubernetes", "aws-secrets-manager"] as const;
export type SecretBackend = (typeof secretBackends)[number];

/** Source: secrets-backends-four: Kubernetes is the default of self-managed planes, the cloud's own of the others. */
export function defaultSecretBackend(model: "byoc" | "self-managed"): SecretBackend {
  return model === "self-managed" ? "kubernetes" : "aws-secrets-manager";
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
    };

/**
 * @throws UserError for a key beside Kubernetes: its secrets rest under the cluster's envelope encryption, and a key
 * that seals nothing would only look like protection
 */
export function checkSecretBackend(backend: SecretBackend, keyArn: string | undefined): void {
  if (backend === "aws-secrets-manager" || keyArn === undefined) return;
  throw refusal({
    subject: "the key of the secrets",
    value: keyArn,
    allowed: "none with the backend kubernetes",
    todo: "Secrets of the cluster are sealed by the cluster's own key.",
  });
}
