/** The configuration of the local stacks: the same programs as production's, with this machine's endpoints. */
import { readFileSync } from "node:fs";
import { projectNamespace } from "../components/compute-plane/project-domain.ts";
import { buildNamespace } from "../components/image-builder/contract.ts";
import { shipperNamespace } from "../components/logs/contract.ts";
import { gatewayNamespace, type ServingImages, servingNamespace } from "../components/serving/contract.ts";
import { cloudflareApi } from "./cloud/cloudflare/config.ts";
import {
  accounts,
  appsDomain,
  awsRegion,
  clusters,
  copyRegion,
  ecrHost,
  names,
  network,
  operatorRole,
  type Plane,
  packagesPort,
  zone,
} from "./hosts.ts";
import type { Model } from "./model.ts";
import type { KeyPairFiles } from "./pki.ts";

export const local = {
  org: "acme",
  cluster: "acme-local",
  /** Another organisation, without a compute plane, so that anybody can try to cross the wall between the two. */
  stranger: "globex",
  project: "demo",
  domain: "development",
  /** Declared, and made once the region has them. The second one's namespace is for a stranger who was there first. */
  onDemand: [
    { project: "ondemand", domain: "development" },
    { project: "occupied", domain: "development" },
  ],
  endpoint: `${awsRegion}.${zone}`,
  relayHost: `relay.${awsRegion}.${zone}`,
  regionStack: `region-${awsRegion}`,
  customerBaseStack: "customer-acme-base",
  customerStack: "customer-acme",
} as const;

/** Namespaces that each stack makes; those of the services have the configuration's default names. */
export const localNamespaces: Record<Plane, string[]> = {
  region: ["union-cp"],
  customer: [
    "union",
    `${local.project}-${local.domain}`,
    // By the sync service, if at all.
    ...local.onDemand.map(projectNamespace),
    shipperNamespace,
    buildNamespace,
    servingNamespace,
    gatewayNamespace,
  ],
};

export interface Images {
  services: string;
  task: string;
  /** @default none: the part that ships logs is not built */
  logShipper?: string;
  /** @default none: the part that builds images is not built */
  buildkit?: string;
  /** @default none: the part that keeps measures of tasks is not built */
  metricsStore?: string;
  /** @default none: the part that serves apps is not built */
  apps?: ServingImages;
  /** With `apps`. */
  connector?: string;
}

/**
 * Who deploys, as the cloud knows it. The number of nodes stays as it is: one real node stands for all of them, and there
 * is no group to scale.
 */
const kubernetes = (account: keyof typeof accounts) => ({
  access: [{ name: "operator", principalArn: operatorRole(accounts[account]), access: "cluster-admin" }],
});

/** In each organisation, beside its administrator: one who works in one place, and one who looks everywhere. */
const applications = [
  { name: "contributor", role: "contributor", places: [{ project: local.project, domain: local.domain }] },
  { name: "viewer", role: "viewer" },
];

/** The region's application at the identity provider. */
export const regionClientId = "region";

/** The provider's group of who runs the region. */
export const staffGroup = "region-staff";

/** The provider's group of those who have this role in this organisation. */
export const groupOf = (org: string, role: string) => `${org}-${role}`;

const people = (org: string) => ["admin", "contributor", "viewer"].map((role) => ({ group: groupOf(org, role), role }));

const single = (address: string) => [`${address}/32`];

/** The customer's end of a PrivateLink, from its base's outputs. */
export interface LinkService {
  serviceName: string;
  apiHost: string;
}

export interface RegionSettings {
  images: Images;
  /** The authority whose certificate the edge shows to the origin. */
  originPull: KeyPairFiles;
  /** Addresses that answer the cluster's DNS. @default the node's own */
  dnsServers?: string[];
  /** BYOC: the service that the customer offers. @default none */
  link?: LinkService;
  /** The customer's cluster is reached by a tunnel for its apps. @default false */
  servesApps?: boolean;
}

/** `upstreamClientSecret` goes beside it as a secret, and `tunnelReconcilerToken` where apps are served. */
export function regionConfig({
  images,
  originPull,
  dnsServers = [clusters.region.dns],
  link,
  servesApps = false,
}: RegionSettings): Record<string, string> {
  return asConfig({
    shape: "region",
    region: awsRegion,
    endpoint: local.endpoint,
    relayHost: local.relayHost,
    kubernetes: kubernetes("region"),
    backups: { copyRegion },
    edge: {
      ...{ zoneId: zone, zoneName: zone, originPullCa: readFileSync(originPull.certificate, "utf8") },
      ...(servesApps ? { accountId: "local", cloudflareApi } : {}),
    },
    images: { services: images.services },
    tenants: [
      {
        org: local.org,
        cluster: local.cluster,
        egress: single(network.hosts.customer.address),
        ...(servesApps ? { appsDomain } : {}),
        applications,
        people: people(local.org),
      },
      { org: local.stranger, applications, people: people(local.stranger) },
    ],
    upstream: { issuer: `https://${names.login}`, clientId: regionClientId, staffGroup },
    ...(link ? { clusterLinks: [{ org: local.org, cluster: local.cluster, ...link }] } : {}),
    database: { addresses: single(network.hosts.cloud.address) },
    dnsServers: dnsServers.flatMap(single),
    replicas: 1,
    dataProtection: "off",
  });
}

