/**
 * Who stands where on the machine's one bridge. 198.18.0.0/15 is set apart for tests between networks (RFC 2544);
 * it is not private space, which the object store's guard against server-side request forgery refuses.
 */
export const network = {
  /** The machine's own end of the bridge. */
  bridge: "biplane0",
  /** The bridge has a namespace of its own: the machine's firewall never sees frames between the others. */
  switchNamespace: "biplane-switch",
  subnet: "198.18.0.0/24",
  prefix: 24,
  /** The machine itself, standing for the operator's end of PrivateLink. */
  host: "198.18.0.1",
  hosts: {
    region: { namespace: "biplane-region", address: "198.18.0.10" },
    customer: { namespace: "biplane-customer", address: "198.18.0.20" },
    cloud: { namespace: "biplane-cloud", address: "198.18.0.30" },
    edge: { namespace: "biplane-edge", address: "198.18.0.40" },
  },
  /** The edge's second address: TLS passthrough to the relay, standing for the relay's own load balancer. */
  relayFront: "198.18.0.41",
  /** The edge's third: where Cloudflare takes tunnels. It is one of Cloudflare's own, so that the kit's walls need no other. */
  tunnelEdge: "198.41.192.7",
  /** The cloud's second address: where the issuer of a given cluster is published, on whatever port it names. */
  issuerFront: "198.18.0.31",
} as const;

export type HostName = keyof typeof network.hosts;

/** Pod and Service ranges and the API server's address of each node; apart, so that no route is ambiguous. */
export const clusters = {
  region: { plane: "region", pods: "10.91.0.0/16", services: "10.92.0.0/16", dns: "198.18.0.10" },
  customer: { plane: "customer", pods: "10.93.0.0/16", services: "10.94.0.0/16", dns: "198.18.0.20" },
} as const;

export type Plane = keyof typeof clusters;

export const zone = "biplane.test";

/** Apps' hosts lie right below it. */
export const appsDomain = `apps.${zone}`;

/** Names that stand for public ones. Region and relay names are made by the stack's DNS records, not here. */
export const names = {
  /** One endpoint for every AWS service: objects, IAM, STS, EKS and the rest. */
  aws: `aws.${zone}`,
  /** One endpoint for every Google API, where the customer's plane stands in Google Cloud. */
  google: `google.${zone}`,
  /** One endpoint for every API of Azure's, each beneath its kind, where the customer's plane stands there. */
  azure: `azure.${zone}`,
  /** Cloudflare's API, for who keeps tunnels. */
  cloudflare: `cloudflare.${zone}`,
  database: `database.${zone}`,
  registry: `registry.${zone}`,
  login: `login.${zone}`,
  packages: `packages.${zone}`,
  /** As in production: the issuer of a cluster's service account tokens, published by the cloud. */
  oidc: (plane: Plane) => `oidc-${plane}.${zone}`,
  /** Of a cluster's Kubernetes API, as EKS names its endpoint. */
  api: (plane: Plane) => `api-${plane}.${zone}`,
} as const;

/** Accounts of the emulated cloud: the region's and one per customer. */
export const accounts = { region: "111111111111", customer: "222222222222" } as const;

/** The role whose session each request of an operator is, for the emulator. */
export const operatorName = "operator";
export const operatorRole = (account: string) => `arn:aws:iam::${account}:role/${operatorName}`;

/** Of ECR, as AWS names each account's. */
export const ecrHost = `${accounts.customer}.dkr.ecr.us-east-2.amazonaws.com`;

/** Where the stand-in for a customer's egress proxy listens, which has no way out and a few packages of its own. */
export const packagesPort = 3128;

/** NodePorts of the region's cluster that the edge forwards to. */
export const originPorts = { gateway: 30443, relay: 30444 } as const;

/** Where the edge takes connectors, as Cloudflare does, and where within it requests come that go down a tunnel. */
export const tunnelPorts = { connectors: 7844, front: 7845 } as const;

/** As `cloudflared` dials it. */
export const tunnelHost = "region1.v2.argotunnel.com";

/** Where the machine answers a given cluster's API server about new pods. */
export const webhookPorts = { region: 19443, customer: 19444 } as const;

export const awsRegion = "us-east-2";
/** Where a region's snapshots are copied to. */
export const copyRegion = "us-west-2";

/** The customer's project, where its plane stands in Google Cloud. */
export const google = {
  project: "acme-data",
  region: "europe-west4",
  /** Of Workload Identity. */
  pool: "acme-data.svc.id.goog",
  /** Owns the project. */
  operator: "user:operator@biplane.test",
} as const;

/** The customer's subscription, where its plane stands in Azure. */
export const azure = {
  subscription: "22222222-2222-4222-8222-222222222222",
  tenant: "33333333-3333-4333-8333-333333333333",
  region: "westeurope",
  /** Owns the subscription: name, and object id in Entra. */
  operator: { name: "operator@biplane.test", objectId: "44444444-4444-4444-8444-444444444444" },
} as const;

/** Where GKE's metadata server answers a node's pods: which pod asks, it knows by the address that asks. */
export const metadataServer = { address: "169.254.169.254", port: 80, name: "metadata.google.internal" } as const;
