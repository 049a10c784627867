import { describe, expect, it } from "vitest";
import { allowed, ask, everybody, lets } from "../testing/network.ts";

describe("policies of other APIs", () => {
  const other = (apiVersion: string, kind: string, spec: object, home?: string) => ({
    apiVersion,
    kind,
    metadata: { name: "o", ...(home ? { namespace: home } : {}) },
    spec,
  });
  const cilium = (spec: object, home = "b") => other("cilium.io/v2", "CiliumNetworkPolicy", spec, home);
  const calico = (spec: object) => other("projectcalico.org/v3", "GlobalNetworkPolicy", spec);
  const admin = (kind: string, subject: object) => other("policy.networking.k8s.io/v1alpha1", kind, { subject });
  const server = { matchLabels: { app: "server" } };

  it.each<[string, object]>([
    ["Cilium's", cilium({ endpointSelector: {} })],
    ["Cilium's, by a label of its source", cilium({ endpointSelector: { matchLabels: { "k8s:app": "server" } } })],
    [
      "Cilium's, by a label that begins like a source",
      cilium({ endpointSelector: { matchLabels: { "k8s.io/a": "b" } } }),
    ],
    ["Cilium's, by such a label of its source", cilium({ endpointSelector: { matchLabels: { "k8s:any.b": "c" } } })],
    ["Cilium's, as Cilium writes its source", cilium({ endpointSelector: { matchLabels: { "k8s.app": "server" } } })],
    ["Calico's by a label that its namespace has", calico({ selector: "pcns.team == 't'" })],
    ["Calico's by a label of a namespace that is not declared", calico({ namespaceSelector: "team == 't'" })],
    [
      "the administrator's by a label of such",
      admin("AdminNetworkPolicy", { namespaces: { matchLabels: { team: "x" } } }),
    ],
    ["Cilium's, by a label of another source", cilium({ endpointSelector: { matchLabels: { "reserved:host": "" } } })],
    [
      "Cilium's for the cluster, by namespace",
      other("cilium.io/v2", "CiliumClusterwideNetworkPolicy", {
        endpointSelector: { matchLabels: { "k8s:io.kubernetes.pod.namespace": "b" } },
      }),
    ],
    [
      "Cilium's, several in one",
      {
        apiVersion: "cilium.io/v2",
        kind: "CiliumNetworkPolicy",
        metadata: { name: "o", namespace: "b" },
        specs: [{ endpointSelector: { matchLabels: { app: "x" } } }, { endpointSelector: server }],
      },
    ],
    ["Calico's", calico({ selector: "app == 'server' && projectcalico.org/namespace == \"b\"" })],
    ["Calico's for all", calico({ selector: "all()" })],
    ["Calico's without selector", calico({})],
    ["Calico's by a service account's labels", calico({ serviceAccountSelector: "x == 'y'" })],
    [
      "Calico's in the namespace",
      other("crd.projectcalico.org/v1", "NetworkPolicy", { selector: "app in {'x', 'server'}" }, "b"),
    ],
    ["Calico's that is not understood", calico({ selector: "app ~ 'server'" })],
    [
      "the administrator's",
      admin("AdminNetworkPolicy", { namespaces: { matchLabels: { "kubernetes.io/metadata.name": "b" } } }),
    ],
    [
      "the administrator's baseline",
      admin("BaselineAdminNetworkPolicy", { pods: { namespaceSelector: {}, podSelector: server } }),
    ],
    ["an API that nobody here knows", other("crd.antrea.io/v1beta1", "ClusterNetworkPolicy", { appliedTo: [] })],
  ])("%s: nothing is said of the pod that it selects", (_, object) => {
    expect(ask([...everybody, object])).toMatchObject({ allowed: "unknown", ingress: "unknown" });
    expect(ask([...everybody, object], { from: "b/server", to: "8.8.8.8" })).toMatchObject({ egress: "unknown" });
  });

  it.each<[string, object]>([
    ["Cilium's in another namespace", cilium({ endpointSelector: {} }, "c")],
    ["Cilium's by other labels", cilium({ endpointSelector: { matchLabels: { "any:app": "x" } } })],
    ["Cilium's for nodes", other("cilium.io/v2", "CiliumClusterwideNetworkPolicy", { nodeSelector: {} })],
    ["Calico's by other labels", calico({ selector: "has(tier) || app == 'x' || !(app != 'y')" })],
    ["Calico's by a label that begins like a word", calico({ selector: "in-house == 'x' || has(contains-x)" })],
    ["Calico's for another namespace", calico({ namespaceSelector: "projectcalico.org/name == 'c'" })],
    ["Calico's that is only staged", other("projectcalico.org/v3", "StagedGlobalNetworkPolicy", {})],
    [
      "the administrator's for others",
      admin("AdminNetworkPolicy", { namespaces: { matchLabels: { "kubernetes.io/metadata.name": "c" } } }),
    ],
    ["an unknown API's in another namespace", other("crd.antrea.io/v1beta1", "NetworkPolicy", {}, "c")],
  ])("%s: others are answered", (_, object) => {
    expect(allowed([object])).toBe(true);
  });

  it("what the other end denies is denied all the same", () => {
    expect(allowed([lets(), cilium({ endpointSelector: {} }, "a")])).toBe(false);
  });
});