/** The region's operator plays the vendor. */
const vendor = operatorRole(accounts.region);

const customer = {
  shape: "customer",
  org: local.org,
  cluster: local.cluster,
  region: awsRegion,
  dataProtection: "off",
};

/** @param acceptedEndpoints BYOC: the region's end of the PrivateLink. @default none */
export function customerBaseConfig(model: Model, acceptedEndpoints: string[] = []): Record<string, string> {
  return asConfig({
    ...customer,
    model,
    phase: "base",
    kubernetes: kubernetes("customer"),
    ...(model === "byoc"
      ? {
          management: { principals: [vendor], externalId: "4f6d2c1e-8a35-4b0e-9d57-acme-local" },
          privateLink: { principals: [vendor], acceptedEndpoints },
        }
      : {}),
  });
}

/**
 * Where TLS may leave the customer's own node to. An enforcing network does not take "everywhere" for the node's address
 * too, where its API server listens: so the narrow choice, which names it beside what stands for the cloud and the edge.
 */
export const ownEgress = {
  cloudflareRanges: true,
  endpoints: [network.hosts.customer.address, network.hosts.cloud.address].flatMap(single),
  region: [network.hosts.edge.address, network.relayFront].flatMap(single),
};

export interface CustomerSettings {
  model: Model;
  images: Images;
  /** Of a given cluster: addresses that answer its DNS. @default the node's own, with its egress */
  dnsServers?: string[];
}

/** `registrationToken` and `dataPlaneClientSecret` go beside it as secrets. */
export function customerConfig({ model, images, dnsServers }: CustomerSettings): Record<string, string> {
  // A given cluster's network and registry are not this machine's.
  const served = dnsServers ? undefined : images.apps;
  return asConfig({
    ...customer,
    model,
    phase: "workloads",
    // This machine is where PrivateLink would end: nftables lets it, and nobody else, reach the customer's API.
    link: model === "byoc" ? "private-link" : "inside",
    controlPlaneHost: local.endpoint,
    images: {
      ...{ services: images.services, task: images.task },
      ...(served && images.connector ? { connector: images.connector } : {}),
    },
    projects: [
      { project: local.project, domain: local.domain },
      ...local.onDemand.map((space) => ({ ...space, onDemand: true })),
    ],
    ...(images.logShipper ? { logs: { shipper: "telegraf", image: images.logShipper, retentionDays: 30 } } : {}),
    // A given cluster has no disk for it by this class.
    ...(images.metricsStore && !dnsServers ? { metricsStore: ownStore(images.metricsStore) } : {}),
    // A given cluster's nodes know this machine's registry by another name than ECR's.
    ...(images.buildkit && !dnsServers ? { imageBuilder: ownBuilder(images.buildkit) } : {}),
    ...(served ? { apps: ownApps(served) } : {}),
    ...(dnsServers ? {} : { egress: ownEgress }),
    dnsServers: (dnsServers ?? [clusters.customer.dns]).flatMap(single),
  });
}

/** Small: a folder of the node stands for the cloud's disk (node/disks.ts). */
function ownStore(image: string) {
  return { image, retentionDays: 2, sizeGiB: 1 };
}

/** Base images come from the registry of this machine, packages through a stand-in for a customer's own proxy. */
function ownBuilder(image: string) {
  const networks = single(network.hosts.cloud.address);
  return {
    image,
    approvedBases: [`${names.registry}/biplane`],
    tags: "{project}.{domain}.{name}-{version}",
    registries: networks,
    packages: { url: `http://${names.packages}:${packagesPort}`, networks },
  };
}

/** Knative asks no registry of this machine for a digest: it would by TLS, which they have none of. */
function ownApps(images: ServingImages) {
  return { domain: appsDomain, images, skipTagResolving: [names.registry, ecrHost], routesBy: "rest" };
}

/** @param values keys without their namespace. @returns as the engine is given them, nested values as JSON */
export function asConfig(values: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      `biplane:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}
