/** Which secret is meant: its name, and who may use it. */

/** An empty project stands for every one, an empty domain too; both empty for the whole organisation. */
export interface SecretRef {
  project: string;
  domain: string;
  name: string;
}

/** As the client's own API has it; it is a file's name and a key of a Kubernetes Secret too, so no longer than these. */
export const secretNamePattern = /^[-a-zA-Z0-9_]{1,253}$/;

/** Of AWS Secrets Manager, and so of each backend: what one plane takes another must take. */
export const maxValueBytes = 64 * 1024;

/** In the place of an empty project or domain, which none can be called. */
const every = "_";

/** @returns `<project>/<domain>/<name>`, with `_` for every project or every domain; sorts by scope, then by name */
export function pathOf({ project, domain, name }: SecretRef): string {
  return `${project || every}/${domain || every}/${name}`;
}

/**
 * Where a task of a project and domain finds a name, nearest first: its own, the project's, the domain's, the
 * organisation's. Nothing else is looked at, whoever asks. Source: secrets-scoping, n-secret-scope-precedence-flags.
 */
export function placesOf(project: string, domain: string, name: string): SecretRef[] {
  return [
    { project, domain, name },
    { project, domain: "", name },
    { project: "", domain, name },
    { project: "", domain: "", name },
  ];
}
