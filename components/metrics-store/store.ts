import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { createAuthority, type Leaf, signLeaf } from "../certificates/authority.ts";
import { createConfigFiles, createSecretFiles } from "../workloads/files.ts";
import { rbacGroup } from "../workloads/grant-plan.ts";
import { labelsOf, selectorOf } from "../workloads/labels.ts";
import { IsolatedNamespace } from "../workloads/namespace.ts";
import type { Surroundings } from "../workloads/network-policy.ts";
import type { FileSource } from "../workloads/service-spec.ts";
import {
  diskClass,
  type MetricsStoreSettings,
  readerName,
  storeHost,
  storeName,
  storeNamespace,
  storePort,
  storeRules,
} from "./contract.ts";
import { claimMetadata, renderDiskClaim, renderDiskClass, renderServer } from "./server.ts";
import { authorityName, renderSettings } from "./settings.ts";
import { renderReaderDoors, renderStoreWalls } from "./walls.ts";

export interface MetricsStoreArgs extends MetricsStoreSettings {
  org: string;
  /** Namespace of the platform's services, once it is there: the log provider is among them. */
  platform: pulumi.Input<string>;
  /** Its name. */
  platformName: string;
  /** Whose containers' measures are kept. */
  projectNamespaces: string[];
  around: Surroundings;
  /** On: the stack cannot destroy the disk. On when the disk was made: the disk outlives its claim. @default false */
  protect?: boolean;
  priority?: pulumi.Input<string>;
}

const quota = {
  pods: "2",
  "requests.cpu": "1",
  "requests.memory": "4Gi",
  "limits.cpu": "4",
  "limits.memory": "8Gi",
  persistentvolumeclaims: "1",
  "services.loadbalancers": "0",
  "services.nodeports": "0",
};
const defaults = { request: { cpu: "20m", memory: "64Mi" }, limit: { cpu: "500m", memory: "256Mi" } };

/**
 * Keeps what task containers use, in the customer's cluster, on a disk that rests under a key of the customer's. It is
 * asked by the log provider alone, which shows a certificate, and sends nothing to anybody. Proved by
 * `data-metrics-prometheus` and `enc-at-rest-metrics-store`.
 */
export class MetricsStore extends pulumi.ComponentResource {
  /** By which the log provider is let in, and knows the store: authority, certificate and key. */
  readonly reader: FileSource;

  constructor(name: string, args: MetricsStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:metrics-store:MetricsStore", name, {}, opts);
    const { org, platform, platformName, around, projectNamespaces, protect = false } = args;
    const { ready: namespace } = new IsolatedNamespace(
      name,
      {
        ...{ namespace: storeNamespace, labels: { "biplane.dev/org": org } },
        ...{ quota, defaults, dnsServers: around.dnsServers },
      },
      { parent: this },
    );
    const place = (object: string) => ({ name: object, namespace, labels: labelsOf(storeName) });

    const walls = new kubernetes.networking.v1.NetworkPolicy(
      `${name}-walls`,
      { metadata: place(storeName), spec: renderStoreWalls(platformName, around) },
      { parent: this },
    );
    new kubernetes.networking.v1.NetworkPolicy(
      `${name}-reader`,
      { metadata: { ...place(storeName), namespace: platform }, spec: renderReaderDoors() },
      { parent: this },
    );
    const binding = giveRights(name, namespace, place, this);
    const disk = createDisk(name, args, { place, protect, parent: this });
    const { server, reader } = createCertificates(name, this);
    const config = createConfigFiles(name, {
      ...{ name: "metrics-store", namespace, parent: this, content: renderSettings(projectNamespaces) },
    });
    const tls = createSecretFiles(`${name}-server`, {
      name: "metrics-store-tls",
      namespace,
      parent: this,
      content: server,
    });
    new kubernetes.core.v1.Service(
      name,
      {
        metadata: place(storeName),
        spec: {
          type: "ClusterIP",
          selector: selectorOf(storeName),
          ports: [{ name: "https", port: storePort, targetPort: "https", appProtocol: "https" }],
        },
      },
      { parent: this },
    );
    new kubernetes.apps.v1.StatefulSet(
      name,
      { metadata: place(storeName), spec: renderServer({ ...args, config, tls, claim: disk.metadata.name }) },
      { parent: this, dependsOn: [walls, binding] },
    );
    this.reader = createSecretFiles(`${name}-client`, {
      ...{ name: "metrics-store-reader", namespace: platform, parent: this, content: reader },
    });
    this.registerOutputs({});
  }
}

type Place = (object: string) => { name: string; namespace: pulumi.Output<string>; labels: Record<string, string> };

function giveRights(name: string, namespace: pulumi.Output<string>, place: Place, parent: pulumi.Resource) {
  const account = new kubernetes.core.v1.ServiceAccount(
    name,
    { metadata: place(storeName), automountServiceAccountToken: false },
    { parent },
  );
  const metadata = { name: storeName, labels: labelsOf(storeName) };
  const role = new kubernetes.rbac.v1.ClusterRole(name, { metadata, rules: storeRules }, { parent });
  return new kubernetes.rbac.v1.ClusterRoleBinding(
    name,
    {
      metadata,
      roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: account.metadata.name, namespace }],
    },
    { parent },
  );
}

function createDisk(
  name: string,
  { disk, sizeGiB }: MetricsStoreSettings,
  { place, protect, parent }: { place: Place; protect: boolean; parent: pulumi.Resource },
) {
  const made = new kubernetes.storage.v1.StorageClass(
    name,
    { metadata: { name: diskClass, labels: labelsOf(storeName) }, ...renderDiskClass({ disk, keep: protect }) },
    // It cannot change in place, and a new class would take the claim, and with it the disk, along.
    { parent, ignoreChanges: ["reclaimPolicy"] },
  );
  const { annotations, name: claim } = claimMetadata;
  return new kubernetes.core.v1.PersistentVolumeClaim(
    name,
    { metadata: { ...place(claim), annotations }, spec: renderDiskClaim(made.metadata.name, sizeGiB) },
    { parent, protect },
  );
}

/** Each end knows the other by an authority that signs nothing else: no pod but the log provider is answered. */
function createCertificates(name: string, parent: pulumi.Resource) {
  const authority = createAuthority(`${name}-ca`, authorityName, parent);
  const signed = (end: string, leaf: Leaf) => {
    const { certificate, key } = signLeaf(`${name}-${end}`, leaf, authority, parent);
    return { "ca.crt": authority.certificate.certPem, "tls.crt": certificate, "tls.key": key };
  };
  return {
    server: signed("server", { subject: { commonName: storeName }, dnsNames: [storeHost], use: "server_auth" }),
    reader: signed("reader", { subject: { commonName: readerName }, use: "client_auth" }),
  };
}
