import { expect, test } from "vitest";
import { issuerPlace, publishedDiscovery } from "./issuer.ts";
import { madeObjects } from "./made.ts";
import { outcomeOf, type ProbePod } from "./probe-pod.ts";

test("an issuer is published where its URL says, with port and path", () => {
  expect(issuerPlace("https://kubernetes.default.svc.cluster.local")).toEqual({
    host: "kubernetes.default.svc.cluster.local",
    port: 443,
    discoveryPath: "/.well-known/openid-configuration",
    keysPath: "/openid/v1/jwks",
  });
  expect(issuerPlace("https://oidc.example.com:8443/id/1/")).toMatchObject({
    port: 8443,
    discoveryPath: "/id/1/.well-known/openid-configuration",
  });
});

test("the published document leads to keys beside it, not inside the cluster", () => {
  const own = { issuer: "https://i.example.com/a", jwks_uri: "https://10.0.0.1:6443/openid/v1/jwks", more: [1] };
  expect(publishedDiscovery(own, own.issuer)).toEqual({
    issuer: "https://i.example.com/a",
    jwks_uri: "https://i.example.com/a/openid/v1/jwks",
    more: [1],
  });
});

test("webhooks go first, custom objects' definition last", () => {
  const kinds = madeObjects("customer").map(({ kind, name }) => `${kind} ${name}`);
  expect(kinds).toEqual([
    "MutatingWebhookConfiguration biplane-local-run",
    "MutatingWebhookConfiguration secrets.union.biplane.dev",
    "ClusterRoleBinding union-sync",
    "ClusterRole union-sync",
    "Namespace union",
    "Namespace demo-development",
    "Namespace ondemand-development",
    "Namespace occupied-development",
    "Namespace union-logs",
    "Namespace union-build",
    "Namespace knative-serving",
    "Namespace kourier-system",
    "Namespace biplane-probe",
    "CustomResourceDefinition taskactions.flyte.org",
  ]);
  expect(madeObjects("region").some(({ kind }) => kind === "CustomResourceDefinition")).toBe(false);
});

const waiting = (reason: string, message?: string): ProbePod => ({
  status: { phase: "Pending", containerStatuses: [{ state: { waiting: { reason, message } } }] },
});

test.each<[string, ProbePod, object]>([
  ["that was just made", {}, { said: "no state yet" }],
  ["that is being started", waiting("ContainerCreating"), { said: "ContainerCreating" }],
  ["whose image is refused", waiting("ErrImagePull", "no such host"), { ended: "not pulled", said: "no such host" }],
  [
    "that cannot reach something",
    {
      status: {
        phase: "Failed",
        containerStatuses: [{ state: { terminated: { exitCode: 1, message: "a:1 refused" } } }],
      },
    },
    { ended: "failed", said: "a:1 refused" },
  ],
  ["that has done it", { status: { phase: "Succeeded" } }, { ended: "succeeded", said: "" }],
  [
    "that fits nowhere",
    { status: { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", message: "too small" }] } },
    { said: "too small" },
  ],
])("the state of a probe %s", (_, pod, outcome) => {
  expect(outcomeOf(pod)).toEqual(outcome);
});
