/** What a run makes in a given cluster: all of it is new there, and all of it goes again. */

import { syncClusterRole } from "../../components/compute-plane/on-demand.ts";
import { secretsWebhookName } from "../../components/secrets/names.ts";
import type { Plane } from "../hosts.ts";
import { localNamespaces } from "../stacks.ts";

export const probeNamespace = "biplane-probe";
export const webhookName = "biplane-local-run";

export interface MadeObject {
  kind:
    | "MutatingWebhookConfiguration"
    | "ClusterRoleBinding"
    | "ClusterRole"
    | "Namespace"
    | "CustomResourceDefinition";
  name: string;
  /** In the API. */
  path: string;
}

/**
 * In the order of removal: pods are made no more without the webhook, namespaces no more without the sync's rights, custom
 * objects end before their definition.
 */
export function madeObjects(plane: Plane): MadeObject[] {
  const [platformNamespace = ""] = localNamespaces.customer;
  // Of the run itself, and those that its stacks make.
  const webhooks = [webhookName, ...(plane === "customer" ? [secretsWebhookName(platformNamespace)] : [])];
  const rights = plane === "customer" ? [syncClusterRole(platformNamespace)] : [];
  const definitions = plane === "customer" ? ["taskactions.flyte.org"] : [];
  return [
    ...webhooks.map((name) => ({
      kind: "MutatingWebhookConfiguration" as const,
      name,
      path: `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${name}`,
    })),
    ...rights.flatMap((name) =>
      (["ClusterRoleBinding", "ClusterRole"] as const).map((kind) => ({
        kind,
        name,
        path: `/apis/rbac.authorization.k8s.io/v1/${kind.toLowerCase()}s/${name}`,
      })),
    ),
    ...[...localNamespaces[plane], probeNamespace].map((name) => ({
      kind: "Namespace" as const,
      name,
      path: `/api/v1/namespaces/${name}`,
    })),
    ...definitions.map((name) => ({
      kind: "CustomResourceDefinition" as const,
      name,
      path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`,
    })),
  ];
}

/** The same removal by hand. */
export function removalByHand(kubeconfig: string, objects: MadeObject[]): string {
  const names = objects.map(({ kind, name }) => `${kind.toLowerCase()}/${name}`).join(" ");
  return `kubectl --kubeconfig ${kubeconfig} delete --ignore-not-found ${names}`;
}
