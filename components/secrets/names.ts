/** Where users' secrets live, known before any of them is made. */

/** In a cloud's manager all names begin with it. */
const root = "union";

/** @returns what the names of all secrets of an organisation begin with, `union/<org>/`; the services say how they go on */
export function secretPrefix(org: string): string {
  return `${root}/${org}/`;
}

/**
 * The same in Google's Secret Manager, whose ids know no slash. An organisation's name has no underscore, so that no
 * other's begins with it.
 * @returns `union_<org>_`
 */
export function secretIdPrefix(org: string): string {
  return `${root}_${org}_`;
}

/**
 * The same in Azure's Key Vault, whose names know neither slash nor underscore. An organisation's name has no two dashes
 * together, so that no other's begins with it.
 * @returns `union--<org>--`
 */
export function secretNamePrefix(org: string): string {
  return `${root}--${org}--`;
}

/**
 * Secrets of the platform's namespace in which the service keeps which secrets there are and, where the cluster is the
 * backend, their values: 1 MiB each. RBAC cannot narrow the right to make or list Secrets to some of a namespace, so the
 * stack makes these few and the service's role names them. Their number never changes: a secret's place follows from it.
 */
export const userSecretShards: readonly string[] = Array.from({ length: 8 }, (_, at) => `user-secrets-${at}`);

/** On a pod: the secrets that it asks for, and the Secret by which it was given them. */
export const secretAnnotations = { asked: "biplane.dev/secrets", given: "biplane.dev/secrets-from" } as const;

/** Cluster-wide, and one a plane: by the platform's namespace. */
export function secretsWebhookName(namespace: string): string {
  return `secrets.${namespace}.biplane.dev`;
}
