/** Knative's admission webhooks as data. Its program writes in by itself which authority it is known by. */
import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { groups, kindsOf } from "./kinds.ts";
import { webhookConfigurations } from "./rights.ts";

type Mutating = types.input.admissionregistration.v1.MutatingWebhookConfiguration;
type Validating = types.input.admissionregistration.v1.ValidatingWebhookConfiguration;
type Named<Configuration> = Configuration & { metadata: { name: string } };

const guarded = [groups.autoscaling, groups.networking, groups.serving];
/** Knative's webhook knows no claim of domains. */
const resources = [
  ...kindsOf(...guarded)
    .map(({ plural }) => plural)
    .filter((plural) => plural !== "clusterdomainclaims"),
  "domainmappings/status",
];
const labels = (component: string) => ({
  "app.kubernetes.io/name": "knative-serving",
  "app.kubernetes.io/component": component,
});

export function renderWebhooks(namespace: Input<string>): {
  mutating: Named<Mutating>[];
  validating: Named<Validating>[];
} {
  const { defaulting, validation, configuration } = webhookConfigurations;
  const common = (name: string) => ({
    ...{ name, failurePolicy: "Fail", sideEffects: "None", timeoutSeconds: 10, admissionReviewVersions: ["v1"] },
    clientConfig: { service: { name: "webhook", namespace } },
  });
  const rules = (...operations: string[]) => [
    { apiGroups: guarded, apiVersions: ["*"], operations, resources, scope: "*" },
  ];
  const metadata = (name: string) => ({ name, labels: labels("webhook") });
  return {
    mutating: [
      {
        metadata: metadata(defaulting),
        webhooks: [{ ...common(defaulting), rules: rules("CREATE", "UPDATE") }],
      },
    ],
    validating: [
      {
        metadata: metadata(validation),
        webhooks: [{ ...common(validation), rules: rules("CREATE", "UPDATE", "DELETE") }],
      },
      {
        metadata: metadata(configuration),
        webhooks: [
          {
            ...common(configuration),
            objectSelector: {
              matchExpressions: [
                { key: "app.kubernetes.io/name", operator: "In", values: ["knative-serving"] },
                {
                  ...{ key: "app.kubernetes.io/component", operator: "In" },
                  values: ["autoscaler", "controller", "logging", "networking", "observability"],
                },
              ],
            },
          },
        ],
      },
    ],
  };
}
