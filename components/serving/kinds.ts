/**
 * Knative's kinds. What may stand in their objects is checked by Knative's own webhook, which refuses every field that
 * it does not know; so the API server is told only that they are objects, in place of 6,800 lines of generated schema.
 * Source of names, versions and columns: knative.dev/serving v0.49.0, its networking and caching modules.
 */
import type { types } from "@pulumi/kubernetes";

type Definition = types.input.apiextensions.v1.CustomResourceDefinition & { metadata: { name: string } };
type Column = types.input.apiextensions.v1.CustomResourceColumnDefinition;

interface Kind {
  group: string;
  kind: string;
  plural: string;
  version?: string;
  short?: string[];
  /** @default Namespaced */
  scope?: "Cluster";
  columns?: Column[];
}

const serving = "serving.knative.dev";
const networking = "networking.internal.knative.dev";
const autoscaling = "autoscaling.internal.knative.dev";

const column = (name: string, jsonPath: string, type = "string"): Column => ({ name, type, jsonPath });
const condition = (field: "status" | "reason") => `.status.conditions[?(@.type=='Ready')].${field}`;
const ready = [column("Ready", condition("status")), column("Reason", condition("reason"))];
const url = column("URL", ".status.url");
const latest = [
  column("LatestCreated", ".status.latestCreatedRevisionName"),
  column("LatestReady", ".status.latestReadyRevisionName"),
];

const kinds: Kind[] = [
  {
    ...{ group: serving, kind: "Service", plural: "services", short: ["kservice", "ksvc"] },
    columns: [url, ...latest, ...ready],
  },
  {
    ...{ group: serving, kind: "Configuration", plural: "configurations", short: ["config", "cfg"] },
    columns: [...latest, ...ready],
  },
  {
    ...{ group: serving, kind: "Revision", plural: "revisions", short: ["rev"] },
    columns: [
      column("Config Name", String.raw`.metadata.labels['serving\.knative\.dev/configuration']`),
      ...ready,
      column("Actual Replicas", ".status.actualReplicas", "integer"),
      column("Desired Replicas", ".status.desiredReplicas", "integer"),
    ],
  },
  { group: serving, kind: "Route", plural: "routes", short: ["rt"], columns: [url, ...ready] },
  {
    ...{ group: serving, kind: "DomainMapping", plural: "domainmappings", version: "v1beta1", short: ["dm"] },
    columns: [url, ...ready],
  },
  { group: networking, kind: "Ingress", plural: "ingresses", short: ["kingress", "king"], columns: ready },
  { group: networking, kind: "Certificate", plural: "certificates", short: ["kcert"], columns: ready },
  { group: networking, kind: "ClusterDomainClaim", plural: "clusterdomainclaims", short: ["cdc"], scope: "Cluster" },
  {
    ...{ group: networking, kind: "ServerlessService", plural: "serverlessservices", short: ["sks"] },
    columns: [
      column("Mode", ".spec.mode"),
      column("Activators", ".spec.numActivators", "integer"),
      column("ServiceName", ".status.serviceName"),
      column("PrivateServiceName", ".status.privateServiceName"),
      ...ready,
    ],
  },
  {
    ...{ group: autoscaling, kind: "PodAutoscaler", plural: "podautoscalers", short: ["kpa", "pa"] },
    columns: [
      column("DesiredScale", ".status.desiredScale", "integer"),
      column("ActualScale", ".status.actualScale", "integer"),
      ...ready,
    ],
  },
  { group: autoscaling, kind: "Metric", plural: "metrics", columns: ready },
  { group: "caching.internal.knative.dev", kind: "Image", plural: "images", columns: [column("Image", ".spec.image")] },
];

/** Of one group: whose every kind its rights and webhooks name. */
export const kindsOf = (...groups: string[]) => kinds.filter(({ group }) => groups.includes(group));

export const groups = { serving, networking, autoscaling, caching: "caching.internal.knative.dev" } as const;

/** Kubernetes' own spelling of its extensions, which the SDK's types only know with underscores. */
type Loose = types.input.apiextensions.v1.JSONSchemaProps & { "x-kubernetes-preserve-unknown-fields": true };
const loose: Loose = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

export const servingKinds: Definition[] = kinds.map((one) => {
  const { group, kind, plural, short, scope = "Namespaced", columns = [] } = one;
  const version = one.version ?? (group === serving ? "v1" : "v1alpha1");
  return {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: {
        ...{ kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), categories: ["knative"] },
        ...(short ? { shortNames: short } : {}),
      },
      versions: [
        {
          ...{ name: version, served: true, storage: true, subresources: { status: {} } },
          schema: { openAPIV3Schema: { type: "object", properties: { spec: loose, status: loose } } },
          ...(columns.length > 0 ? { additionalPrinterColumns: columns } : {}),
        },
      ],
    },
  };
});
