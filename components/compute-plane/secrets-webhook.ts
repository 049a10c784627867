/** How the API server asks the secrets service about pods that ask for secrets: certificate and configuration. */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { createAuthority, signLeaf } from "../certificates/authority.ts";
import { secretAnnotations, secretsWebhookName } from "../secrets/names.ts";
import { createSecretFiles } from "../workloads/files.ts";
import { labelsOf, namespaceLabel } from "../workloads/labels.ts";
import type { Place } from "../workloads/place.ts";
import type { FileSource } from "../workloads/service-spec.ts";

const service = "secrets";

export interface WebhookCertificate {
  tls: FileSource;
  /** PEM of the authority that signed it, which signs nothing else. */
  authority: pulumi.Output<string>;
}

export function createWebhookCertificate(
  name: string,
  { namespace, parent }: Pick<Place, "namespace" | "parent">,
  /** The namespace as configured: a certificate's names must be known in a preview. */
  platform: string,
): WebhookCertificate {
  const authority = createAuthority(`${name}-webhook-ca`, `secrets webhook of ${platform}`, parent);
  const host = `${service}.${platform}.svc`;
  const leaf = signLeaf(
    `${name}-webhook`,
    { subject: { commonName: host }, dnsNames: [host, `${host}.cluster.local`], use: "server_auth" },
    authority,
    parent,
  );
  const content = { "tls.crt": leaf.certificate, "tls.key": leaf.key };
  const tls = createSecretFiles(name, { name: "secrets-webhook-tls", namespace, content, parent });
  return { tls, authority: authority.certificate.certPem };
}

export interface WebhookArgs {
  namespace: pulumi.Input<string>;
  /** Whose pods it is asked about, by name. */
  projectNamespaces: string[];
  authority: pulumi.Input<string>;
}

/** The API server gives up on it after so long, and the executor comes again. */
const timeoutSeconds = 10;

/**
 * Asked about new pods of the projects that ask for secrets, and about nothing else: while it is away other pods start,
 * those wait (`Fail`), and the platform's own namespace never depends on it. A pod that asks and was not given is refused
 * by the admission policy of pods, so that a lost configuration starts nothing without its secrets either.
 */
function renderWebhook({ namespace, projectNamespaces, authority }: WebhookArgs) {
  return {
    name: "secrets.biplane.dev",
    admissionReviewVersions: ["v1"],
    clientConfig: {
      service: { name: service, namespace, path: "/mutate", port: 443 },
      caBundle: pulumi.output(authority).apply((pem) => Buffer.from(pem).toString("base64")),
    },
    rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"], scope: "Namespaced" }],
    namespaceSelector: { matchExpressions: [{ key: namespaceLabel, operator: "In", values: projectNamespaces }] },
    matchConditions: [
      {
        name: "asks-for-secrets",
        expression: `"${secretAnnotations.asked}" in object.metadata.?annotations.orValue({})`,
      },
    ],
    failurePolicy: "Fail",
    sideEffects: "NoneOnDryRun",
    reinvocationPolicy: "Never",
    timeoutSeconds,
  };
}

/** @param opts its service must be there first, and go last */
export function createWebhook(
  name: string,
  args: WebhookArgs & { platform: string },
  opts: pulumi.CustomResourceOptions,
) {
  const metadata = { name: secretsWebhookName(args.platform), labels: labelsOf(service) };
  return new kubernetes.admissionregistration.v1.MutatingWebhookConfiguration(
    name,
    { metadata, webhooks: [renderWebhook(args)] },
    opts,
  );
}
