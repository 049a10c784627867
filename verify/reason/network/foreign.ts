/**
 * Policies of other APIs: Cilium's, Calico's, the administrator's. They may add to what a NetworkPolicy allows or take
 * away from it, so of a pod that one selects, or may select, nothing is said here.
 */
import { z } from "zod";
import { type Manifest, namespaceOf } from "../input/manifests.ts";
import { listOf, maybe } from "../input/parsed.ts";
import { type LabelSelector, type Labels, labelSelector, maySelect } from "../labels.ts";
import { all, some, type Tri } from "../tri.ts";
import { calicoKeys, calicoSelects } from "./calico-selector.ts";
import type { PodEnd } from "./endpoints.ts";

export interface ForeignPolicy {
  /** Kind and name. */
  title: string;
  selects(pod: PodEnd): Tri;
}

export function readForeignPolicies(manifests: readonly Manifest[]): ForeignPolicy[] {
  return manifests.flatMap((manifest) => {
    const { group, kind, name } = manifest;
    // Calico only tells what a staged one would do.
    if (group === "networking.k8s.io" || kind.startsWith("Staged") || !/(NetworkPolicy|EgressFirewall)$/.test(kind)) {
      return [];
    }
    const chosen = selectorOf(manifest);
    const title = `${kind} ${manifest.namespace ? `${manifest.namespace}/` : ""}${name}`;
    return [{ title, selects: chosen ?? (() => "maybe") }];
  });
}

type Selects = ForeignPolicy["selects"];

/** @returns undefined where it is not understood: then it may select anything */
function selectorOf(manifest: Manifest): Selects | undefined {
  const { group, kind, object } = manifest;
  const namespaced = (inner: Selects): Selects => {
    const home = namespaceOf(manifest);
    return (pod) => (pod.namespace === home ? inner(pod) : "no");
  };
  if (group === "cilium.io") {
    const chosen = ofCilium(object);
    return kind === "CiliumNetworkPolicy" ? chosen && namespaced(chosen) : chosen;
  }
  if (group.endsWith("projectcalico.org")) {
    const chosen = ofCalico(object.spec);
    return kind === "NetworkPolicy" ? chosen && namespaced(chosen) : chosen;
  }
  if (group === "policy.networking.k8s.io") return ofAdministrator(object.spec);
  return manifest.namespace ? namespaced(() => "maybe") : undefined;
}

const subject = z.object({
  subject: z.object({
    namespaces: maybe(labelSelector),
    pods: maybe(z.object({ namespaceSelector: labelSelector, podSelector: labelSelector })),
  }),
});

function ofAdministrator(spec: unknown): Selects | undefined {
  const { namespaces, pods } = subject.safeParse(spec).data?.subject ?? {};
  const inNamespace = (selector: LabelSelector, pod: PodEnd) =>
    maySelect(selector, pod.namespaceLabels, pod.isNamespaceLabelTold);
  if (namespaces) return (pod) => inNamespace(namespaces, pod);
  if (!pods) return undefined;
  return (pod) =>
    all([inNamespace(pods.namespaceSelector, pod), maySelect(pods.podSelector, pod.labels, pod.isLabelTold)]);
}

const calico = z.object({
  selector: maybe(z.string()),
  namespaceSelector: maybe(z.string()),
  serviceAccountSelector: maybe(z.string()),
});

/** Labels that a pod has from its namespace and its service account, where Calico keeps them. */
const inherited = /^pc(ns|sa)\./;

function ofCalico(spec: unknown): Selects | undefined {
  const parsed = calico.safeParse(spec);
  if (!parsed.success) return undefined;
  const { selector = "", namespaceSelector = "", serviceAccountSelector = "" } = parsed.data;
  return ({ labels, isLabelTold, namespace, namespaceLabels, isNamespaceLabelTold, serviceAccount }) => {
    const own = {
      ...labels,
      "projectcalico.org/namespace": namespace,
      "projectcalico.org/orchestrator": "k8s",
      "projectcalico.org/serviceaccount": serviceAccount,
    };
    const home = { ...namespaceLabels, "projectcalico.org/name": namespace };
    const isToldHere = (key: string) => Object.hasOwn(home, key) || isNamespaceLabelTold(key);
    return all([
      calicoKeys(selector).every((key) => isLabelTold(key) && !inherited.test(key))
        ? calicoSelects(selector, own)
        : "maybe",
      namespaceSelector === "global()"
        ? "no"
        : calicoKeys(namespaceSelector).every(isToldHere)
          ? calicoSelects(namespaceSelector, home)
          : "maybe",
      // Labels of service accounts are not read.
      serviceAccountSelector === "" ? "yes" : "maybe",
    ]);
  };
}

const ciliumSpec = z.object({ endpointSelector: maybe(labelSelector), nodeSelector: maybe(labelSelector) });
const cilium = z.object({ spec: maybe(ciliumSpec), specs: listOf(ciliumSpec) });

function ofCilium(object: unknown): Selects | undefined {
  const parsed = cilium.safeParse(object);
  if (!parsed.success) return undefined;
  const specs = [...(parsed.data.spec ? [parsed.data.spec] : []), ...parsed.data.specs];
  return (pod) =>
    some(
      specs.map(({ endpointSelector, nodeSelector }) => {
        // Of a node, and so of what uses the node's network.
        if (nodeSelector) return pod.hostNetwork ? "maybe" : "no";
        return endpointSelector ? ciliumSelects(endpointSelector, pod) : "maybe";
      }),
    );
}

const namespaceKey = "io.kubernetes.pod.namespace";
const namespaceLabelPrefix = "io.cilium.k8s.namespace.labels.";

function ciliumSelects(selector: LabelSelector, pod: PodEnd): Tri {
  const prefixed = Object.entries(pod.namespaceLabels).map(([key, value]) => [`${namespaceLabelPrefix}${key}`, value]);
  const labels: Labels = {
    ...pod.labels,
    ...Object.fromEntries(prefixed),
    [namespaceKey]: pod.namespace,
    "io.cilium.k8s.policy.serviceaccount": pod.serviceAccount,
  };
  const keys = [...Object.keys(selector.matchLabels), ...selector.matchExpressions.map(({ key }) => key)];
  // Labels of another source, and those that Cilium makes itself.
  if (
    keys.some((key) => /^(?!k8s:|any:)[a-z-]+:/.test(key) || /^(k8s:|any:)?io\.cilium\.k8s\.policy\.cluster$/.test(key))
  ) {
    return "maybe";
  }
  const isTold = (key: string) =>
    key.startsWith(namespaceLabelPrefix)
      ? pod.isNamespaceLabelTold(key.slice(namespaceLabelPrefix.length))
      : pod.isLabelTold(key);
  const read = (bare: (key: string) => string) =>
    maySelect(
      {
        matchLabels: Object.fromEntries(Object.entries(selector.matchLabels).map(([key, value]) => [bare(key), value])),
        matchExpressions: selector.matchExpressions.map((one) => ({ ...one, key: bare(one.key) })),
      },
      labels,
      isTold,
    );
  // Cilium itself writes the source with a dot, with which a label such as k8s.io/name begins too.
  return some([read((key) => key.replace(/^(k8s|any):/, "")), read((key) => key.replace(/^(k8s|any)[:.]/, ""))]);
}
