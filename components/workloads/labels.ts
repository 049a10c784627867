/** Labels that selectors, people and verify's checks find our objects by. */
export const nameLabel = "app.kubernetes.io/name";

/** Where Kubernetes' namespace controller puts every namespace's own name. */
export const namespaceLabel = "kubernetes.io/metadata.name";

export const managedByLabel = "app.kubernetes.io/managed-by";

export type Labels = Record<string, string>;

/** What a component's pods are selected by; it must never change, a Deployment's selector cannot. */
export function selectorOf(component: string): Labels {
  return { [nameLabel]: component };
}

export function labelsOf(component: string): Labels {
  return { ...selectorOf(component), "app.kubernetes.io/part-of": "biplane", [managedByLabel]: "pulumi" };
}
