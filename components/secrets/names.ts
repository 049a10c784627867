/** Where a user's secret lives in its backend: one place a scope, so that a policy can open exactly a scope's places. */
import { createHash } from "node:crypto";

/** Who may use a secret. Without project and domain it is the whole organisation's. */
export interface SecretScope {
  org: string;
  project?: string;
  domain?: string;
}

/** All names begin with it, whatever the backend. */
const root = "union";
/** Stands for every project or every domain; no project or domain can be called so. */
const every = "_";

/** @returns what the names of all secrets of an organisation begin with, `union/<org>/` */
export function secretPrefix(org: string): string {
  return `${root}/${org}/`;
}

/** @returns `union/<org>/<project>/<domain>/<name>`, with `_` for every project or every domain */
export function secretName({ org, project = every, domain = every }: SecretScope, name: string): string {
  return `${secretPrefix(org)}${project}/${domain}/${name}`;
}

/**
 * The places that a run of a project and domain looks in, nearest first: its own, the project's, the domain's, the
 * organisation's. Source: secrets-scoping, n-secret-scope-precedence-flags.
 */
export function secretPrefixesOf({ org, project, domain }: Required<SecretScope>): string[] {
  const scopes: SecretScope[] = [{ org, project, domain }, { org, project }, { org, domain }, { org }];
  return scopes.map((scope) => secretName(scope, ""));
}

/**
 * The object that holds a secret in Kubernetes. Its name is a hash, since a secret's name has other letters than an
 * object's and may be longer; labels say which it is.
 */
export function secretObjectName(scope: SecretScope, name: string): string {
  return `${root}-${createHash("sha256").update(secretName(scope, name)).digest("hex").slice(0, 32)}`;
}
