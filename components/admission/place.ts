/** Where the policies hold. */

export interface Place {
  /** Of the platform's services. */
  namespace: string;
  /** Of the project-domains; a region has none. */
  projectNamespaces: string[];
  /** Those of ours among the Pod Security exceptions that are made. @default none */
  exceptions?: string[];
  /** Others of ours under the restricted standard, with neither the platform's services nor tasks. @default none */
  beside?: string[];
  /** Those of what serves apps, which the policy `serving` fences. @default no apps are served */
  serving?: string[];
}

export function ownNamespaces(place: Place): string[] {
  return [...restrictedNamespaces(place), ...(place.exceptions ?? []), ...(place.beside ?? [])];
}

/** Where the restricted Pod Security standard holds; each exception has a policy of its own. */
export function restrictedNamespaces({ namespace, projectNamespaces }: Place): string[] {
  return [namespace, ...projectNamespaces];
}

/** An object that was there before its policy stays usable: only what is new or changed in its spec is judged. */
export const onChange = {
  name: "new-or-changed",
  expression: `request.operation != "UPDATE" || object.spec != oldObject.spec`,
};
