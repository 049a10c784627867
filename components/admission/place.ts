/** Where the policies hold. */

export interface Place {
  /** Of the platform's services. */
  namespace: string;
  /** Of the project-domains; a region has none. */
  projectNamespaces: string[];
}

export function ownNamespaces({ namespace, projectNamespaces }: Place): string[] {
  return [namespace, ...projectNamespaces];
}

/** An object that was there before its policy stays usable: only what is new or changed in its spec is judged. */
export const onChange = {
  name: "new-or-changed",
  expression: `request.operation != "UPDATE" || object.spec != oldObject.spec`,
};
