/**
 * What Knative's and the gateway's accounts may do. Upstream's one ClusterRole also writes Secrets, namespaces, cluster
 * roles and every kind's scale; here is what their programs were seen to use. They watch whole clusters, so RBAC cannot
 * say where they write: the admission policy `serving` does.
 */
import type { PlainRule } from "../workloads/service-spec.ts";
import { groups, kindsOf } from "./kinds.ts";

const look = ["get", "list", "watch"];
const write = ["create", "update", "patch", "delete"];

const rule = (apiGroups: string[], resources: string[], verbs: string[]): PlainRule => ({
  apiGroups,
  resources,
  verbs,
});
const own = (group: string, verbs: string[], ...more: string[]): PlainRule => {
  const plurals = kindsOf(group).map(({ plural }) => plural);
  const sub = more.flatMap((part) => plurals.map((plural) => `${plural}/${part}`));
  return rule([group], [...plurals, ...sub], verbs);
};

/** Of controller, autoscaler and webhook, in the whole cluster. */
export const controllerRules: PlainRule[] = [
  rule([""], ["namespaces", "pods"], look),
  rule([""], ["services", "endpoints"], [...look, ...write]),
  rule([""], ["serviceaccounts"], ["get"]),
  rule([""], ["events"], ["create", "patch", "update"]),
  // Also those of the lease by which autoscalers find each other.
  rule(["discovery.k8s.io"], ["endpointslices"], [...look, ...write]),
  // Endpoints that a controller writes itself, which the API server asks about one by one.
  rule([""], ["endpoints/restricted"], ["create"]),
  rule(["discovery.k8s.io"], ["endpointslices/restricted"], ["create"]),
  rule(["apps"], ["deployments"], [...look, ...write]),
  rule(["apps"], ["deployments/finalizers"], ["update"]),
  rule(["apps"], ["deployments/scale"], ["get", "patch", "update"]),
  rule(["coordination.k8s.io"], ["leases"], look),
  own(groups.serving, [...look, ...write, "deletecollection"], "status", "finalizers"),
  own(groups.networking, [...look, ...write, "deletecollection"], "status", "finalizers"),
  own(groups.autoscaling, [...look, ...write, "deletecollection"], "status", "finalizers"),
  own(groups.caching, [...look, ...write]),
];

/** The webhook's own configurations, into which it writes by which authority it is known. */
export const webhookConfigurations = {
  defaulting: "webhook.serving.knative.dev",
  validation: "validation.webhook.serving.knative.dev",
  configuration: "config.webhook.serving.knative.dev",
} as const;

export const webhookRules: PlainRule[] = [
  rule(["admissionregistration.k8s.io"], ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"], look),
  {
    ...rule(
      ["admissionregistration.k8s.io"],
      ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
      ["update", "patch"],
    ),
    resourceNames: Object.values(webhookConfigurations),
  },
  // They become the namespace's own, so that they go with it.
  { ...rule([""], ["namespaces/finalizers"], ["update"]), resourceNames: ["knative-serving"] },
];

export const activatorRules: PlainRule[] = [
  rule([""], ["services", "endpoints"], look),
  rule([groups.serving], ["revisions"], look),
];

/** Of the gateway's controller: it looks, and writes what became of an ingress. */
export const gatewayRules: PlainRule[] = [
  rule([""], ["events"], ["create", "patch", "update"]),
  rule([""], ["pods", "services", "endpoints"], look),
  rule(["discovery.k8s.io"], ["endpointslices"], look),
  rule([groups.networking], ["ingresses"], [...look, "patch"]),
  rule([groups.networking], ["ingresses/status"], ["update", "patch"]),
];

/** In the namespace `knative-serving`, of everybody there: settings, and who of several works. */
export const sharedRules: PlainRule[] = [
  rule([""], ["configmaps"], look),
  rule(["coordination.k8s.io"], ["leases"], ["get", "list", "watch", "create", "update", "patch"]),
];

/** The webhook's certificate, which it makes itself: the only Secret of that namespace. */
export const certificateSecret = "webhook-certs";
export const certificateRules: PlainRule[] = [
  rule([""], ["secrets"], ["list", "watch"]),
  { ...rule([""], ["secrets"], ["get", "update", "patch"]), resourceNames: [certificateSecret] },
];

/** The activator watches for certificates of its own before it starts, and reads none that is not named here. */
export const activatorSecretRules: PlainRule[] = [rule([""], ["secrets"], ["list", "watch"])];
